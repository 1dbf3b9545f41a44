"""Drive the whole road, from a publisher to the store, on the real components."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from streamlit.testing.v1 import AppTest

from dashboards.map.frame import compose_frame, read_parts
from dashboards.views import session
from jobs.cluster import Cluster
from schemas import registry
from streams.agents.rules import to_rule
from streams.commands import put_rules, remove_rule
from streams.ledger import Ledger, Row
from streams.publisher import Publisher
from streams.settings import read_settings
from streams.staff import ensure_first, list_staff, start_session
from streams.store import Store, connect
from tests.components import CHECKOUT, running

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
PATIENCE_SECONDS = 240.0
LEVELS = (2, 4, 6, 9, 12, 15)

BUOY = CHECKOUT / "infra" / "examples" / "ocean_buoy.py"


@pytest.fixture(scope="module")
def store(road: Path) -> Store:
    """Give the reader's view of the store behind the running road."""
    return connect("reader")


def eventually(check: Callable[[], Any], what: str) -> Any:
    """Wait until a check gives something true."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        found = check()
        if found:
            return found
        time.sleep(0.5)
    raise AssertionError(f"{what} did not come about within {PATIENCE_SECONDS:g} s")


def position(i: int, rng: random.Random) -> dict[str, Any]:
    """Make a vehicle position near the middle of Jinan, one in ten outside every area."""
    lon = rng.uniform(116.95, 117.08) if i % 10 else rng.uniform(-30, -29)
    return {"vehicle_id": f"鲁A{i % 300:05d}", "longitude": round(lon, 6),
            "latitude": round(rng.uniform(36.62, 36.70), 6), "speed": round(rng.uniform(0, 80), 2),
            "road_id": f"test-road-{i % 7}"}


def test_each_event_is_counted_once_and_areas_add_up(road: Path, store: Store) -> None:
    rng, run = random.Random(7), f"run-{time.time_ns()}"
    wrong = [b"{", b'{"vehicle_id": "x"}', b"\xff", json.dumps(
        {**position(1, rng), "speed": 900}).encode()]
    sent = Counter[str]()
    start = time.time_ns() // 1_000_000
    with Publisher("city-traffic", verify=False) as publisher:
        for i in range(5_000):
            event = position(i, rng)
            for copy in range(2 if i % 50 == 0 else 1):
                publisher.send("vehicle-position", event, event_id=f"{run}-{i}")
                sent["duplicates" if copy else "counted"] += 1
            if i % 100 == 0:
                publisher.send_raw("vehicle-position", wrong[i // 100 % 4], key=str(i))
                sent["refused"] += 1
            if i % 250 == 0:
                publisher.send("vehicle-position", position(i, rng), event_id=f"{run}-late-{i}",
                               observed_at_ms=start - 3_600_000)
                sent["late"] += 1

    topic = "raw-city-traffic--vehicle-position"

    def totals() -> Counter[str] | None:
        rows = [row for row in Ledger().count(10, time.time_ns() // 1_000_000)
                if row.raw_topic == topic]
        found = Counter[str]()
        for row in rows:
            for term in ("counted", "duplicates", "refused", "late", "in_flight"):
                found[term] += getattr(row, term)
        done = not found["in_flight"] and not any(row.residual for row in rows)
        return found if done and found["counted"] >= sent["counted"] else None

    found = eventually(totals, "the ledger's closing")
    assert {term: found[term] for term in sent} == dict(sent)
    reasons = {row["reason"] for row in store.query(
        "SELECT DISTINCT reason FROM city.dead_letters WHERE source = 'city-traffic'")}
    assert {"not-json", "missing-field", "above-maximum", "too-late"} <= reasons
    events = eventually(lambda: roll_up(store, start, sent["counted"]), "the roll-up")
    assert events[""] == sent["counted"] // 10


def roll_up(store: Store, start: int, counted: int) -> dict[str, int] | None:
    """Give events by area when all are in, each area being the sum of its parts at each level.

    `start` (epoch ms) keeps out what recordings brought of other years.
    """
    rows = store.query(
        "SELECT area, sum(events) AS events, sum(speed_sum) AS speeds FROM city.area_traffic"
        " WHERE window_seconds = 60 AND window_start >= %(start)s GROUP BY area",
        {"start": start // 60_000 * 60})
    events = {row["area"]: row["events"] for row in rows}
    if events.get("", 0) + events.get("37", 0) != counted:
        return None
    for key in ("events", "speeds"):
        value = {row["area"]: row[key] for row in rows}
        for upper, lower in pairwise(LEVELS):
            for area in [one for one in value if len(one) == upper]:
                parts = sum(v for one, v in value.items()
                            if len(one) == lower and one.startswith(area))
                assert value[area] == parts, (key, area)
    return events


def test_windows_become_final_with_versions_that_only_grow(road: Path, store: Store) -> None:
    rows = eventually(lambda: store.query(
        "SELECT status, version, events FROM city.road_state WHERE road_id LIKE 'test-road-%%'"
        " AND window_seconds = 60 AND status = 'final'"), "a final window")
    assert all(row["version"] % (1 << 40) == row["events"] for row in rows)


def test_an_alert_is_raised_by_a_rule_and_cleared_with_it(road: Path, store: Store) -> None:
    rule = to_rule({
        "id": "crawling-test-road", "title_en": "Crawling", "title_zh": "缓慢",
        "result": "road-state", "window_seconds": 60, "value": "mean_speed",
        "comparison": "below", "threshold": 10, "clear_threshold": 20, "severity": "yellow"})
    with running("alerts"), Publisher("city-traffic") as publisher:
        put_rules([rule])
        for i in range(20):
            publisher.send("vehicle-position", {
                **position(1, random.Random(i)), "speed": 3.0, "road_id": "crawling-road"})
        publisher.flush()
        query = ("SELECT state, duration_seconds FROM city.alert WHERE rule_id ="
                 " 'crawling-test-road' AND place = 'crawling-road' AND state = '{}'")
        eventually(lambda: store.query(query.format("raised")), "the raised alert")
        remove_rule(rule.id)
        cleared = eventually(lambda: store.query(query.format("cleared")), "the cleared alert")
    assert cleared[0]["duration_seconds"] >= 0


def test_a_family_joins_the_running_city_by_one_file(road: Path, store: Store) -> None:
    cluster = Cluster()
    before = [job["jid"] for job in cluster.list_jobs()]
    with running("feed"):
        shutil.copy(BUOY, road)
        eventually(lambda: store.query(
            "SELECT name FROM system.tables WHERE database = 'city' AND name = 'ocean_buoy'"),
            "the buoy's table")
        registry.refresh()
        with Publisher("ocean-bureau") as publisher:
            for i in range(20):
                publisher.send("ocean-buoy", {
                    "buoy_id": "qd-01", "longitude": 120.5, "latitude": 36.0,
                    "wave_height": i / 10}, observed_at_ms=time.time_ns() // 1_000_000 - 20 + i)
        eventually(lambda: store.query("SELECT count() AS n FROM city.ocean_buoy")[0]["n"] == 20,
                   "the buoy's events")
        feature = eventually(lambda: find_feature("ocean-buoy"), "the buoy's feed")
        catalogue = read_feed("catalogue.json")
    assert feature["geometry"]["coordinates"] == [120.5, 36.0]
    assert feature["properties"]["wave_height"] == 1.9
    assert "ocean-buoy" in json.dumps(catalogue)
    tiles = {one["id"]: one for one in compose_frame(read_parts(), "zh")["unplanned"]}
    assert tiles["unplanned-ocean-buoy"]["title"] == "海洋浮标"
    assert tiles["unplanned-ocean-buoy"]["head"]["value"] == 20
    assert draw_console_page("ocean-buoy") == ["海洋浮标"]
    assert [job["jid"] for job in cluster.list_jobs()] == before
    assert cluster.list_jobs()[0]["state"] == "RUNNING"


def find_feature(family: str) -> Any:
    """Find the first feature of a family's open feed; None while there is none."""
    return next(iter((read_feed(f"{family}.geojson") or {"features": []})["features"]), None)


