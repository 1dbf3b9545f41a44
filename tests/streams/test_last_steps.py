"""Test on a real store that of each case the last step is kept apart, whatever comes when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from schemas import registry
from schemas.declare import Lifetime
from schemas.render import last_steps
from streams.broker import open_producer
from streams.clock import now_ms
from streams.digest import list_sources
from streams.rebuild import rebuild
from streams.registrar import ensure_tables
from streams.store import Store
from streams.tables import find_rows
from tests.streams.test_sink_live import AT, clean_event

pytestmark = pytest.mark.live
LAST = "SELECT case_id, step FROM city.grid_case_last ORDER BY case_id"
HOUR = 3_600_000


def put(store: Store, *steps: tuple[str, int, str]) -> None:
    """Insert steps of cases, given as case, hour and step, as the sink would."""
    rows = find_rows("event-grid-case")
    assert rows is not None
    events: list[dict[str, Any]] = [
        clean_event("grid-case", number, id=f"{case}-{hour}-{step}", case_id=case, step=step,
                    observed_at=AT + hour * HOUR)
        for number, (case, hour, step) in enumerate(steps)]
    store.insert(rows.table, rows.lay_out(events))


def last(store: Store) -> dict[str, str]:
    """Read the last step of each case."""
    return {row["case_id"]: row["step"] for row in store.query(LAST)}


@pytest.fixture(autouse=True)
def empty(migrator: Store) -> Iterator[None]:
    """Begin and end without cases."""
    for table in ("grid_case", "grid_case_last"):
        migrator.execute(f"TRUNCATE TABLE store.{table}")
    yield
    for table in ("grid_case", "grid_case_last"):
        migrator.execute(f"TRUNCATE TABLE store.{table}")


def test_the_last_step_stays_in_whatever_order_they_come(sink: Store, reader: Store) -> None:
    put(sink, ("a", 2, "dispatched"), ("b", 1, "reported"))
    put(sink, ("a", 1, "reported"), ("b", 5, "closed"), ("b", 3, "handled"))
    assert last(reader) == {"a": "dispatched", "b": "closed"}


def test_of_steps_at_the_same_moment_the_later_one_stays(sink: Store, reader: Store) -> None:
    put(sink, ("a", 1, "reported"), ("a", 1, "filed"))
    put(sink, ("b", 1, "reported"))
    put(sink, ("b", 1, "voided"))
    assert last(reader) == {"a": "filed", "b": "voided"}


def test_a_store_that_had_no_last_steps_is_filled_from_all_steps(
        migrator: Store, sink: Store, reader: Store) -> None:
    migrator.execute("DROP VIEW store.grid_case_last_feed SYNC")
    migrator.execute("DROP TABLE store.grid_case_last SYNC")
    put(sink, ("a", 1, "reported"), ("a", 2, "filed"))
    ensure_tables(migrator)
    put(sink, ("c", 1, "reported"))
    assert last(reader) == {"a": "filed", "c": "reported"}


def test_last_steps_gain_the_columns_that_steps_gain(
        migrator: Store, sink: Store, reader: Store) -> None:
    put(sink, ("a", 1, "reported"))
    migrator.execute("DROP VIEW store.grid_case_last_feed SYNC")
    for table in ("grid_case", "grid_case_last"):
        migrator.execute(f"ALTER TABLE store.{table} DROP COLUMN description")
    migrator.execute(last_steps.feed(registry.get_family("grid-case")).replace(
        "description, ", ""))
    ensure_tables(migrator)
    put(sink, ("a", 2, "filed"))
    [row] = reader.query("SELECT step, description FROM city.grid_case_last")
    assert row["step"] == "filed" and row["description"]


def test_a_rebuild_has_last_steps_follow_from_the_topic(
        registered: str, migrator: Store, sink: Store, reader: Store) -> None:
    producer, now = open_producer("gate"), now_ms()
    known = clean_event("grid-case", 1, case_id="a", step="filed", received_at=now)
    producer.produce("event-grid-case", key=b"a", value=msgspec.json.encode(known))
    assert producer.flush(30) == 0
    rows = list_sources()["grid_case"].rows
    sink.insert(rows.table, rows.lay_out([
        {**known, "id": "by hand", "step": "voided", "observed_at": AT + HOUR},
        {**known, "id": "of nobody", "case_id": "ghost"}]))
    assert last(reader) == {"a": "voided", "ghost": "filed"}
    rebuild(list_sources()["grid_case"], migrator, lambda *_: None, replace_rows=True)
    assert last(reader) == {"a": "filed"}


def test_only_families_of_steps_have_them() -> None:
    assert [one.name for one in registry.families().values() if one.steps] == ["grid-case"]
    assert registry.get_family("grid-case").lifetime.store_days > Lifetime().store_days
