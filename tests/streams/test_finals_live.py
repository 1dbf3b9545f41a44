"""Test on a real broker that finality is read back whole before anything is declared."""

from __future__ import annotations

import time

import msgspec
import pytest

from schemas import registry
from streams.broker import open_consumer, open_producer
from streams.finals import Finals, Reader, Window

RESULT = registry.results()["parking-state"]
NOW = int(time.time() * 1000)
WINDOW = Window(60, NOW // 60_000 * 60_000 - 600_000, RESULT.name)


@pytest.mark.live
def test_rows_progress_and_statements_are_all_read_before_the_first_look(registered: str) -> None:
    encode = msgspec.json.encode
    key = {"window_seconds": 60, "window_start": WINDOW.window_start, "car_park_id": "p"}
    producer = open_producer("admin")
    producer.produce(RESULT.topic, key=encode(key), value=encode({"events": 1}))
    producer.produce("publisher-progress", key=b"{}", value=encode(
        {"source": "slow", "family": RESULT.inputs[0], "observed_at": WINDOW.window_start}))
    other = Window(300, WINDOW.window_start, RESULT.name)
    producer.produce("window-final", key=encode(other), value=encode(
        {**msgspec.structs.asdict(other), "final_at": NOW}))
    assert producer.flush(20) == 0
    finals = Finals()
    consumer = open_consumer("agents", "agents-finals-test", **{"enable.partition.eof": True})
    reader, until = Reader(consumer), time.monotonic() + 60
    while not (reader.read(finals) and finals.changed_at) and time.monotonic() < until:
        pass
    consumer.close()
    assert WINDOW in finals.changed_at
    assert other in finals.final
    assert finals.progress["slow", RESULT.inputs[0]][0] == WINDOW.window_start
    # other results of the shared broker are none of this test's
    assert RESULT.name not in {one.result for one in finals.declare(int(time.time() * 1000))}
