"""Trace records in the store: which became events, which dead letters and why, by coordinates."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from infra.drills.doors import Place
from infra.drills.kinds import GOOD, Fate
from schemas import registry
from streams.settlement import Settled
from streams.store import Store

Ranges = dict[str, dict[int, tuple[int, int]]]
POLL_SECONDS = 0.5
EVENTS = """
SELECT raw_partition AS part, raw_offset AS off, id FROM city.{table}
WHERE raw_topic = %(topic)s AND received_at >= fromUnixTimestamp64Milli(%(since)s) AND ({ranges})"""
LETTERS = """
SELECT raw_partition AS part, raw_offset AS off, reason, field FROM city.dead_letters
WHERE raw_topic = %(topic)s AND ({ranges})"""


@dataclass
class Trace:
    """Hold fate and id of records by coordinates, and what the gate counted of them."""

    fates: dict[Place, Fate] = field(default_factory=dict)
    ids: dict[Place, str] = field(default_factory=dict)
    accepted: int = 0
    refused: int = 0
    duplicates: int = 0
    in_flight: int = 0

    def add(self, settled: Settled) -> None:
        """Add the gate's counts of one topic."""
        self.accepted += settled.accepted
        self.refused += settled.refused + settled.late
        self.duplicates += settled.duplicates
        self.in_flight += settled.in_flight


def read_trace(store: Store, ranges: Ranges, since_ms: int, passed: Trace, seconds: float) -> Trace:
    """Read what lies within [start, end) of each partition, once the store has all of it.

    `passed` says how much the gate has let through; what has not come when the patience ends is
    missing in the trace. The patience (s) begins anew whenever something comes.
    """
    until, last = time.monotonic() + seconds, -1
    while True:
        passed.fates, passed.ids = {}, {}
        for topic, parts in ranges.items():
            _read(store, topic, parts, since_ms, passed)
        if len(passed.fates) != last:
            until, last = time.monotonic() + seconds, len(passed.fates)
        if len(passed.fates) >= passed.accepted + passed.refused or time.monotonic() > until:
            return passed
        time.sleep(POLL_SECONDS)


def _read(store: Store, topic: str, parts: dict[int, tuple[int, int]], since_ms: int,
          trace: Trace) -> None:
    """Read events and dead letters of one topic."""
    chosen = " OR ".join(
        f"(raw_partition = {int(part)} AND raw_offset >= {int(start)} AND raw_offset < {int(end)})"
        for part, (start, end) in sorted(parts.items()) if end > start)
    if not chosen:
        return
    family = registry.families().get(topic.rpartition("--")[2])
    asked = {"topic": topic, "since": since_ms}
    if family is not None:
        for row in store.query(EVENTS.format(table=family.table, ranges=chosen), asked):
            place = (topic, row["part"], row["off"])
            trace.fates[place], trace.ids[place] = GOOD, row["id"]
    for row in store.query(LETTERS.format(ranges=chosen), asked):
        trace.fates[topic, row["part"], row["off"]] = Fate(row["reason"], row["field"])
