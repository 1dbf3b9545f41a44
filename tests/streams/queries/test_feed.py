"""Test what feeds read against a real ClickHouse holding rows whose answers are known."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import registry
from schemas.errors import DeclarationError
from streams.queries.feed import (
    latest_sql,
    list_latest,
    list_windows,
    place_is_public,
    public_fields,
    published_windows,
)
from tests.streams.queries.rows import columns, event, minute, moment, result


def test_only_public_fields_are_ever_named() -> None:
    for family in registry.own_families():
        closed = {f.name for f in family.fields} - {f.name for f in public_fields(family)}
        if not family.public:
            assert public_fields(family) == ()
            with pytest.raises(DeclarationError, match="needs a public key"):
                latest_sql(family)
        else:
            assert not closed & set(latest_sql(family).replace(",", " ").split())
        assert not family.public or place_is_public(family)


def test_overlapping_windows_of_suppressed_results_are_not_published() -> None:
    for declared in registry.results().values():
        lengths = published_windows(declared)
        assert len(lengths) == (0 if not declared.public else
                                1 if declared.suppress else len(declared.windows))


@pytest.mark.live
def test_the_latest_event_of_each_thing_is_read(reader: Any, sink: Any, emptied: None) -> None:
    rows = [
        event("parking-occupancy", 1, moment(300), car_park_id="a", occupied=1),
        event("parking-occupancy", 2, moment(100), car_park_id="a", occupied=2),
        event("parking-occupancy", 3, moment(200), car_park_id="a", occupied=3),
        event("parking-occupancy", 4, moment(3000), car_park_id="b", occupied=None),
        event("parking-occupancy", 5, moment(4000), car_park_id="old", occupied=5)]
    sink.insert("parking_occupancy", columns(rows))
    found = list_latest(reader, registry.get_family("parking-occupancy"))
    assert {row["car_park_id"]: row["occupied"] for row in found} == {"a": 2, "b": None}
    assert found[0]["observed_at_ms"] == int(rows[1]["observed_at"].timestamp() * 1000)


@pytest.mark.live
def test_each_quantity_of_a_station_has_its_latest_reading(reader: Any, sink: Any, emptied: None
                                                           ) -> None:
    sink.insert("environment_reading", columns([
        event("environment-reading", 1, moment(90), quantity="pm2_5", value=9.0),
        event("environment-reading", 2, moment(60), quantity="pm2_5", value=10.0),
        event("environment-reading", 3, moment(300), quantity="noise", value=50.0)]))
    found = list_latest(reader, registry.get_family("environment-reading"))
    assert {row["quantity"]: row["value"] for row in found} == {"pm2_5": 10.0, "noise": 50.0}


@pytest.mark.live
def test_the_latest_ended_window_of_each_key_is_read(reader: Any, sink: Any, emptied: None
                                                     ) -> None:
    last = minute(1)
    sink.insert("road_state", columns([
        result("road-state", minute(-1), road_id="a", speed_sum=100, speed_samples=1),
        result("road-state", last, road_id="a", speed_sum=3000, speed_samples=2, version=2),
        result("road-state", last, road_id="a", speed_sum=1, speed_samples=1, version=1),
        result("road-state", minute(3), road_id="a", speed_sum=200, speed_samples=1),
        result("road-state", minute(4), road_id="b", speed_sum=0, speed_samples=0, late=2),
        result("road-state", minute(90), road_id="old"),
        result("road-state", minute(1), road_id="long", window_seconds=300)]))
    declared = registry.results()["road-state"]
    found = {row["road_id"]: row for row in list_windows(reader, declared, 60)}
    assert set(found) == {"a", "b"}
    assert found["a"]["mean_speed"] == 15.0
    assert found["a"]["window_start_ms"] == int(last.timestamp() * 1000)
    assert (found["b"]["mean_speed"], found["b"]["status"]) == (None, "provisional")
    with pytest.raises(DeclarationError, match="300 s are not published"):
        list_windows(reader, declared, 300)


@pytest.mark.live
def test_a_window_declared_final_says_so(reader: Any, sink: Any, emptied: None) -> None:
    start = minute(2)
    sink.insert("sensor_state", columns([
        result("sensor-state", start, sensor_id="a"),
        result("sensor-state", start, sensor_id="b", late=3),
        result("sensor-state", minute(1), sensor_id="c")]))
    sink.insert("window_final", columns([{
        "result": "sensor-state", "window_seconds": 60, "window_start": start,
        "final_at": moment()}]))
    found = list_windows(reader, registry.results()["sensor-state"], 60)
    assert {row["sensor_id"]: (row["status"], row["revision"]) for row in found} == {
        "a": ("final", 0), "b": ("revised", 3), "c": ("provisional", 0)}
