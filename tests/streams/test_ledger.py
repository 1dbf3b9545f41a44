"""Test the ledger: each term counted where it happens, over a broker and a store in memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import pytest

from schemas import registry
from schemas.errors import ComponentError
from streams import ledger
from streams.ledger import MINUTE_MS, MOST_TAIL_RECORDS, SETTLED_MS, TERMS, Ledger, Row, settled
from tests.streams.played import Broker, Told

NOW = 1_764_000_030_000
MINUTE = NOW // MINUTE_MS * MINUTE_MS
BEFORE = MINUTE - MINUTE_MS
RAW = "raw-city-traffic--vehicle-position"


class Rows:
    """Play the store: answer each query by the view it reads, keep what is written."""

    def __init__(self, **answers: list[dict[str, Any]]) -> None:
        """Take the rows of `events`, `late`, `refused`, `duplicates` and `reached`."""
        self.answers = answers
        self.written: dict[str, Any] = {}

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Give the rows of the view that a query reads."""
        if "max(next_offset)" in sql:
            return self.answers.get("reached", [])
        assert params
        for name, sign in {"duplicates": "sum(duplicates)", "late": "class = 'late'",
                           "refused": "class = 'refused'"}.items():
            if sign in sql:
                return self.answers.get(name, [])
        assert all(f"city.{one.table}" in sql for one in registry.families().values())
        return self.answers.get("events", [])

    def insert(self, table: str, columns: dict[str, Any]) -> None:
        """Keep what is written."""
        self.written[table] = columns


def stored(number: int, minute: int = BEFORE) -> dict[str, Any]:
    """Make one row of a stored term."""
    return {"raw_topic": RAW, "number": number,
            "minute": dt.datetime.fromtimestamp(minute / 1000, dt.UTC)}


def reached(partition: int, offset: int) -> dict[str, Any]:
    """Make one row of how far the gate has come."""
    return {"raw_topic": RAW, "raw_partition": partition, "reached": offset}


def raws(*times: int, partition: int = 0) -> list[Told]:
    """Make raw records appended at these times, one offset after another."""
    return [Told(RAW, at, value={}, offset=i, partition=partition) for i, at in enumerate(times)]


