"""Settle what was sent to a raw topic against the gate's own counts.

The counts are the gate's, read from the store after the gate has passed the last record sent; what
it has not passed in time is in flight. Nothing is obtained by subtraction from what was sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaException, TopicPartition

from schemas.errors import ComponentError
from streams.broker import open_consumer
from streams.queries.reader import Row, Store
from streams.queries.replay import GateCount, list_refusals, read_gate

Offsets = dict[int, int]
Waiting = Callable[[int], None]
_POLL_SECONDS = 0.5
_PAST_SECONDS = 7200


@dataclass(slots=True)
class Settled:
    """Hold how the gate judged what was sent; `reasons` are rows of reason, field, events."""

    accepted: int = 0
    refused: int = 0
    late: int = 0
    duplicates: int = 0
    in_flight: int = 0
    reasons: list[Row] = field(default_factory=list)


def read_offsets(account: str, topic: str, seconds: float = 60.0) -> dict[int, tuple[int, int]]:
    """Read first and end offset of each partition, waiting for a topic that is being made."""
    consumer = open_consumer(account, f"{account}-offsets")
    until = time.monotonic() + seconds
    try:
        while True:
            try:
                found = consumer.list_topics(topic, timeout=5.0).topics[topic]
                if found.error is None and found.partitions:
                    return {part: consumer.get_watermark_offsets(
                        TopicPartition(topic, part), timeout=10.0) for part in found.partitions}
                why = str(found.error)
            except KafkaException as error:
                why = str(error)
            if time.monotonic() > until:
                raise ComponentError(
                    f"topic {topic} cannot be reached by account {account} after {seconds:g} s:"
                    f" {why}; is the broker up, and the registrar?")
            time.sleep(_POLL_SECONDS)
    finally:
        consumer.close()


class Settlement:
    """Compare the gate's counts of one topic before and after sending."""

    def __init__(self, store: Store, topic: str, start: dict[int, tuple[int, int]],
                 seconds: float = 60.0) -> None:
        """Wait until the gate has judged all that is there, and keep its counts."""
        self._store, self._topic = store, topic
        self._since = int(time.time()) - _PAST_SECONDS
        self._start = {part: high for part, (_, high) in start.items()}
        there = {part: high for part, (low, high) in start.items() if high > low}
        self._before = self._wait(there, seconds, lambda _: None)
        lacking = [part for part, end in there.items()
                   if self._before.get(part, GateCount()).next_offset < end]
        if lacking:
            raise ComponentError(
                f"the gate has not judged all of {topic} (partitions {lacking}) after"
                f" {seconds:g} s; is the job running? See: citybrain job status")

    def _wait(self, ends: Offsets, seconds: float, waiting: Waiting) -> dict[int, GateCount]:
        """Wait until the gate has passed the offsets, or `seconds` went by without progress."""
        until, last = time.monotonic() + seconds, -1
        while True:
            now = read_gate(self._store, self._topic, self._since)
            left = _left(ends, now)
            waiting(left)
            if left != last:
                until, last = time.monotonic() + seconds, left
            if left == 0 or time.monotonic() > until:
                return now
            time.sleep(_POLL_SECONDS)

    def settle(self, ends: Offsets, waiting: Waiting, seconds: float = 60.0) -> Settled:
        """Give how the gate judged what lies between the starts and `ends` (end offsets)."""
        after = self._wait(ends, seconds, waiting)
        settled = Settled(in_flight=_left(ends, after), **{
            name: sum(getattr(after.get(part, GateCount()), name)
                      - getattr(self._before.get(part, GateCount()), name) for part in ends)
            for name in ("accepted", "refused", "late", "duplicates")})
        ranges = {part: (self._start.get(part, 0), end) for part, end in ends.items()}
        settled.reasons = self._reasons(ranges, settled.refused + settled.late, seconds)
        return settled

    def _reasons(self, ranges: dict[int, tuple[int, int]], wanted: int, seconds: float
                 ) -> list[dict[str, Any]]:
        """Wait for the dead letters, which come to the store on their own way."""
        until = time.monotonic() + seconds
        while True:
            found = list_refusals(self._store, self._topic, ranges)
            if sum(row["events"] for row in found) >= wanted or time.monotonic() > until:
                return found
            time.sleep(_POLL_SECONDS)


def _left(ends: Offsets, now: dict[int, GateCount]) -> int:
    """Count the records before the ends that the gate has not passed."""
    return sum(max(0, end - now.get(part, GateCount()).next_offset) for part, end in ends.items())
