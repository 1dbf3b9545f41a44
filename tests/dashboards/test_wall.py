"""Test the wall in a real browser, fed by a real ClickHouse: what a guest would see."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, Page

from schemas.declare import Family
from schemas.render import clickhouse as ddl
from streams.settings import read_settings
from streams.store import Store, connect
from tests.components import CHECKOUT, running
from tests.streams.queries.rows import (
    columns,
    empty_tables,
    event,
    make_tables,
    minute,
    moment,
    result,
)

pytestmark = pytest.mark.live
WAIT_MS = 60_000
BUOY = '''"""Declare ocean buoys."""
from schemas.declare import Event, decimal, text


class TestBuoy(Event, chinese="试验浮标", domain="environment", owner="sea", personal="none"):
    """One reading of one buoy."""

    buoy_id = text("Buoy", "浮标", key=True, example="b1")
    wave = decimal("Wave height", "波高", unit="m", ge=0, le=30, decimals=2, example=1.2)
'''


def _fill(sink: Store) -> None:
    """Write a city of which governance is out of date and everything else is fresh."""
    fresh = ("vehicle-position", "traffic-flow", "parking-occupancy", "hotline-call",
             "service-item", "environment-reading")
    times = dict.fromkeys(fresh, moment(-45)) | {"grid-case": moment(7200)}
    rows = [{"source": "s", "family": family, "observed_at": at, "events": 1, "version": 1,
             "computed_at": moment()} for family, at in times.items()]
    sink.insert("publisher_progress", columns(rows))
    sink.insert("city_pulse", columns([result(
        "city-pulse", minute(ago), area="3701", speed_samples=9, speed_sum=9 * 4213,
        items=10, items_online=9, cases_reported=3, calls=4) for ago in range(30)]))
    sink.insert("alert", columns([event("alert", 1, moment(60), title_zh="经十路缓行",
                                        title_en="Jingshi Road slow", place="jingshi-road")]))
    sink.insert("grid_case", columns([event("grid-case", 1, moment(60), due_at=moment(30))]))
    sink.insert("ledger", columns([{
        "raw_topic": "raw-a", "minute": minute(ago), "received": 60_000, "counted": 60_000,
        "late": 0, "refused": 0, "duplicates": 0, "in_flight": 0, "residual": 0,
        "computed_at": moment()} for ago in range(5)]))


@pytest.fixture(scope="module")
def store(clickhouse: tuple[str, int]) -> Iterator[Store]:
    """Give the account that makes tables, over an empty store with all tables."""
    migrator = connect("migrator")
    make_tables(migrator)
    empty_tables(migrator)
    sink = connect("sink")
    _fill(sink)
    sink.close()
    yield migrator
    empty_tables(migrator)
    migrator.close()


@contextmanager
def _serving(schemas: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the wall with a folder of added declarations."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CITYBRAIN_SCHEMAS", str(schemas))
        with running("wall") as process:
            yield process


@pytest.fixture(scope="module")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an empty folder for added declarations."""
    return tmp_path_factory.mktemp("schemas")


@pytest.fixture(scope="module")
def wall(store: Store, schemas: Path) -> Iterator[str]:
    """Run the wall; give its address."""
    settings = read_settings()
    with _serving(schemas):
        yield f"http://{settings.host}:{settings.port('wall')}"


@pytest.fixture(autouse=True)
def _closing(browser: Browser) -> Iterator[None]:
    """Close every page after its test, or drawing them would slow down the next."""
    yield
    for context in browser.contexts:
        context.close()


def _open(browser: Browser, address: str, width: int = 1920, height: int = 1080) -> Page:
    """Open the wall and wait for its second update."""
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(address)
    _wait_frames(page, 2)
    return page


def _frames(page: Page) -> int:
    """Count the updates that the wall has shown."""
    return int(page.locator(".city-wall").get_attribute("data-frames") or 0)


def _wait_frames(page: Page, count: int) -> None:
    """Wait until the wall has shown so many updates."""
    page.wait_for_function(
        "n => Number(document.querySelector('.city-wall')?.dataset.frames ?? 0) >= n",
        arg=count, timeout=WAIT_MS)


def _texts(page: Page, foreign: str) -> list[str]:
    """List the texts on the page, without those marked as of the other language."""
    found: list[str] = page.evaluate("""foreign => {
      const walker = document.createTreeWalker(document.querySelector('.city-wall'), 4)
      const texts = []
      while (walker.nextNode()) {
        const node = walker.currentNode
        if (!node.parentElement.closest(foreign)) texts.push(node.textContent)
      }
      return texts.filter((one) => one.trim())
    }""", foreign)
    return found