@pytest.fixture
def count(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give what counts the ledger of some minutes over a broker and a store."""
    def counted(broker: Broker, rows: Rows, minutes: int = 3) -> dict[int, Row]:
        monkeypatch.setattr(ledger, "open_consumer", lambda *_: broker)
        monkeypatch.setattr(ledger, "connect", lambda _: rows)
        found = Ledger().count(minutes, NOW)
        assert {row.raw_topic for row in found} <= {RAW}
        return {row.minute: row for row in found}
    return counted


def test_the_residual_is_what_no_term_accounts_for() -> None:
    row = Row(RAW, MINUTE, 100, counted=90, late=3, refused=2, duplicates=4, in_flight=1)
    assert row.residual == 0
    for term in TERMS:
        changed = Row(RAW, MINUTE, 100, **{
            name: getattr(row, name) - (name == term) for name in TERMS})
        assert changed.residual == 1, term
    assert Row(RAW, MINUTE, 3, counted=4).residual == -1


def test_only_minutes_that_ended_a_while_ago_are_judged() -> None:
    row = Row(RAW, MINUTE, 1)
    ripe = MINUTE + MINUTE_MS + SETTLED_MS
    assert settled([row], ripe - 1) == []
    assert settled([row], ripe) == [row]
    assert settled([Row(RAW, MINUTE, 1, in_flight=1)], ripe) == []


def test_received_is_counted_by_append_minute_over_all_partitions(count: Any) -> None:
    broker = Broker([*raws(BEFORE, MINUTE - 1, MINUTE), *raws(BEFORE, NOW, partition=1)])
    rows = count(broker, Rows(reached=[reached(0, 3), reached(1, 2)]))
    assert {minute: row.received for minute, row in rows.items()} == {BEFORE: 3, MINUTE: 2}
    assert {row.in_flight for row in rows.values()} == {0}


def test_minutes_without_records_are_left_out(count: Any) -> None:
    assert list(count(Broker(raws(BEFORE)), Rows(events=[stored(1, MINUTE)]))) == [BEFORE]


def test_each_term_comes_from_where_it_happens(count: Any) -> None:
    broker = Broker(raws(*[BEFORE] * 10))
    row = count(broker, Rows(reached=[reached(0, 10)], events=[stored(4)], late=[stored(3)],
                             refused=[stored(2)], duplicates=[stored(1)]))[BEFORE]
    assert row == Row(RAW, BEFORE, 10, counted=4, late=3, refused=2, duplicates=1, in_flight=0)
    assert row.residual == 0


def test_what_the_gate_has_not_come_to_is_in_flight(count: Any) -> None:
    broker = Broker([*raws(BEFORE, BEFORE, MINUTE, MINUTE), *raws(BEFORE, partition=1)])
    rows = count(broker, Rows(reached=[reached(0, 1)], events=[stored(1)]))
    assert (rows[BEFORE].in_flight, rows[MINUTE].in_flight) == (2, 2)
    assert [row.residual for row in rows.values()] == [0, 0]


def test_what_the_sink_has_not_committed_is_in_flight(count: Any) -> None:
    tail = {"raw_topic": RAW, "received_at": BEFORE + 5, "reason": "x", "area": ""}
    event, letters = "event-vehicle-position", "dead-letters"
    broker = Broker([
        *raws(*[BEFORE] * 4), *(Told(event, BEFORE, value=tail, offset=i) for i in range(2)),
        *(Told(letters, BEFORE, value=tail, offset=i) for i in range(2))])
    broker.done = {(event, 0): 1, (letters, 0): 0}
    row = count(broker, Rows(reached=[reached(0, 4)], events=[stored(1)]))[BEFORE]
    assert (row.in_flight, row.counted, row.residual) == (3, 1, 0)


def test_a_tail_that_is_no_json_does_not_stop_the_ledger(count: Any) -> None:
    """The sink sets such a record aside; until then the ledger must live."""
    event = "event-vehicle-position"
    broker = Broker([*raws(BEFORE), Told(event, BEFORE, value=b"{", offset=0), Told(
        event, BEFORE, value={"raw_topic": RAW, "received_at": BEFORE}, offset=1)])
    row = count(broker, Rows(reached=[reached(0, 1)]))[BEFORE]
    assert (row.in_flight, row.residual) == (1, 0)


def test_a_sink_far_behind_is_not_judged(count: Any) -> None:
    broker = Broker([*raws(BEFORE), Told("event-vehicle-position", BEFORE, value={},
                                         offset=MOST_TAIL_RECORDS)])
    with pytest.raises(ComponentError, match="the sink is 100001 records behind"):
        count(broker, Rows())


def test_tails_that_are_not_read_in_time_are_told_not_counted(
        count: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "TAIL_SECONDS", -1.0)
    broker = Broker([*raws(BEFORE), Told("event-vehicle-position", BEFORE, value={})])
    with pytest.raises(ComponentError, match="not read in"):
        count(broker, Rows())


def test_a_minute_that_retention_began_to_delete_is_not_judged(count: Any) -> None:
    broker = Broker(raws(BEFORE, BEFORE, MINUTE, NOW))
    broker.delete_before(RAW, 0, 1)
    rows = count(broker, Rows(events=[stored(2), stored(2, MINUTE)], reached=[reached(0, 4)]))
    assert list(rows) == [MINUTE]
    assert rows[MINUTE].residual == 0


def test_a_minute_of_which_one_partition_is_deleted_is_not_judged(count: Any) -> None:
    broker = Broker([*raws(BEFORE, MINUTE), *raws(BEFORE - MINUTE_MS, BEFORE, MINUTE,
                                                     partition=1)])
    broker.delete_before(RAW, 1, 1)
    rows = count(broker, Rows(events=[stored(2), stored(2, MINUTE)],
                              reached=[reached(0, 2), reached(1, 3)]))
    assert [(row.minute, row.residual) for row in rows.values()] == [(MINUTE, 0)]


def test_an_idle_partition_that_retention_emptied_keeps_nothing_from_being_judged(
        count: Any) -> None:
    broker = Broker([*raws(BEFORE), *raws(0, 0, partition=1)])
    broker.delete_before(RAW, 1, 2)
    rows = count(broker, Rows(events=[stored(1)], reached=[reached(0, 1), reached(1, 2)]))
    assert [(row.minute, row.residual) for row in rows.values()] == [(BEFORE, 0)]


def test_bounds_of_past_minutes_are_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    broker = Broker(raws(BEFORE, MINUTE))
    monkeypatch.setattr(ledger, "open_consumer", lambda *_: broker)
    monkeypatch.setattr(ledger, "connect", lambda _: Rows(reached=[reached(0, 2)]))
    one = Ledger()
    first, asked = one.count(3, NOW), list(broker.asked)
    broker.asked.clear()
    assert one.count(3, NOW) == first
    assert set(broker.asked) == {MINUTE + MINUTE_MS}
    assert set(asked) == {MINUTE + i * MINUTE_MS for i in (-2, -1, 0, 1)}


def test_rows_are_written_with_their_residual(
        count: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = Rows()
    count(Broker(raws(BEFORE)), rows)
    Ledger().write([Row(RAW, BEFORE, 5, counted=3)], NOW)
    written = rows.written["ledger"]
    assert {name: values[0] for name, values in written.items()} == {
        "raw_topic": RAW, "minute": BEFORE // 1000, "received": 5, "counted": 3, "late": 0,
        "refused": 0, "duplicates": 0, "in_flight": 0, "residual": 2, "computed_at": NOW}
