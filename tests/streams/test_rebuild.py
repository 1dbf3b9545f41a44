"""Test on a real broker and store that tables are refilled from their topics, and compared."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner, Result
from kafka import TopicPartition as Place

from infra.commands import rebuild as commands
from schemas import registry
from schemas.errors import ComponentError
from schemas.render.clickhouse import SYSTEM_TABLES
from streams import rebuild as module
from streams.broker import open_admin, open_consumer, open_producer
from streams.digest import list_sources
from streams.rebuild import RebuildError, Rebuilt, alone, rebuild
from streams.sink import GROUP, Sink
from streams.store import Store, connect
from tests.streams.test_sink_live import clean_event, window

pytestmark = [pytest.mark.live, pytest.mark.timeout(500)]
EVENTS, RESULTS = "parking_occupancy", "parking_state"
NOW = int(time.time() * 1000)
# the first record of each topic is so old that all others lie in what must be in the topic
FIRST = {EVENTS: "id != 'first'", "dead_letters": "raw_topic != 'raw-first--x'"}


@pytest.fixture(scope="module", autouse=True)
def running_sink(registered: str, migrator: Store) -> Iterator[None]:
    """Run the real sink for all tests here."""
    ended = threading.Event()
    one = Sink(open_consumer("sink", GROUP), connect("sink"), ended)
    thread = threading.Thread(target=one.run)
    thread.start()
    yield
    ended.set()
    thread.join()


def publish(topic: str, *records: dict[str, Any] | bytes, key: str = "k") -> None:
    """Write records to a topic of ours."""
    producer = open_producer("gate")
    for one in records:
        producer.produce(topic, key=key.encode(),
                         value=one if isinstance(one, bytes) else msgspec.json.encode(one))
    assert producer.flush(30) == 0


def parking(*numbers: int, **changed: Any) -> None:
    """Publish clean events of car parks."""
    publish("event-parking-occupancy", *(clean_event("parking-occupancy", number, **changed)
                                         for number in numbers))


def rows(store: Store, table: str) -> int:
    """Count the rows of a view, without the first."""
    where = FIRST.get(table, "1")
    return int(store.query(f"SELECT count() AS n FROM city.{table} WHERE {where}")[0]["n"])


def await_rows(store: Store, table: str, number: int) -> None:
    """Wait until a view has so many rows."""
    until = time.monotonic() + 60
    while rows(store, table) != number:
        assert time.monotonic() < until, (table, rows(store, table), number)
        time.sleep(0.2)


@pytest.fixture
def fresh(migrator: Store, reader: Store) -> None:
    """Empty topics and tables but for one old record each, as where retention has cut."""
    topics = ("event-parking-occupancy", "result-parking-state", "dead-letters")
    for topic in topics:
        publish(topic, b"nothing")
    admin = open_admin()
    admin.delete_records({Place(topic, 0): -1 for topic in topics})
    admin.close()
    time.sleep(1.0)
    for name in (EVENTS, RESULTS, "dead_letters"):
        migrator.execute(f"TRUNCATE TABLE store.{name}")
    old = NOW - 3 * 3_600_000
    parking(0, id="first", received_at=old, observed_at=old)
    publish("dead-letters", letter("raw-first--x", old))
    until = time.monotonic() + 60
    while time.monotonic() < until and not all(reader.query(
            f"SELECT 1 FROM city.{table} WHERE NOT ({where})") for table, where in FIRST.items()):
        time.sleep(0.2)


def letter(topic: str, at: int) -> dict[str, Any]:
    """Make a dead letter as the gate writes it."""
    return {"raw_topic": topic, "raw_partition": 0, "raw_offset": 1, "received_at": at,
            "reason": "not-json", "class": "refused", "kept_until": NOW + 86_400_000}


def run(table: str, migrator: Store, **more: Any) -> Rebuilt:
    """Rebuild one table."""
    return rebuild(list_sources()[table], migrator, lambda *_: None, **more)


def invoke(*arguments: str) -> Result:
    """Run `citybrain rebuild`."""
    return CliRunner().invoke(commands.command, arguments)


def test_everything_that_a_topic_fills_can_be_rebuilt() -> None:
    declared = {one.table for one in registry.families().values()}
    declared |= {one.table for one in registry.results().values()}
    assert set(list_sources()) == declared | set(SYSTEM_TABLES) - {"ledger"}


def test_an_event_table_and_a_result_table_hold_what_their_topics_give(
        fresh: None, migrator: Store, reader: Store) -> None:
    parking(*range(500))
    parking(3, 4)  # written again, as after a restart
    publish("result-parking-state", *(window("parking-state", car_park_id=f"p{i}", version=v,
                                             events=v) for i in range(50) for v in (1, 3, 3)))
    await_rows(reader, EVENTS, 500)
    await_rows(reader, RESULTS, 50)
    told = invoke(EVENTS, "parking-state", "--json")
    assert told.exit_code == 0, told.output
    for one, number in zip(json.loads(told.stdout), (500, 50), strict=True):
        found = one["comparison"]
        assert found["rows_before"] == found["rows_after"] == number, one
        assert found["before"] == found["after"] != 0
        assert one["exchanged"]
        assert rows(reader, one["table"]) == number
    assert "equal, 500 rows" in invoke(EVENTS).output


def test_a_table_emptied_by_hand_is_restored(fresh: None, migrator: Store, reader: Store) -> None:
    parking(*range(200))
    await_rows(reader, EVENTS, 200)
    before = run(EVENTS, migrator).comparison
    migrator.execute(f"TRUNCATE TABLE store.{EVENTS}")
    told = invoke(EVENTS)
    assert told.exit_code == 1
    assert "200 rows missing" in told.output and "the topic's rows stand now" in told.output
    assert rows(reader, EVENTS) == 200
    after = run(EVENTS, migrator).comparison
    assert after.equal and after.after == before.after
    migrator.execute(f"TRUNCATE TABLE store.{EVENTS}")
    assert invoke(EVENTS, "--replace").exit_code == 0
    assert run(EVENTS, migrator).comparison == after


def test_a_row_changed_by_hand_is_found_and_left_unless_told(
        fresh: None, migrator: Store, sink: Store, reader: Store) -> None:
    parking(*range(20))
    await_rows(reader, EVENTS, 20)
    migrator.execute(f"ALTER TABLE store.{EVENTS} UPDATE occupied = occupied + 1 WHERE id ="
                     " 'parking-occupancy-7' SETTINGS mutations_sync = 2")
    changed = run(EVENTS, migrator)
    assert (changed.comparison.changed, changed.comparison.missing, changed.exchanged) == (
        1, 0, False)
    assert not changed.comparison.equal
    replaced = run(EVENTS, migrator, replace_rows=True)
    assert replaced.exchanged
    assert run(EVENTS, migrator).comparison.equal


def test_a_row_that_no_topic_gives_is_found_and_left_unless_told(
        fresh: None, migrator: Store, sink: Store, reader: Store) -> None:
    parking(1)
    await_rows(reader, EVENTS, 1)
    ghost = {**clean_event("parking-occupancy", 99), "received_at": int(time.time() * 1000)}
    source = list_sources()[EVENTS]
    sink.insert(EVENTS, source.rows.lay_out([ghost]))
    told = invoke(EVENTS)
    assert told.exit_code == 1
    assert "1 that the topic does not give; left as it was" in told.output
    assert rows(reader, EVENTS) == 2
    assert invoke(EVENTS, "--replace").exit_code == 0
    assert rows(reader, EVENTS) == 1


def test_rows_older_than_the_topic_are_kept(
        fresh: None, migrator: Store, sink: Store, reader: Store) -> None:
    source, old = list_sources()[EVENTS], clean_event("parking-occupancy", 5)
    old |= {"received_at": NOW - 7_200_000, "observed_at": NOW - 7_200_000, "id": "old"}
    sink.insert(EVENTS, source.rows.lay_out([old]))
    parking(1, received_at=NOW)
    await_rows(reader, EVENTS, 2)
    done = run(EVENTS, migrator)
    assert done.comparison.equal and done.comparison.rows_after == 1
    assert (done.kept, done.exchanged) == (2, True)
    assert rows(reader, EVENTS) == 2
    assert "2 rows older than the topic kept" in invoke(EVENTS).output


def test_the_sinks_own_letters_are_kept_and_what_is_no_row_is_counted(
        fresh: None, migrator: Store, reader: Store) -> None:
    parking(1)
    publish("event-parking-occupancy", clean_event("parking-occupancy", 2, occupied="many"), b"{")
    publish("dead-letters", letter("raw-a--b", NOW))
    await_rows(reader, "dead_letters", 3)
    assert run(EVENTS, migrator).set_aside == 2
    done = run("dead_letters", migrator)
    assert done.comparison.equal and done.comparison.rows_after == 1
    assert rows(reader, "dead_letters") == 3


def test_nobody_reads_a_table_half_full_while_the_sink_goes_on(
        fresh: None, migrator: Store, reader: Store) -> None:
    parking(*range(1_000))
    await_rows(reader, EVENTS, 1_000)
    ended, seen, sent = threading.Event(), list[int](), [1_000]

    def look() -> None:
        with_own = connect("reader")
        while not ended.is_set():
            seen.append(rows(with_own, EVENTS))
        with_own.close()

    def write() -> None:
        while not ended.is_set():
            parking(*range(sent[0], sent[0] + 50))
            sent[0] += 50
            time.sleep(0.05)

    threads = [threading.Thread(target=one) for one in (look, write)]
    for one in threads:
        one.start()
    try:
        found = [run(EVENTS, migrator) for _ in range(4)]
    finally:
        ended.set()
        for one in threads:
            one.join()
    assert all(one.comparison.equal and one.exchanged for one in found), found
    assert min(seen) >= 1_000 and len(seen) > 4
    await_rows(reader, EVENTS, sent[0])
    assert run(EVENTS, migrator).comparison.rows_after == sent[0]


def test_the_table_keeps_its_engine_lifetime_and_comments(
        fresh: None, migrator: Store) -> None:
    def told() -> Any:
        return migrator.query(
            "SELECT name, engine_full, comment, sorting_key, partition_key FROM system.tables"
            " WHERE database = 'store' ORDER BY name"), migrator.query(
            "SELECT table, name, type, comment, default_expression FROM system.columns"
            " WHERE database = 'store' ORDER BY table, position")

    before = told()
    for table in (EVENTS, RESULTS, "dead_letters", "gate_ledger", "publisher_progress",
                  "window_final"):
        run(table, migrator)
    assert told() == before


def test_a_sink_that_is_away_is_told_and_nothing_changes(
        fresh: None, migrator: Store, reader: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    parking(1)
    await_rows(reader, EVENTS, 1)
    monkeypatch.setattr(module, "SINK_SECONDS", 0.5)
    monkeypatch.setattr("streams.topic_log.GROUP", "sink-that-never-was")
    with pytest.raises(RebuildError, match="is it running"):
        run(EVENTS, migrator)
    assert rows(reader, EVENTS) == 1
    assert not migrator.query("SELECT name FROM system.tables WHERE name LIKE 'rebuild%%'")


def test_what_went_wrong_halfway_leaves_the_table_as_it_was(
        fresh: None, migrator: Store, reader: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    parking(1)
    await_rows(reader, EVENTS, 1)

    def fail(*_: object) -> None:
        raise ComponentError("ClickHouse does not answer")

    monkeypatch.setattr(module, "fill", fail)
    with pytest.raises(RebuildError, match="parking_occupancy: ClickHouse does not answer"):
        run(EVENTS, migrator)
    assert rows(reader, EVENTS) == 1


def test_one_rebuild_at_a_time() -> None:
    with alone():
        told = invoke(EVENTS)
    assert (told.exit_code, "another rebuild is under way" in told.output) == (1, True)


def test_a_table_that_no_topic_fills_is_told() -> None:
    told = invoke("ledger")
    assert told.exit_code == 1
    assert "no topic fills a table ledger; there are air_quality" in told.output