def test_it_draws_without_the_outside_world(browser: Browser, wall: str) -> None:
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    page.on("response", lambda answer: wrong.append(answer.url) if answer.status >= 400 else None)
    page.goto(wall)
    page.locator(".city-wall .map .roads").wait_for(timeout=WAIT_MS)
    _wait_frames(page, 3)
    port = wall.rsplit(":", 1)[1]
    assert [url for url in asked if f"127.0.0.1:{port}" not in url
            and not url.startswith(("data:", "blob:"))] == []
    assert wrong == []
    assert page.locator("[data-tile=traffic] .head .value").inner_text() == "42.1"
    assert page.locator("[data-tile=service] .head .value").inner_text() == "90.0"
    assert "经十路缓行" in page.locator("[data-tile=alerts]").inner_text()
    assert page.locator(".city-wall .pin").count() == 1


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160), (5760, 1080)])
def test_nothing_scrolls_or_sticks_out(browser: Browser, wall: str, width: int,
                                       height: int) -> None:
    page = _open(browser, wall, width, height)
    assert page.evaluate("[document.documentElement.scrollWidth, "
                         "document.documentElement.scrollHeight]") == [width, height]
    beyond = page.evaluate("""() => [...document.querySelectorAll(
      '.city-wall .panel, .city-wall .value, .city-wall .label, .city-wall h1, .city-wall .time')]
      .filter((node) => { const box = node.getBoundingClientRect()
        const around = node.parentElement.closest('.panel')
        const panel = around ? around.getBoundingClientRect()
          : { left: 0, right: innerWidth, bottom: innerHeight }
        return box.left < panel.left - 1 || box.right > panel.right + 1 ||
          box.bottom > panel.bottom + 1 })
      .map((node) => node.className + ': ' + node.textContent)""")
    assert beyond == []


def test_headlines_are_large_enough_for_ten_metres(browser: Browser, wall: str) -> None:
    page = _open(browser, wall)
    size = page.locator("[data-tile=traffic] .head .value").evaluate(
        "node => parseFloat(getComputedStyle(node).fontSize)")
    assert size * 0.65 >= 60  # a digit of Source Sans is 0.65 of its type size high


def test_updates_keep_the_canvas_and_every_tile(browser: Browser, wall: str) -> None:
    page = _open(browser, wall)
    page.locator(".city-wall .map .roads").wait_for()
    page.evaluate("document.querySelectorAll('.city-wall canvas, .city-wall [data-tile]')"
                  ".forEach((node) => { node.mine = true })")
    before = _frames(page)
    _wait_frames(page, before + 2)
    assert page.evaluate("[...document.querySelectorAll('.city-wall canvas, "
                         ".city-wall [data-tile]')].every((node) => node.mine)")


@pytest.mark.parametrize(("language", "reason"), [
    ("zh", r"小时无新数据\(时限15分钟\)"), ("en", r"No new data for \d+ \w+ \(limit 15 min\)")])
def test_old_data_is_grey_and_says_why(browser: Browser, wall: str, language: str,
                                       reason: str) -> None:
    page = _open(browser, f"{wall}/?lang={language}")
    tile = page.locator("[data-tile=governance]")
    assert "stale" in (tile.get_attribute("class") or "")
    assert re.search(reason, tile.locator(".note").inner_text())
    assert "stale" not in (page.locator("[data-tile=hotline]").get_attribute("class") or "")
    assert page.locator(".city-wall .state").get_attribute("data-level") == "amber"


def test_chinese_is_chinese(browser: Browser, wall: str) -> None:
    page = _open(browser, wall)
    assert page.locator("h1").inner_text() == "济南城市大脑"
    allowed = r"km/h|µg/m³|PM2\.5|P99"
    left = [one for one in _texts(page, "[lang=en]")
            if re.search(r"[A-Za-z]", re.sub(allowed, "", one))]
    assert left == []


def test_english_is_english_but_for_what_people_wrote(browser: Browser, wall: str) -> None:
    page = _open(browser, f"{wall}/?lang=en")
    assert page.title() == "Jinan City Brain"
    left = [one for one in _texts(page, "[lang=zh-CN], .what")
            if re.search(r"[\u4e00-\u9fff]", one)]
    assert left == []


