"""Test the console in a real browser, over a real ClickHouse: what staff would see."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from streams.settings import read_settings
from streams.store import connect
from tests.components import running
from tests.streams.queries.rows import columns, empty_tables, event, make_tables, moment

pytestmark = pytest.mark.live
WAIT_MS = 60_000


@pytest.fixture(scope="module")
def console(clickhouse: tuple[str, int]) -> Iterator[str]:
    """Run the console over a store with one case; give its address."""
    migrator, sink = connect("migrator"), connect("sink")
    make_tables(migrator)
    empty_tables(migrator)
    sink.insert("grid_case", columns([event("grid-case", 1, moment(60), due_at=moment(30))]))
    settings = read_settings()
    with running("console"):
        yield f"http://{settings.host}:{settings.port('console')}"
    empty_tables(migrator)
    for one in (migrator, sink):
        one.close()


def test_a_deep_link_opens_its_page_on_a_fresh_server(browser: Browser, console: str) -> None:
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    page.goto(f"{console}/dead-letters?lang=en")
    expect(page.locator("h1")).to_have_text("Dead letters", timeout=WAIT_MS)
    links = page.locator("[data-testid=stSidebarNavLink]").all_inner_texts()
    assert {"Cases", "Calls", "Alerts", "Areas", "Catalogue"} <= set(links)
    page.context.close()


def test_cases_are_listed_in_both_languages_without_another_machine(
        browser: Browser, console: str) -> None:
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    foreign: list[str] = []
    page.on("request", lambda one: foreign.append(one.url) if not one.url.startswith(
        (console, console.replace("http", "ws"), "data:", "blob:")) else None)
    page.goto(console)
    expect(page.locator("h1")).to_have_text("案件", timeout=WAIT_MS)
    expect(page.get_by_text("共1条", exact=False).first).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Cases", timeout=WAIT_MS)
    assert "lang=en" in page.url
    assert foreign == []
    page.context.close()