def read_feed(path: str) -> Any:
    """Read a document of the open feeds; None while there is none."""
    settings = read_settings()
    answer = httpx.get(f"http://{settings.host}:{settings.port('feed')}/v1/{path}", timeout=10)
    return answer.json() if answer.status_code == 200 else None


def draw_console_page(name: str) -> list[str]:
    """Draw a console page without a browser and give its titles; what it raises fails the test."""
    def script(name: str) -> None:
        from dashboards.views.declared import page_of
        page_of(name)()

    ensure_first()
    token = start_session(list_staff()["admin"])
    with patch.object(session, "read_token", lambda: token):
        page = AppTest.from_function(script, kwargs={"name": name}, default_timeout=60).run()
    assert not page.exception and len(page.dataframe[0].value) == 20
    return [one.value for one in page.title]


def test_an_event_that_vanishes_leaves_a_residual_of_one(road: Path, store: Store) -> None:
    victim = store.query("SELECT raw_topic, id FROM city.vehicle_position LIMIT 1")[0]
    migrator = connect("migrator")
    migrator.execute(
        f"ALTER TABLE store.vehicle_position DELETE WHERE id = '{victim['id']}'"
        " SETTINGS mutations_sync = 2")
    rows: list[Row] = eventually(lambda: [
        row for row in Ledger().count(20, time.time_ns() // 1_000_000)
        if row.residual], "a residual")
    assert [row.residual for row in rows] == [1]