COVERED = """(sheet) => {
  const canvas = document.querySelector(`.city-wall .map .${sheet}`)
  const { width, height } = canvas
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
  return data.filter((value, i) => i % 4 === 3 && value > 0).length / width / height }"""


def test_the_map_is_drawn_without_a_graphics_card(browser: Browser, wall: str) -> None:
    page = _open(browser, wall)
    page.wait_for_function(f"({COVERED})('roads') > 0", timeout=WAIT_MS)
    assert page.evaluate(COVERED, "ground") > 0.5
    assert 0.01 < page.evaluate(COVERED, "roads") < 0.5


def _declare(folder: Path) -> Family:
    """Drop a declaration into the folder; give the family without registering it here."""
    (folder / "sea.py").write_text(BUOY, encoding="utf-8")
    module = ModuleType("sea")
    exec(compile(BUOY, "sea.py", "exec"), vars(module))  # noqa: S102 (our own text above)
    family: Family = module.TestBuoy.family
    return family


def test_a_new_family_gets_a_tile_by_itself(browser: Browser, wall: str, store: Store,
                                            schemas: Path) -> None:
    page = _open(browser, wall)
    family = _declare(schemas)
    store.execute(ddl.event_table(family))
    store.execute(ddl.event_view(family))
    at = moment(2)
    envelope: dict[str, Any] = {
        "source": "sea", "observed_at": at, "received_at": at, "computed_at": at, "area": "",
        "raw_topic": "raw-sea--test-buoy", "raw_partition": 0}
    store.insert(family.table, columns([
        envelope | {"id": str(n), "raw_offset": n, "buoy_id": "b1", "wave": 1.0 + n}
        for n in range(3)]))
    tile = page.locator("[data-tile=unplanned-test-buoy]")
    tile.locator(".mean").first.wait_for(timeout=WAIT_MS)
    assert tile.locator("h2").inner_text() == "试验浮标"
    assert tile.locator(".head .value").inner_text() == "3"
    assert tile.locator(".means").inner_text().split() == ["浮标", "波高", "m", "b1", "2.0"]


def test_a_ledger_that_does_not_close_is_red(browser: Browser, wall: str, store: Store) -> None:
    store.insert("ledger", columns([{
        "raw_topic": "raw-b", "minute": minute(3), "received": 5, "counted": 4, "late": 0,
        "refused": 0, "duplicates": 0, "in_flight": 0, "residual": 1, "computed_at": moment()}]))
    page = _open(browser, wall)
    page.locator("[data-tile=operations] .wrong .value").wait_for(timeout=WAIT_MS)
    assert page.locator("[data-tile=operations] .wrong .value").inner_text() == "1"
    assert page.locator(".city-wall .state-word").inner_text() == "台账不平"
    told = page.locator("[data-tile=operations] .balance.wrong")
    assert "".join(told.inner_text().split()) == "b接收5=计入4+迟到0+拒收0+重复0+在途0·台账差额1"


def _second_wall(port: int) -> subprocess.Popen[bytes]:
    """Start a wall at another port."""
    return subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "dashboards/wall.py", "--server.port",
         str(port), "--server.address", read_settings().host, "--server.headless", "true"],
        cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _goto(page: Page, address: str) -> None:
    """Open an address as soon as its server answers."""
    for _ in range(60):
        try:
            page.goto(address)
            return
        except Error:
            page.wait_for_timeout(500)
    page.goto(address)


def test_a_dead_server_shows_and_a_new_one_is_found(browser: Browser, store: Store) -> None:
    page = browser.new_page(viewport={"width": 1920, "height": 1080})
    settings = read_settings()
    other = settings.port("console")  # nobody listens there now: a second wall, which may die
    first = _second_wall(other)
    try:
        _goto(page, f"http://{settings.host}:{other}")
        page.locator(".city-wall .map .roads").wait_for(timeout=WAIT_MS)
        page.evaluate("document.querySelector('.city-wall .map .roads').mine = true")
    finally:
        first.kill()
        first.wait()
    page.wait_for_function(
        "document.querySelectorAll('.city-wall .panel:not(.stale)').length === 0",
        timeout=WAIT_MS)
    assert page.locator(".city-wall .state-word").inner_text() == "连接中断"
    assert not page.locator("[role=dialog]").is_visible()
    seen = _frames(page)
    second = _second_wall(other)
    try:
        _wait_frames(page, seen + 2)
        assert page.evaluate("document.querySelector('.city-wall .map .roads').mine")
    finally:
        second.kill()
        second.wait()
