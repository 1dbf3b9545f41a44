"""Test the console in a real browser, over a real ClickHouse: what staff would see."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from streams.secrets import get_password
from streams.settings import read_settings
from streams.staff import COOKIE, Role, add_staff, remove_staff
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


def enter(page: Page, address: str, name: str = "admin", password: str = "") -> None:
    """Open an address and sign in on the way."""
    page.goto(address)
    page.locator("input[name=name]").fill(name)
    page.locator("input[name=password]").fill(password or get_password("console", "admin"))
    page.locator("button").click()


def test_a_deep_link_opens_its_page_on_a_fresh_server(browser: Browser, console: str) -> None:
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    enter(page, f"{console}/dead-letters?lang=en")
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
    enter(page, console)
    expect(page.locator("h1")).to_have_text("案件", timeout=WAIT_MS)
    expect(page.get_by_text("共1条", exact=False).first).to_be_visible(timeout=WAIT_MS)
    page.get_by_role("button", name="English").click()
    expect(page.locator("h1")).to_have_text("Cases", timeout=WAIT_MS)
    assert "lang=en" in page.url
    assert foreign == []
    page.context.close()


@pytest.mark.parametrize("path", ["/", "/cases", "/_stcore/host-config", "/dead-letters?lang=en"])
def test_nothing_is_served_without_a_session(console: str, path: str) -> None:
    plain = httpx.get(console + path)
    assert (plain.status_code, plain.text) == (401, "sign in at /login first\n")
    browsed = httpx.get(console + path, headers={"accept": "text/html"}, cookies={COOKIE: "x.y.z"})
    assert browsed.status_code == 303
    assert browsed.headers["location"].startswith("/login?")


def test_a_socket_without_a_session_is_refused(console: str) -> None:
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}
    assert httpx.get(f"{console}/_stcore/stream", headers=headers).status_code == 403


@pytest.mark.parametrize(("wanted", "given"), [
    ("/cases?lang=en", "/cases?lang=en"), ("https://elsewhere.example/", "/"),
    ("//elsewhere.example", "/"), ("/\\elsewhere.example", "/")])
def test_a_login_leads_only_to_this_server(console: str, wanted: str, given: str) -> None:
    answer = httpx.post(f"{console}/login", params={"next": wanted}, data={
        "name": "admin", "password": get_password("console", "admin")})
    assert (answer.status_code, answer.headers["location"]) == (303, given)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie


def test_failed_logins_are_delayed_and_told(console: str) -> None:
    answers = [httpx.post(f"{console}/login?lang=en", data={"name": "guessed", "password": "x"})
               for _ in range(6)]
    assert [one.status_code for one in answers[:4]] == [401] * 4
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) >= 1
    assert "Too many failed attempts" in answers[-1].text


@pytest.mark.parametrize(("content", "headers"), [
    (b"x" * 100_000, {}), (b"name=a", {"origin": "https://elsewhere.example"}),
    (b"\xff\xfe", {"content-type": "multipart/form-data"}), (b"", {})])
def test_what_is_no_login_form_is_refused(
        console: str, content: bytes, headers: dict[str, str]) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = httpx.post(f"{console}/login", content=content, headers={**kind, **headers})
    assert answer.status_code in (400, 401, 429)


def test_a_viewer_of_one_county_gets_results_only_until_signed_out(
        browser: Browser, console: str) -> None:
    add_staff("wang", "a long enough password", Role.VIEWER, "370102")
    page = browser.new_page(viewport={"width": 1600, "height": 1000})
    try:
        enter(page, f"{console}/cases?lang=en", "wang", "a long enough password")
        expect(page.get_by_text("not for your role")).to_be_visible(timeout=WAIT_MS)
        page.goto(f"{console}/?lang=en")
        expect(page.locator("h1")).to_have_text("Areas", timeout=WAIT_MS)
        links = set(page.locator("[data-testid=stSidebarNavLink]").all_inner_texts())
        assert {"Areas", "Catalogue"} <= links
        assert links.isdisjoint({"Cases", "Calls", "Services", "Dead letters", "Publishers"})
        out = page.get_by_role("link", name="Sign out")
        box = out.bounding_box()
        assert box is not None and box["y"] < 150 and box["x"] > 800  # at the top right
        out.click()
        expect(page.locator("input[name=password]")).to_be_visible(timeout=WAIT_MS)
        page.goto(f"{console}/areas")
        expect(page.locator("input[name=password]")).to_be_visible(timeout=WAIT_MS)
    finally:
        remove_staff("wang")
        page.context.close()
