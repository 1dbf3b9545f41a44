"""Test sending and settling over a real broker and a real store, with the gate played by hand."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from confluent_kafka import TopicPartition

from infra.commands import publish
from schemas import registry
from schemas.errors import ComponentError
from streams.broker import open_consumer
from streams.mapping.read import read_map
from streams.publisher import Publisher
from streams.publishers import Registration, register
from streams.replay import MAX_SPEED, Recording, send
from streams.settlement import Settlement, read_offsets
from streams.store import Store
from tests.streams.test_replay import MAP, ROWS

pytestmark = pytest.mark.live
TOPIC = "raw-test-cases--grid-case"


@pytest.fixture(scope="module")
def broker(registered: str) -> str:
    """Give a broker with the platform's accounts and topics, and a source of recordings."""
    register(Registration("test-cases", "Cases", "案件", "wgs84", ["grid-case"], replay=True))
    return registered


def read_all(topic: str, count: int) -> list[tuple[bytes, dict[str, bytes], bytes]]:
    """Read so many records of a topic: key, headers, body."""
    consumer = open_consumer("admin", "test-reader")
    parts = consumer.list_topics(topic, timeout=10.0).topics[topic].partitions
    consumer.assign([TopicPartition(topic, part, 0) for part in parts])
    found: list[Any] = []
    until = time.monotonic() + 30
    while len(found) < count and time.monotonic() < until:
        found += [(m.key(), dict(m.headers() or []), m.value())
                  for m in consumer.consume(count, 1.0) if m.error() is None]
    consumer.close()
    return found


