"""Measure what an event costs the running city: processor, topics and store.

Two measurements at different loads give a straight line: what each component costs by being there,
and what each event adds. `infra.bench.sizing` reads the figures from `infra/bench/figures.toml`.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from infra.supervision import Supervisor
from jobs.cluster import Cluster
from schemas import registry
from schemas.errors import ComponentError
from streams.settings import read_settings
from streams.store import connect

PYTHON_WORKERS = "python-workers"
# of what a topic's folder holds, the records; the rest is indexes
SEGMENTS = "*.log"
STORE_BYTES = """
SELECT table, toInt64(sum(bytes_on_disk)) AS bytes, toInt64(sum(rows)) AS rows
FROM system.parts WHERE database = 'store' AND active GROUP BY table"""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold counters of the city at one moment.

    Processor seconds by component; bytes by kind of topic; records by kind of topic; bytes and
    rows of the store by kind of table.
    """

    at: float
    processor: Mapping[str, float]
    topic_bytes: Counter[str]
    records: Counter[str]
    store_bytes: Counter[str] = field(default_factory=Counter)
    store_rows: Counter[str] = field(default_factory=Counter)
    groups: int = 0
    state_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Cost:
    """Hold what was used between two snapshots.

    Events a second; cores (processor seconds a second) by component; records and bytes a second by
    kind of topic (raw, event, result, other); bytes a row by kind of table. And at the end: how
    many rows of results there are, each a group of Flink's state, the bytes of its checkpoint, and
    groups that were added a second.
    """

    seconds: float
    events_per_second: float
    cores: dict[str, float]
    records_per_second: dict[str, float]
    topic_bytes_per_second: dict[str, float]
    bytes_per_row: dict[str, float]
    groups: int = 0
    groups_per_second: float = 0.0
    state_bytes: int = 0


def _kind(topic: str) -> str:
    """Give the kind of a topic by its name."""
    kind = topic.partition("-")[0]
    return kind if kind in ("raw", "event", "result") else "other"


def _processor() -> dict[str, float]:
    """Sum processor seconds by component; Python workers of Flink are one of their own."""
    used: defaultdict[str, float] = defaultdict(float)
    for name, row in Supervisor().states().items():
        if not row["pid"]:
            continue
        process = psutil.Process(row["pid"])
        for one in (process, *process.children(recursive=True)):
            try:
                times, words = one.cpu_times(), one.cmdline()
            except psutil.NoSuchProcess:
                continue
            worker = any("pyflink.fn_execution" in word for word in words)
            used[PYTHON_WORKERS if worker else name] += times.user + times.system
    return used


def _topics() -> tuple[Counter[str], Counter[str]]:
    """Sum bytes on the broker's disk, and records ever written, by kind of topic."""
    from infra.commands.topics import read_ends
    sizes: Counter[str] = Counter()
    for path in (read_settings().home / "kafka" / "data").glob(f"*/{SEGMENTS}"):
        sizes[_kind(_topic_of(path))] += path.stat().st_size
    records: Counter[str] = Counter()
    for topic, end in read_ends().items():
        records[_kind(topic)] += end
    return sizes, records


def _topic_of(path: Path) -> str:
    """Give the topic of a segment's file, which lies in a folder named topic-partition."""
    return path.parent.name.rpartition("-")[0]


def _store() -> tuple[Counter[str], Counter[str]]:
    """Sum bytes and rows of the store's tables, those of events and those of results."""
    kinds = {one.table: "event" for one in registry.families().values()}
    kinds |= {one.table: "result" for one in registry.results().values()}
    sizes: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for row in connect("migrator").query(STORE_BYTES):
        kind = kinds.get(row["table"], "other")
        sizes[kind] += row["bytes"]
        rows[kind] += row["rows"]
    return sizes, rows


def _groups() -> int:
    """Count the rows of all results, one a key: replaced versions left out."""
    store = connect("migrator")
    return sum(int(store.query(f"SELECT count() AS rows FROM store.{one.table} FINAL")[0]["rows"])
               for one in registry.results().values())


def _state_bytes() -> int:
    """Sum the sizes of the newest checkpoints of the jobs that run."""
    cluster, total = Cluster(), 0
    for job in cluster.list_jobs():
        newest = cluster.checkpoints(job["jid"]).get("latest", {}).get("completed")
        if job["state"] == "RUNNING" and newest:
            total += int(newest["state_size"])
    return total


def snapshot() -> Snapshot:
    """Read all counters; raise ComponentError when the city is down."""
    used = _processor()
    if not used:
        raise ComponentError("the city is down: `citybrain up` starts it")
    return Snapshot(time.monotonic(), used, *_topics(), *_store(), _groups(), _state_bytes())


def between(before: Snapshot, after: Snapshot) -> Cost:
    """Give what was used between two snapshots."""
    seconds = after.at - before.at

    def rates(later: Mapping[str, float], earlier: Mapping[str, float]) -> dict[str, float]:
        """Give growth a second; what shrank (an old segment went) counts as none."""
        return {name: max(0.0, later[name] - earlier.get(name, 0.0)) / seconds
                for name in sorted(later)}

    records = rates(after.records, before.records)
    return Cost(
        seconds, records.get("raw", 0.0), rates(after.processor, before.processor), records,
        rates(after.topic_bytes, before.topic_bytes),
        {name: after.store_bytes[name] / rows for name, rows in sorted(after.store_rows.items())
         if rows}, after.groups, max(0, after.groups - before.groups) / seconds,
        after.state_bytes)


def measure(seconds: float) -> Cost:
    """Measure the running city for so long."""
    before = snapshot()
    time.sleep(seconds)
    return between(before, snapshot())
