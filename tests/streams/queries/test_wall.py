"""Test what the wall reads against a real ClickHouse holding rows whose answers are known."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas import registry
from schemas.declare import Kind
from streams.queries import names, wall
from streams.store import Store, connect
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
CITY = "3701"


def _put(sink: Store, table: str, rows: list[dict[str, Any]]) -> None:
    """Insert rows into a table."""
    sink.insert(table, columns(rows))


@pytest.fixture(scope="module")
def migrator(clickhouse: tuple[str, int]) -> Iterator[Store]:
    """Give the account that makes tables, all of them made."""
    store = connect("migrator")
    make_tables(store)
    yield store
    store.close()


@pytest.fixture
def store(migrator: Store) -> Iterator[Store]:
    """Give a reader of an empty store."""
    empty_tables(migrator)
    reader = connect("reader")
    yield reader
    reader.close()


@pytest.fixture
def sink() -> Iterator[Store]:
    """Give the account that writes."""
    writer = connect("sink")
    yield writer
    writer.close()


def test_an_empty_store_has_no_figures(store: Store) -> None:
    assert wall.read_trends(store, CITY) == {"pulse": [], "vehicles": []}
    assert wall.read_today(store, CITY)["online_share"] is None
    assert wall.read_traffic(store, CITY) == {"segments": {}, "areas": {}}
    assert wall.read_roads(store) == {"at": None, "speeds": {}}
    assert wall.read_air(store, CITY)["mean"] is None
    assert wall.read_parking(store, CITY)["share"] is None
    operations = wall.read_operations(store)
    assert {operations[one] for one in ("gap", "rate", "refused", "delay", "at")} == {None}
    assert (wall.list_dots(store), wall.list_alerts(store), wall.list_cases(store)) == ([], [], [])


def test_trends_take_the_city_only_and_unscale(store: Store, sink: Store) -> None:
    good = {"area": CITY, "speed_samples": 4, "speed_sum": 12000, "parking_capacity_sum": 50}
    _put(sink, "city_pulse", [result("city-pulse", minute(2), **good),
                              result("city-pulse", minute(2), **good | {"area": "370102"}),
                              result("city-pulse", minute(90), **good)])
    [row] = wall.read_trends(store, CITY)["pulse"]
    assert (row["speed"], row["flow"], row["capacity"]) == (30.0, None, 50)
    assert row["at"] == int(minute(2).timestamp() * 1000)


def test_the_day_begins_at_midnight_in_shanghai(store: Store, sink: Store) -> None:
    midnight = dt.datetime.now(ZoneInfo("Asia/Shanghai")).replace(
        hour=0, minute=0, second=0, microsecond=0)
    _put(sink, "city_pulse", [
        result("city-pulse", midnight, area=CITY, cases_reported=5, items=4, items_online=3),
        result("city-pulse", midnight - dt.timedelta(minutes=1), area=CITY, cases_reported=100)])
    day = wall.read_today(store, CITY)
    assert (day["reported"], day["online_share"]) == (5, 75.0)


def test_a_case_is_open_until_closed_and_shows_its_last_step(store: Store, sink: Store) -> None:
    due = moment(-3600)
    _put(sink, "grid_case", [
        event("grid-case", 1, moment(60), case_id="a", step="filed", due_at=due),
        event("grid-case", 2, moment(30), case_id="a", step="closed"),
        event("grid-case", 3, moment(50), case_id="b", step="reported", due_at=due),
        event("grid-case", 4, moment(20), case_id="b", step="filed"),
        event("grid-case", 5, moment(10), case_id="c", step="filed", area="3702")])
    assert wall.read_today(store, CITY)["open"] == 1
    shown = {row["case_id"]: (row["last_step"], row["due"]) for row in wall.list_cases(store)}
    assert shown["b"] == ("filed", int(due.timestamp() * 1000))
    assert shown["a"][0] == "closed"


def test_segments_average_what_vehicles_just_did(store: Store, sink: Store) -> None:
    def position(number: int, ago: float, **more: Any) -> dict[str, Any]:
        return event("vehicle-position", number, moment(ago), vehicle_id=f"v{number}", **more)

    _put(sink, "vehicle_position", [
        position(1, 5, segment_id="s1", speed=20.0), position(2, 6, segment_id="s1", speed=40.0),
        position(3, 300, segment_id="s1", speed=99.0), position(4, 3, speed=50.0)])
    assert wall.read_traffic(store, CITY)["segments"] == {"s1": 30.0}
    assert len(wall.list_dots(store)) == 3
    assert wall.read_operations(store)["delay"] is not None


def test_areas_are_counties_and_townships_of_the_city(store: Store, sink: Store) -> None:
    rows = [result("area-traffic", minute(1), area=area, speed_samples=2, speed_sum=6000)
            for area in ("", "37", "3701", "370102", "370102001", "370102001001", "370202")]
    _put(sink, "area_traffic", rows)
    assert wall.read_traffic(store, CITY)["areas"] == {"370102": 30.0, "370102001": 30.0}


def test_an_alert_shows_its_last_state_raised_ones_first(store: Store, sink: Store) -> None:
    _put(sink, "alert", [
        event("alert", 1, moment(90), alert_id="x", state="raised", title_zh="慢", title_en="slow"),
        event("alert", 2, moment(10), alert_id="x", state="cleared", title_zh="慢",
              title_en="slow"),
        event("alert", 3, moment(60), alert_id="y", state="raised", title_zh="快",
              title_en="fast")])
    assert [(row["alert_id"], row["last_state"]) for row in wall.list_alerts(store)] == [
        ("y", "raised"), ("x", "cleared")]


def test_the_place_of_an_alert_has_the_name_that_its_publisher_gave(
        store: Store, sink: Store) -> None:
    _put(sink, "parking_occupancy", [
        event("parking-occupancy", n, moment(ago), car_park_id="p9") | {"name": name}
        for n, ago, name in ((1, 90, "旧名"), (2, 20, "泉城广场"), (3, 10, ""))])
    _put(sink, "alert", [event("alert", n, moment(5), alert_id=f"a{n}", place=place)
                         for n, place in ((1, "p9"), (2, "elsewhere"))])
    assert {row["last_place"]: row["name"] for row in wall.list_alerts(store)} == {
        "p9": "泉城广场", "elsewhere": ""}


def test_a_name_that_is_not_public_or_no_text_is_none(
        store: Store, sink: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    family = registry.get_family("parking-occupancy")
    _put(sink, family.table, [event(family.name, 1, moment(5), car_park_id="p9") | {"name": "甲"}])
    assert names.list_names(store, ["p9"]) == {"p9": "甲"}
    changes: list[dict[str, Any]] = [{"public": False}, {"kind": Kind.INTEGER}]
    for change in changes:
        fields = tuple(replace(one, **change) if one.name == "name" else one
                       for one in family.fields)
        other = replace(family, fields=fields)
        monkeypatch.setattr(registry, "families", lambda other=other: {"other": other})
        assert names.list_names(store, ["p9"]) == {}


def test_residuals_of_both_signs_do_not_cancel(store: Store, sink: Store) -> None:
    def ledger(ago: int, received: int, residual: int, waiting: int = 0) -> dict[str, Any]:
        return {"raw_topic": f"raw-{residual}", "minute": minute(ago), "received": received,
                "counted": received, "late": 1, "refused": 6, "duplicates": 2,
                "in_flight": waiting, "residual": residual, "computed_at": moment()}

    _put(sink, "ledger", [ledger(3, 600, 1), ledger(3, 600, -1), ledger(0, 30, -9)])
    found = wall.read_operations(store)
    assert (found["gap"], found["rate"], found["late"], found["duplicates"]) == (2, 20.0, 3, 6)
    assert found["refused"] == pytest.approx(100 * 18 / 1230, abs=0.001)
    _put(sink, "ledger", [ledger(4, 600, 5, waiting=3)])
    assert wall.read_operations(store)["gap"] == 2  # not at rest, so not judged


def test_parking_counts_open_car_parks_by_their_last_report(store: Store, sink: Store) -> None:
    def report(number: int, ago: float, **more: Any) -> dict[str, Any]:
        return event("parking-occupancy", number, moment(ago), capacity=100, **more)

    _put(sink, "parking_occupancy", [
        report(1, 90, car_park_id="a", occupied=10), report(2, 10, car_park_id="a", occupied=40),
        report(3, 10, car_park_id="b", occupied=100, status="closed"),
        report(4, 10, car_park_id="c", occupied=20)])
    found = wall.read_parking(store, CITY)
    assert (found["places"], found["vacant"], found["share"]) == (2, 140, 30.0)


def test_air_is_of_the_city_and_of_fine_particles(store: Store, sink: Store) -> None:
    def reading(number: int, **more: Any) -> dict[str, Any]:
        return event("environment-reading", number, moment(5), station_id=f"s{number}", **more)

    _put(sink, "environment_reading", [
        reading(1, value=30.0), reading(2, value=50.0), reading(3, value=900.0, area=""),
        reading(4, value=8.0, quantity="o3")])
    assert wall.read_air(store, CITY) == {"stations": 2, "mean": 40.0, "highest": 50.0}


def test_progress_is_the_furthest_publisher(store: Store, sink: Store) -> None:
    at = moment(5).replace(microsecond=0)
    rows = [{"source": source, "family": "grid-case", "observed_at": when, "events": 1,
             "version": 1, "computed_at": moment()}
            for source, when in (("a", at), ("b", at - dt.timedelta(hours=1)))]
    _put(sink, "publisher_progress", rows)
    assert wall.read_progress(store) == {"grid-case": int(at.timestamp() * 1000)}


def test_any_family_can_be_read_without_a_tile_of_its_own(store: Store, sink: Store) -> None:
    _put(sink, "traffic_flow", [
        event("traffic-flow", 1, moment(5), sensor_id="a", flow=100.0, speed=30.0),
        event("traffic-flow", 2, moment(4), sensor_id="a", flow=300.0),
        event("traffic-flow", 3, moment(600), sensor_id="b", flow=999.0)])
    found = wall.read_unplanned(store, registry.get_family("traffic-flow"))
    assert (found["events"], found["fields"]) == (2, ["interval_seconds", "flow", "speed"])
    assert found["rows"] == [("a", [60.0, 200.0, 30.0])]


def test_every_family_with_a_tile_is_declared() -> None:
    assert set(registry.families()) >= wall.TILED
    assert not [one.name for one in wall.list_unplanned() if one.name in wall.TILED]
