"""Give the tests of pages a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

# as on a machine without a graphics card, where no page may need one
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-3d-apis"]


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Give playwright."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Run the system's chromium, or playwright's own where there is none."""
    found = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
    yield found
    found.close()
