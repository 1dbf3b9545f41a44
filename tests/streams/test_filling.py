"""Test on a real store that records become the same rows whoever reads them."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from confluent_kafka import Message

from schemas import registry
from schemas.declare import Family, ResultTable
from streams.filling import fill
from streams.store import RefusedError, Store
from streams.tables import find_rows
from tests.streams.played import Told

pytestmark = pytest.mark.live
AT = 1_796_000_012_345
FAMILIES = sorted(registry.families())
RESULTS = sorted(registry.results())


def event(family: Family, **more: Any) -> dict[str, Any]:
    """Make the clean event of a family's example."""
    fields = {f.name: AT if f.kind == "instant" else family.example.get(f.name)
              for f in family.kept}
    return {"id": 'e"1\\\n区', "source": "测", "observed_at": AT, "received_at": AT + 1,
            "computed_at": AT + 2, "area": "370102001001001", "raw_topic": "raw-a--b",
            "raw_partition": 3, "raw_offset": 1 << 40, **fields, **more}


def row(result: ResultTable, value: Any) -> dict[str, Any]:
    """Make a row of a result."""
    measures = {f.name: value if f.numeric or value is None else "012099" for f in result.measures}
    return {"window_seconds": 60, "window_start": AT // 60_000 * 60_000, "events": 2, "late": 1,
            "version": (3 << 40) + 2, **{f.name: "370102" for f in result.keys}, **measures}


def told(topic: str, *values: Any) -> list[Message]:
    """Make records of a topic."""
    return [Told(topic, AT, value=value, offset=i)  # type: ignore[misc]
            for i, value in enumerate(values)]


def stored(store: Store, table: str) -> list[dict[str, Any]]:
    """Give what a table holds, and empty it."""
    rows = store.query(f"SELECT * EXCEPT published_at FROM store.{table} FINAL ORDER BY ALL")
    store.execute(f"TRUNCATE TABLE store.{table}")
    return rows


def compare(migrator: Store, sink: Store, topic: str, *values: dict[str, Any]) -> None:
    """Insert as the store reads them, and as we do; the rows must be equal."""
    rows, messages = find_rows(topic), told(topic, *values)
    assert rows is not None and rows.reading is not None
    stored(migrator, rows.table)
    sink.insert_json(rows.reading.insert(rows.table), [one.value() or b"" for one in messages],
                     [AT] * len(messages))
    read_there = stored(migrator, rows.table)
    sink.insert(rows.table, rows.lay_out([
        msgspec.json.decode(one.value() or b"") | {"appended_at": AT} for one in messages]))
    assert read_there == stored(migrator, rows.table)
    assert len(read_there) == len(values)


@pytest.mark.parametrize("name", FAMILIES)
def test_the_store_reads_events_as_we_do(name: str, migrator: Store, sink: Store) -> None:
    family = registry.families()[name]
    bare = {f.name: None for f in family.kept if not f.required}
    compare(migrator, sink, f"event-{name}", event(family), event(family, id="e2", **bare))


@pytest.mark.parametrize("name", RESULTS)
def test_the_store_reads_results_as_we_do(name: str, migrator: Store, sink: Store) -> None:
    result = registry.results()[name]
    full = row(result, -(1 << 62))
    compare(migrator, sink, f"result-{name}", full,
            {**row(result, None), "window_seconds": 300})


def test_a_decimal_is_read_to_its_last_bit(migrator: Store, sink: Store) -> None:
    family = registry.get_family("vehicle-position")
    place, _ = family.place or ("", "")
    values = [0.1, 117.1234567, -179.9999999, 5e-324, 1e-7, 123.45600000000002]
    compare(migrator, sink, "event-vehicle-position", *(
        event(family, id=f"e{i}", **{place: one}) for i, one in enumerate(values)))



@pytest.mark.parametrize("bad", [
    b"{", b"[]", b"\xff", b"",
    {"raw_partition": 70_000}, {"raw_offset": -1}, {"observed_at": "noon"}, {"observed_at": None}])
def test_what_does_not_fit_is_set_aside_alone(
        bad: bytes | dict[str, Any], migrator: Store, sink: Store) -> None:
    family = registry.get_family("parking-occupancy")
    rows = find_rows("event-parking-occupancy")
    assert rows is not None and rows.reading is not None
    stored(migrator, rows.table)
    body = bad if isinstance(bad, bytes) else event(family, id="bad", **bad)
    messages = told("event-parking-occupancy", event(family), body, event(family, id="e2"))
    with pytest.raises(RefusedError):
        sink.insert_json(rows.reading.insert(rows.table),
                         [one.value() or b"" for one in messages], [AT] * 3)
    assert stored(migrator, rows.table) == []
    aside: list[int | None] = []
    assert fill(sink, rows, messages, lambda one, _: aside.append(one.offset())) == 2
    assert aside == [1]
    assert len(stored(migrator, rows.table)) == 2
