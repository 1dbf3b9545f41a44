"""Give the tests of pages a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

GL = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def launch(playwright: Playwright, *more: str) -> Browser:
    """Start the system's chromium, or playwright's own where there is none."""
    return playwright.chromium.launch(executable_path=shutil.which("chromium"),
                                      args=[*GL, *more])


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Give playwright."""
    with sync_playwright() as found:
        yield found


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Run a browser."""
    found = launch(playwright)
    yield found
    found.close()
