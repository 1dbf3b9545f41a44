"""Keep the ledger of every raw topic and append minute: `python -m streams.ledger`.

    received = counted + late + refused + duplicates + in flight

Each term is counted where it happens, none by subtraction: received from the broker's offsets at
the minute's bounds, counted from the distinct events in the store, late and refused from the dead
letters, duplicates from the gate's own counts, in flight from the records that gate and sink have
not come to yet. What is left over is the residual; at rest it is 0, and anything else is a loss.
"""

from __future__ import annotations

import logging
import signal
import time
from collections import Counter
from dataclasses import dataclass
from threading import Event
from typing import Any

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from schemas import registry
from schemas.errors import CityBrainError, ComponentError
from streams.agents.history import list_topics
from streams.broker import open_consumer
from streams.metrics import ERRORS, serve
from streams.store import connect

log = logging.getLogger("ledger")
PERIOD_SECONDS = 5.0
MINUTE_MS = 60_000
SETTLED_MS = 60_000
RECENT_MINUTES = 3
LONG_MINUTES = 20
LONG_EVERY = 12
MOST_TAIL_RECORDS = 100_000
TAIL_SECONDS = 10.0
Cell = tuple[str, int]
TERMS = ("counted", "late", "refused", "duplicates", "in_flight")


@dataclass(slots=True)
class Row:
    """Hold the terms of one raw topic and append minute (epoch ms)."""

    raw_topic: str
    minute: int
    received: int
    counted: int = 0
    late: int = 0
    refused: int = 0
    duplicates: int = 0
    in_flight: int = 0

    @property
    def residual(self) -> int:
        """Give what no term accounts for."""
        explained: int = sum(getattr(self, term) for term in TERMS)
        return self.received - explained


class _Tail(msgspec.Struct):
    """Read the coordinates out of a clean event or a dead letter."""

    raw_topic: str
    received_at: int


