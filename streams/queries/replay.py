"""Read what the gate made of a raw topic, to settle a replay against it."""

from __future__ import annotations

from dataclasses import dataclass

from streams.queries.reader import Row, Store

GATE = """
SELECT raw_partition AS part, max(next_offset) AS reached,
    sumIf(accepted, minute >= since) AS passed, sumIf(refused, minute >= since) AS refusals,
    sumIf(late, minute >= since) AS lates, sumIf(duplicates, minute >= since) AS copies,
    toDateTime(%(since)s, 'UTC') AS since
FROM city.gate_ledger WHERE raw_topic = %(topic)s GROUP BY part"""

REFUSALS = """
SELECT reason, field, count() AS events FROM city.dead_letters
WHERE raw_topic = %(topic)s AND ({ranges})
GROUP BY reason, field ORDER BY events DESC, reason, field"""


@dataclass(frozen=True, slots=True)
class GateCount:
    """Hold what the gate counted, of one partition or of several together."""

    next_offset: int = 0
    accepted: int = 0
    refused: int = 0
    late: int = 0
    duplicates: int = 0


def read_gate(store: Store, topic: str, since: int) -> dict[int, GateCount]:
    """Read the gate's counts of one raw topic by partition, of minutes from `since` (epoch s) on.

    Older minutes are left out because the store forgets them one day, between two readings.
    """
    return {
        row["part"]: GateCount(row["reached"], row["passed"], row["refusals"], row["lates"],
                               row["copies"])
        for row in store.query(GATE, {"topic": topic, "since": since})}


def list_refusals(store: Store, topic: str, ranges: dict[int, tuple[int, int]]) -> list[Row]:
    """List reason, field and number of the dead letters within [start, end) of each partition."""
    terms = " OR ".join(
        f"(raw_partition = {int(part)} AND raw_offset >= {int(start)} AND raw_offset < {int(end)})"
        for part, (start, end) in sorted(ranges.items()))
    return store.query(REFUSALS.format(ranges=terms or "0"), {"topic": topic})
