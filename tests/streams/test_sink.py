"""Test the sink's order of work and what it sets aside, over a broker and a store in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from schemas.errors import ComponentError
from streams import sink as sink_module
from streams.sink import TOPICS, Sink
from streams.store import BadRowError, RefusedError
from tests.streams.played import Broker, Told

AT = 1_764_000_000_000
EVENTS, RESULTS = "event-parking-occupancy", "result-parking-state"


class Tables:
    """Play the store: keep rows, refuse bad ones, be away as often as told."""

    def __init__(self, broker: Broker, away: int = 0,
                 waiting: Callable[[], None] = lambda: None) -> None:
        """Be away for so many inserts."""
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.commits_seen: list[int] = []
        self.blocks: list[int] = []
        self._broker, self._away, self._waiting = broker, away, waiting

    def insert(self, table: str, columns: Mapping[str, Sequence[Any]]) -> int:
        """Keep all rows or none."""
        self.commits_seen.append(len(self._broker.commits))
        if self._away:
            self._away -= 1
            self._waiting()
            raise ComponentError("ClickHouse does not answer")
        rows = [dict(zip(columns, row, strict=True))
                for row in zip(*columns.values(), strict=True)]
        if any(row.get("occupied") == "bad" for row in rows):
            raise BadRowError("'bad' is no number")
        self.rows.setdefault(table, []).extend(rows)
        self.blocks.append(len(rows))
        return len(rows)

    def insert_json(self, statement: str, bodies: Sequence[bytes],  # noqa: ARG002
                    appended: Sequence[int]) -> int:  # noqa: ARG002
        """Refuse, so that records are taken apart; `test_filling` lets a real store read them."""
        raise RefusedError("the store cannot read records")

    def ids(self) -> list[str]:
        """Give the ids of the events held."""
        return [row["id"] for row in self.rows.get("parking_occupancy", [])]


def events(*changes: dict[str, Any]) -> list[Told]:
    """Make clean events with these fields, ids e0, e1 and so on."""
    return [Told(EVENTS, AT + i, value={"id": f"e{i}", "observed_at": AT, **one}, offset=i)
            for i, one in enumerate(changes)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each step write what it read, and try again without waiting."""
    monkeypatch.setattr(sink_module, "BATCH_SECONDS", 0.0)
    monkeypatch.setattr(sink_module, "wait_exponential", lambda *_, **__: lambda _: 0.0)


def work(broker: Broker, tables: Tables, steps: int = 1,
         ended: threading.Event | None = None) -> Sink:
    """Let a sink work for some steps."""
    one = Sink(broker, tables, ended or threading.Event())  # type: ignore[arg-type]
    broker.subscribe(TOPICS)
    for _ in range(steps):
        one.step(0.0)
    return one


def test_rows_are_inserted_before_their_offsets_are_committed() -> None:
    broker = Broker([*events({}, {}), Told(RESULTS, AT, value={
        "window_seconds": 60, "window_start": AT, "car_park_id": "p"}, offset=0)])
    tables = Tables(broker)
    work(broker, tables, 2)
    assert tables.commits_seen == [0, 0]
    assert broker.commits == [{(EVENTS, 0): 2, (RESULTS, 0): 1}]
    assert tables.ids() == ["e0", "e1"]
    assert tables.rows["parking_state"][0]["computed_at"] == AT


def test_a_young_and_small_batch_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "BATCH_SECONDS", 3600.0)
    broker = Broker(events({}, {}))
    tables = Tables(broker)
    one = work(broker, tables)
    assert (tables.rows, broker.commits) == ({}, [])
    monkeypatch.setattr(sink_module, "BATCH_ROWS", 2)
    one.step(0.0)
    assert (tables.ids(), len(broker.commits)) == (["e0", "e1"], 1)


def test_a_batch_of_few_but_long_records_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "BATCH_SECONDS", 3600.0)
    broker = Broker(events({}, {"name": "x" * 1000}))
    tables = Tables(broker)
    monkeypatch.setattr(sink_module, "BATCH_BYTES", 1000)
    work(broker, tables)
    assert len(tables.ids()) == 2