class Ledger:
    """Count the terms of the last minutes."""

    def __init__(self) -> None:
        """Open the connections; the consumer belongs to the sink's group to see its offsets."""
        self._consumer: Consumer = open_consumer("ledger", "sink")
        self._reader, self._writer = connect("reader"), connect("sink")
        self._bounds: dict[tuple[str, int, int], int] = {}

    def count(self, minutes: int, now: int) -> list[Row]:
        """Count the ledger of the last `minutes` minutes; rows without records are left out."""
        last = now // MINUTE_MS * MINUTE_MS
        starts = [last - i * MINUTE_MS for i in range(minutes)]
        places = self._places("raw-")
        rows = {(r.raw_topic, r.minute): r for r in self._received(places, starts, last)}
        waiting = self._in_gate(rows)
        waiting.update(self._in_tail())
        for term, cells in {**self._stored(min(starts)), "in_flight": waiting}.items():
            for cell, number in cells.items():
                if cell in rows:
                    setattr(rows[cell], term, number)
        return [row for row in rows.values() if row.received]

    def _places(self, prefix: str) -> list[TopicPartition]:
        """List the partitions of the topics that begin with a prefix."""
        return [TopicPartition(name, partition)
                for name, partitions in list_topics(self._consumer).items()
                if name.startswith(prefix) for partition in range(partitions)]

    def _bound(self, places: list[TopicPartition], at: int, last: int) -> dict[Any, int]:
        """Give each partition's first offset at or after a time; past bounds are remembered."""
        unknown = [p for p in places if (p.topic, p.partition, at) not in self._bounds]
        asked = [TopicPartition(p.topic, p.partition, at) for p in unknown]
        for found in self._consumer.offsets_for_times(asked, 10.0) if asked else []:
            if found.offset >= 0 and at <= last:
                self._bounds[found.topic, found.partition, at] = found.offset
        asked_for = ((p.topic, p.partition) for p in places)
        return {place: self._bounds.get((*place, at), self._ends[place]) for place in asked_for}

    def _received(self, places: list[TopicPartition], starts: list[int], last: int) -> list[Row]:
        """Count records by the broker's offsets at the bounds of each minute."""
        self._ends, lows = {}, {}
        for p in places:
            low, high = self._consumer.get_watermark_offsets(p, timeout=10.0)
            lows[p.topic, p.partition], self._ends[p.topic, p.partition] = low, high
        for key in [key for key in self._bounds if key[2] < min(starts)]:
            del self._bounds[key]
        self._spans: dict[tuple[str, int, int], tuple[int, int]] = {}
        rows: dict[Cell, Row] = {}
        for start in starts:
            first = self._bound(places, start, last)
            after = self._bound(places, start + MINUTE_MS, last)
            for place in first:
                topic, partition = place
                row = rows.setdefault((topic, start), Row(topic, start, 0))
                row.received += after[place] - first[place]
                self._spans[topic, partition, start] = first[place], after[place]
        # a minute whose records retention has begun to delete, or may have, cannot be judged
        gone = {(t, m) for (t, p, m), (a, b) in self._spans.items()
                if 0 < lows[t, p] >= a and (a < b or lows[t, p] < self._ends[t, p])}
        return [row for cell, row in rows.items() if cell not in gone]

    def _in_gate(self, rows: dict[Cell, Row]) -> Counter[Cell]:
        """Count the records that the gate has not come to yet."""
        reached = {(r["raw_topic"], r["raw_partition"]): r["reached"] for r in self._reader.query(
            "SELECT raw_topic, raw_partition, max(next_offset) AS reached FROM city.gate_ledger"
            " WHERE minute > now() - INTERVAL 2 DAY GROUP BY raw_topic, raw_partition")}
        waiting: Counter[Cell] = Counter()
        for (topic, partition, minute), (first, after) in self._spans.items():
            if (topic, minute) in rows:
                begun = max(first, reached.get((topic, partition), 0))
                waiting[topic, minute] += max(0, after - begun)
        return waiting

    def _in_tail(self) -> Counter[Cell]:
        """Count the clean events and dead letters that the sink has not committed yet."""
        places = self._places("event-") + self._places("dead-letters")
        found: Counter[Cell] = Counter()
        tails, total = {}, 0
        for place in self._consumer.committed(places, timeout=10.0):
            low, high = self._consumer.get_watermark_offsets(place, timeout=10.0)
            start = place.offset if place.offset >= 0 else low
            if high > start:
                tails[place.topic, place.partition] = (start, high)
                total += high - start
        if total > MOST_TAIL_RECORDS:
            raise ComponentError(f"the sink is {total} records behind: not at rest, not judged")
        if tails:
            self._read_tails(tails, found)
        return found

    def _read_tails(self, tails: dict[tuple[str, int], tuple[int, int]],
                    found: Counter[Cell]) -> None:
        """Read the tails record by record."""
        self._consumer.assign([TopicPartition(t, p, start if start >= 0 else OFFSET_BEGINNING)
                               for (t, p), (start, _) in tails.items()])
        left, until = {p: end for p, (_, end) in tails.items()}, time.monotonic() + TAIL_SECONDS
        while left:
            if time.monotonic() > until:
                raise ComponentError(f"{sorted(left)} were not read in {TAIL_SECONDS:g} s")
            for message in self._consumer.consume(5_000, 0.2):
                place = (message.topic() or "", message.partition() or 0)
                offset, value = message.offset() or 0, message.value()
                if place in left and offset < left[place] and value is not None:
                    found.update(_cells(value))
                if place in left and offset >= left[place] - 1:
                    del left[place]
        self._consumer.unassign()

    def _stored(self, since: int) -> dict[str, dict[Cell, int]]:
        """Count what the store holds of each topic and minute."""
        events = " UNION ALL ".join(
            f"SELECT raw_topic, toStartOfMinute(received_at) AS minute, uniqExact(id) AS number"
            f" FROM city.{family.table} WHERE received_at >= fromUnixTimestamp64Milli(%(since)s)"
            f" GROUP BY raw_topic, minute" for family in registry.families().values())
        letters = ("SELECT raw_topic, toStartOfMinute(received_at) AS minute,"
                   " uniqExact(raw_partition, raw_offset) AS number FROM city.dead_letters"
                   " WHERE class = '{}' AND received_at >= fromUnixTimestamp64Milli(%(since)s)"
                   " GROUP BY raw_topic, minute")
        doubles = ("SELECT raw_topic, minute, sum(duplicates) AS number FROM city.gate_ledger"
                   " WHERE minute >= fromUnixTimestamp64Milli(%(since)s)"
                   " GROUP BY raw_topic, minute")
        queries = {"counted": events, "late": letters.format("late"),
                   "refused": letters.format("refused"), "duplicates": doubles}
        return {term: {(r["raw_topic"], int(r["minute"].timestamp()) * 1000): r["number"]
                       for r in self._reader.query(sql, {"since": since})}
                for term, sql in queries.items()}

    def write(self, rows: list[Row], now: int) -> None:
        """Write rows to the store."""
        names = ("raw_topic", "received", *TERMS, "residual")
        columns: dict[str, list[Any]] = {n: [getattr(r, n) for r in rows] for n in names}
        self._writer.insert("ledger", {
            **columns, "minute": [row.minute // 1000 for row in rows],
            "computed_at": [now] * len(rows)})


def _cells(value: bytes) -> list[Cell]:
    """Give topic and minute of an event or dead letter; none of what the sink will set aside."""
    try:
        tail = msgspec.json.decode(value, type=_Tail)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return []
    return [(tail.raw_topic, tail.received_at // MINUTE_MS * MINUTE_MS)]


def settled(rows: list[Row], now: int) -> list[Row]:
    """Give the rows that can be judged: ended long enough ago, and nothing of them in flight.

    Terms are counted one after another, so that what moves on meanwhile is counted twice.
    """
    return [row for row in rows
            if row.minute + MINUTE_MS + SETTLED_MS <= now and not row.in_flight]


def main() -> None:
    """Keep the ledger until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ended, ledger, turn = Event(), Ledger(), 0
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    serve("ledger")
    while not ended.wait(PERIOD_SECONDS):
        now = time.time_ns() // 1_000_000
        try:
            registry.refresh()
            rows = ledger.count(LONG_MINUTES if turn % LONG_EVERY == 0 else RECENT_MINUTES, now)
            ledger.write(rows, now)
            for row in settled(rows, now):
                if row.residual:
                    log.error("residual %d in %s", row.residual, row)
            turn += 1
        except (CityBrainError, KafkaException) as error:
            ERRORS.labels("ledger").inc()
            log.warning("%s", error)


if __name__ == "__main__":
    main()
