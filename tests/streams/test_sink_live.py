"""Test the sink over a real store: every declaration, rows that do not fit, the store away."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from schemas import registry
from schemas.declare import Kind
from streams import store as store_module
from streams.settings import read_settings
from streams.sink import TOPICS, Sink
from streams.store import Store
from tests.streams.played import Broker, Told

pytestmark = pytest.mark.live
AT = int(time.time() * 1000) // 60_000 * 60_000
EVENTS = "event-parking-occupancy"
HUGE = 1 << 70


def clean_event(name: str, number: int, **changed: Any) -> dict[str, Any]:
    """Make a clean event as the gate writes it."""
    family = registry.get_family(name)
    fields = {f.name: AT if f.kind is Kind.INSTANT else family.example.get(f.name)
              for f in family.kept}
    return {"id": f"{name}-{number}", "source": family.owner, "observed_at": AT,
            "received_at": AT, "computed_at": AT, "area": "370102",
            "raw_topic": f"raw-{family.owner}--{name}", "raw_partition": 0, "raw_offset": number,
            **fields, **changed}


def window(name: str, **changed: Any) -> dict[str, Any]:
    """Make a result's record as the job writes it."""
    result = registry.results()[name]
    return {"window_seconds": 60, "window_start": AT, "events": 3, "late": 0, "version": 3,
            **{f.name: "k" for f in result.keys}, **{f.name: 1 for f in result.measures},
            **changed}


def work(store: Store, records: list[Told], steps: int = 1) -> Broker:
    """Let a sink write records to the store."""
    broker = Broker(records)
    one = Sink(broker, store, threading.Event())  # type: ignore[arg-type]
    broker.subscribe(TOPICS)
    for _ in range(steps):
        one.step(0.0)
    one._flush()
    return broker


def told(topic: str, *values: Any) -> list[Told]:
    """Make records of a topic."""
    return [Told(topic, AT + i, value=value, offset=i) for i, value in enumerate(values)]


def test_every_family_and_result_is_stored_as_it_is_read(
        sink: Store, reader: Store, emptied: None) -> None:
    records: list[Told] = []
    for name in registry.families():
        records += told(f"event-{name}", clean_event(name, 1), clean_event(name, 2))
    for name in registry.results():
        records += told(f"result-{name}", window(name), window(name, events=4, version=4),
                        window(name, version=2, events=2))
    work(sink, records)
    assert reader.query("SELECT * FROM city.dead_letters") == []
    for name, family in registry.families().items():
        row, _ = reader.query(f"SELECT * FROM city.{family.table} ORDER BY id")
        wanted = clean_event(name, 1)
        for field in family.kept:
            value = row[field.name]
            if field.kind is Kind.INSTANT and value is not None:
                value = round(value.timestamp() * 1000)
            assert value == wanted[field.name], (name, field.name)
        assert row["received_at"].timestamp() * 1000 == AT
    for name, result in registry.results().items():
        (row,) = reader.query(f"SELECT * FROM city.{result.table}")
        assert (row["events"], row["version"]) == (4, 4), name
        assert row["window_start"].timestamp() * 1000 == AT


BAD: dict[str, dict[str, Any]] = {
    "null": {"occupied": 1, "observed_at": None}, "word": {"capacity": "many"},
    "huge": {"occupied": HUGE}, "list": {"car_park_id": ["a"]}, "fraction": {"occupied": 1.5},
    "number": {"car_park_id": 7}, "negative": {"raw_offset": -1}, "wide": {"raw_partition": 70000},
    "time": {"observed_at": "2026-11-24T12:00:00Z"}, "far": {"received_at": HUGE},
    "object": {"status": {"a": 1}}, "true": {"area": True},
}


def test_rows_that_no_column_can_hold_are_set_aside_and_all_others_stored(
        sink: Store, reader: Store, emptied: None) -> None:
    values = []
    for number, change in enumerate(BAD.values()):
        values += [clean_event("parking-occupancy", 2 * number),
                   clean_event("parking-occupancy", 2 * number + 1, **change)]
    broker = work(sink, told(EVENTS, *values))
    found = reader.query("SELECT raw_offset FROM city.parking_occupancy ORDER BY raw_offset")
    letters = reader.query("SELECT raw_offset, detail FROM city.dead_letters ORDER BY raw_offset")
    assert [row["raw_offset"] for row in found] == list(range(0, 2 * len(BAD), 2))
    assert [row["raw_offset"] for row in letters] == list(range(1, 2 * len(BAD), 2))
    assert all(row["detail"] for row in letters)
    assert broker.done == {(EVENTS, 0): 2 * len(BAD)}


def test_rows_written_while_the_store_is_away_are_there_when_it_is_back(
        sink: Store, reader: Store, emptied: None, monkeypatch: pytest.MonkeyPatch) -> None:
    class Elsewhere:
        """Give an address where nothing listens."""

        store_address = read_settings().host, 1

    sink.close()
    asked: list[int] = []

    def settings() -> Any:
        asked.append(1)
        # each attempt asks twice: where to connect, and where to say that it failed
        return Elsewhere if len(asked) <= 4 else read_settings()

    monkeypatch.setattr(store_module, "read_settings", settings)
    broker = work(sink, told(EVENTS, *(clean_event("parking-occupancy", i) for i in range(50))))
    assert len(asked) > 4
    assert broker.done == {(EVENTS, 0): 50}
    assert reader.query("SELECT count() AS n FROM city.parking_occupancy") == [{"n": 50}]


def test_what_is_written_twice_is_there_once(
        sink: Store, reader: Store, emptied: None) -> None:
    records = told(EVENTS, *(clean_event("parking-occupancy", i) for i in range(9)))
    for _ in range(2):
        work(sink, records)
    assert reader.query("SELECT count() AS n FROM city.parking_occupancy") == [{"n": 9}]