def test_while_the_store_is_away_nothing_is_committed_and_nothing_lost() -> None:
    broker = Broker(events({}, {}, {}))
    tables = Tables(broker, away=5)
    work(broker, tables)
    assert tables.commits_seen == [0] * 6
    assert tables.ids() == ["e0", "e1", "e2"]
    assert broker.done == {(EVENTS, 0): 3}


def test_told_to_stop_while_the_store_is_away_it_commits_nothing() -> None:
    ended = threading.Event()
    broker = Broker(events({}, {}))
    tables = Tables(broker, away=1_000_000, waiting=ended.set)
    work(broker, tables, ended=ended)
    assert (broker.commits, tables.rows) == ([], {})
    tables = Tables(broker)
    work(broker, tables)
    assert tables.ids() == ["e0", "e1"]


def test_told_to_stop_it_writes_what_it_gathered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sink_module, "BATCH_SECONDS", 3600.0)
    ended = threading.Event()
    broker = Broker(events({}, {}))
    tables, consume = Tables(broker), broker.consume

    def last(number: int, seconds: float) -> list[Told]:
        ended.set()
        return consume(number, seconds)

    monkeypatch.setattr(broker, "consume", last)
    Sink(broker, tables, ended).run()  # type: ignore[arg-type]
    assert (tables.ids(), broker.done) == (["e0", "e1"], {(EVENTS, 0): 2})


def test_a_row_that_does_not_fit_is_set_aside_and_its_neighbours_are_stored() -> None:
    broker = Broker(events({}, {}, {}, {"occupied": "bad"}, {}, {}, {}))
    tables = Tables(broker)
    work(broker, tables)
    assert sorted(tables.ids()) == ["e0", "e1", "e2", "e4", "e5", "e6"]
    (letter,) = tables.rows["dead_letters"]
    assert (letter["raw_topic"], letter["raw_partition"], letter["raw_offset"]) == (EVENTS, 0, 3)
    assert (letter["class"], letter["reason"]) == ("internal", "internal")
    assert letter["received_at"] == AT + 3
    assert letter["kept_until"] * 1000 > AT + 86_400_000
    assert "no number" in letter["detail"]
    assert broker.done == {(EVENTS, 0): 7}


def test_a_window_without_start_is_set_aside() -> None:
    good = {"window_seconds": 60, "window_start": AT}
    broker = Broker([Told(RESULTS, AT, value=value, offset=i) for i, value in enumerate([
        good, {"window_seconds": 60}, {**good, "window_start": "noon"}, good])])
    tables = Tables(broker)
    work(broker, tables)
    assert len(tables.rows["parking_state"]) == 2
    assert [letter["raw_offset"] for letter in tables.rows["dead_letters"]] == [1, 2]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"\xff", b"[" * 100_000, b""])
def test_a_record_that_is_no_object_is_set_aside(body: bytes) -> None:
    broker = Broker([*events({}), Told(EVENTS, AT + 9, value=body, offset=1),
                     Told(EVENTS, AT + 9, value={"id": "e2", "observed_at": AT}, offset=2)])
    tables = Tables(broker)
    work(broker, tables)
    assert tables.ids() == ["e0", "e2"]
    (letter,) = tables.rows["dead_letters"]
    assert (letter["raw_topic"], letter["raw_offset"]) == (EVENTS, 1)
    assert letter["received_at"] == AT + 9


def test_deletions_and_undeclared_topics_hold_nobody_up() -> None:
    broker = Broker([Told("event-nothing", AT, value={}), Told(EVENTS, AT, value=None),
                     Told(EVENTS, AT, value={"id": "e1"}, offset=1)])
    tables = Tables(broker)
    work(broker, tables)
    assert tables.ids() == ["e1"]
    assert broker.done == {("event-nothing", 0): 1, (EVENTS, 0): 2}


def test_letters_and_records_of_one_batch_go_to_their_own_tables() -> None:
    broker = Broker([Told("dead-letters", AT, value={"reason": "x", "received_at": AT}),
                     Told("window-final", AT, value={
                         "result": "r", "window_seconds": 60, "window_start": AT, "final_at": AT}),
                     *events({})])
    tables = Tables(broker)
    work(broker, tables)
    assert {name: len(rows) for name, rows in tables.rows.items()} == {
        "dead_letters": 1, "window_final": 1, "parking_occupancy": 1}