def test_a_replay_sends_every_event_under_the_maps_own_account(broker: str, tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    before = read_offsets("test-cases", TOPIC)
    recording = Recording(tmp_path / "rows.csv", read_map(tmp_path / "map.toml"), run="run-7")
    with Publisher("test-cases", verify=False) as publisher:
        sent = send(recording, publisher, run="run-7", speed=MAX_SPEED, progress=lambda *_: None)
    assert (sent.rows, sent.events, sent.unmapped, sent.interrupted) == (4, 5, 1, False)
    after = read_offsets("test-cases", TOPIC)
    assert sum(high for _, high in after.values()) - sum(h for _, h in before.values()) == 5
    records = read_all(TOPIC, 5)
    assert all(headers["replay"] == b"run-7" and headers["ce_source"] == b"test-cases"
               for _, headers, _ in records)
    refused = [json.loads(headers["map_error"]) for _, headers, _ in records
               if "map_error" in headers]
    assert [one["line"] for one in refused] == [4]


def test_a_topic_that_is_not_there_is_told(broker: str) -> None:
    with pytest.raises(ComponentError, match="raw-test-cases--vehicle-position cannot be reached"):
        read_offsets("test-cases", "raw-test-cases--vehicle-position", seconds=1.0)


def test_publish_prints_what_it_refuses_and_sends_the_rest(broker: str) -> None:
    example = registry.get_family("hotline-call").example
    owner = registry.get_family("hotline-call").owner
    topic = f"raw-{owner}--hotline-call"
    key = registry.get_family("hotline-call").key.name
    lines = [json.dumps({**example, key: "mine-1"}), "", "{", "[]",
             json.dumps({k: v for k, v in example.items() if k != key})]
    done = CliRunner().invoke(publish.command, ["hotline-call", "-", "--json"],
                              input="\n".join(lines) + "\n")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert told["published"] == 1
    assert [(one["line"], one["field"], one["reason"]) for one in told["refused"]] == [
        (3, "$", "not-json"), (4, "$", "not-an-object"), (5, key, "missing-field")]
    assert f"line 5: {key} = ''" in done.stderr
    assert [record[0] for record in read_all(topic, 1)] == [b"mine-1"]


MINUTE = dt.datetime.now(dt.UTC).replace(second=0, microsecond=0)
LEDGER = ("raw_topic", "raw_partition", "minute", "records", "accepted", "refused", "late",
          "duplicates", "next_offset", "version", "computed_at")


def gate_counts(sink: Store, *rows: tuple[int, int, int, int, int], topic: str = TOPIC) -> None:
    """Write ledger rows: partition, accepted, refused, duplicates, next offset."""
    table = [(topic, part, MINUTE, ok + no + twice, ok, no, 0, twice, end, ok + no + twice, MINUTE)
             for part, ok, no, twice, end in rows]
    sink.insert("gate_ledger", dict(zip(LEDGER, map(list, zip(*table, strict=True)), strict=True)))


def letters(sink: Store, *offsets: int) -> None:
    """Write dead letters of partition 0."""
    n = len(offsets)
    sink.insert("dead_letters", {
        "source": ["test-cases"] * n, "family": ["grid-case"] * n, "reason": ["not-mapped"] * n,
        "field": ["opened"] * n, "value": [""] * n, "detail": [""] * n, "class": ["refused"] * n,
        "raw_topic": [TOPIC] * n, "raw_partition": [0] * n, "raw_offset": list(offsets),
        "event_id": [""] * n, "received_at": [MINUTE] * n,
        "kept_until": [MINUTE + dt.timedelta(days=1)] * n})


def test_settlement_counts_only_what_was_sent_and_waits_for_the_gate(
        sink: Store, reader: Store) -> None:
    gate_counts(sink, (0, 8, 2, 0, 10))
    letters(sink, 3, 4)
    settlement = Settlement(reader, TOPIC, {0: (0, 10), 1: (0, 0)}, seconds=5.0)
    waits: list[int] = []

    def later() -> None:
        time.sleep(1.0)
        other = Store("sink")
        letters(other, 11)
        gate_counts(other, (0, 11, 3, 1, 15), (1, 2, 0, 0, 2))
        other.close()

    thread = threading.Thread(target=later)
    thread.start()
    settled = settlement.settle({0: 15, 1: 2}, waits.append, seconds=10.0)
    thread.join()
    assert (settled.accepted, settled.refused, settled.duplicates) == (5, 1, 1)
    assert settled.in_flight == 0
    assert settled.reasons == [{"reason": "not-mapped", "field": "opened", "events": 1}]
    assert waits[0] == 7 and waits[-1] == 0


def test_what_the_gate_has_not_passed_in_time_is_in_flight(sink: Store, reader: Store) -> None:
    gate_counts(sink, (0, 8, 2, 0, 10), topic="raw-a--b")
    settlement = Settlement(reader, "raw-a--b", {0: (0, 10)}, seconds=5.0)
    settled = settlement.settle({0: 14}, lambda _: None, seconds=1.0)
    assert (settled.accepted, settled.in_flight) == (0, 4)


def test_a_gate_that_lags_behind_before_the_start_is_told(sink: Store, reader: Store) -> None:
    gate_counts(sink, (0, 8, 2, 0, 10), topic="raw-c--d")
    with pytest.raises(ComponentError, match="has not judged all"):
        Settlement(reader, "raw-c--d", {0: (0, 11)}, seconds=1.0)


def test_a_block_of_years_of_events_can_be_stored(sink: Store, reader: Store) -> None:
    family = registry.get_family("parking-occupancy")
    begun = dt.datetime(2016, 1, 1, tzinfo=dt.UTC)
    days = [begun + dt.timedelta(days=i) for i in range(400)]
    n = len(days)
    columns: dict[str, list[Any]] = {
        "id": [f"e{i}" for i in range(n)], "source": ["dresden"] * n, "observed_at": days,
               "received_at": [dt.datetime.now(dt.UTC)] * n,
               "computed_at": [dt.datetime.now(dt.UTC)] * n, "area": [""] * n,
               "raw_topic": [TOPIC] * n, "raw_partition": [0] * n, "raw_offset": list(range(n))}
    fields = {f.name: [family.example.get(f.name)] * n for f in family.kept}
    assert sink.insert("parking_occupancy", {**columns, **fields}) == n
    (row,) = reader.query("SELECT count() AS n FROM city.parking_occupancy WHERE source='dresden'")
    assert row["n"] == n
