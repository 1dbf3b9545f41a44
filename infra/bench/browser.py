"""Look at pages with a real browser, headless: the system's Chromium, drawing in software."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Error, Page, sync_playwright

from infra.orphans import mark
from schemas.errors import ComponentError

# as on a machine without a graphics card
FLAGS = ["--no-sandbox", "--disable-gpu"]


@contextmanager
def open_page(width: int, height: int, script: str = "") -> Iterator[Page]:
    """Give an empty page of so many pixels; a script given runs in it before any other.

    What goes wrong with the browser within the block is a ComponentError.
    """
    os.environ.update(mark())  # a browser that is left behind is known by it
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=FLAGS, handle_sigint=False,
            handle_sigterm=False, handle_sighup=False)
        page = browser.new_page(viewport={"width": width, "height": height})
        if script:
            page.add_init_script(script)
        try:
            yield page
        except Error as error:
            raise ComponentError(str(error)) from error
        browser.close()
