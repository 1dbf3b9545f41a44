"""Test wall and console over TLS in a real browser: pages, sockets and the session's cookie."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from playwright.sync_api import Browser, Page, expect

from streams.staff import COOKIE
from tests.tls import environment_of, served, write

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
WAIT_MS = 120_000


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory, stack_home: Path) -> dict[str, str]:
    """Give the environment of a city that speaks TLS; its store does not run."""
    authority, folder = trustme.CA(), tmp_path_factory.mktemp("tls")
    write(folder, authority, authority.issue_cert("127.0.0.1"))
    return environment_of(tmp_path_factory.mktemp("secured"), folder, stack_home)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Give a page of a browser that does not know the test's authority."""
    context = browser.new_context(ignore_https_errors=True,
                                  viewport={"width": 1920, "height": 1080})
    page = context.new_page()
    page.set_default_timeout(WAIT_MS)
    yield page
    context.close()


def note_sockets(page: Page) -> list[str]:
    """Collect the addresses of the sockets that a page opens."""
    opened: list[str] = []
    page.on("websocket", lambda one: opened.append(one.url))
    return opened


def test_the_wall_lives_over_tls(page: Page, secured: dict[str, str]) -> None:
    opened = note_sockets(page)
    with served("wall", "wall", secured) as address:
        page.goto(address)
        expect(page.get_by_text("济南城市大脑").first).to_be_visible(timeout=WAIT_MS)
    assert opened and all(one.startswith("wss://") for one in opened)


def test_the_console_gives_a_session_for_tls_only(page: Page, secured: dict[str, str]) -> None:
    opened = note_sockets(page)
    with served("console", "console", secured) as address:
        page.goto(f"{address}/areas?lang=en")
        kept = json.loads((Path(secured["CITYBRAIN_HOME"]) / "secrets" / "passwords.json"
                           ).read_text())
        page.locator("input[name=name]").fill("admin")
        page.locator("input[name=password]").fill(kept["console:admin"])
        page.locator("button").click()
        expect(page.locator("h1")).to_have_text("Areas", timeout=WAIT_MS)
        assert page.url.startswith(f"{address}/areas")
        session = next(one for one in page.context.cookies() if one["name"] == COOKIE)
    assert session["secure"] is True and session["httpOnly"] is True
    assert opened and all(one.startswith("wss://") for one in opened)
