"""Refill tables of the store from their topics while everything goes on.

A shadow table is filled from the topic with the sink's own code, compared with the table, and put
in its place in one step, so that nobody ever reads a table half full. Rows that are older than what
the topic holds are kept. What the sink writes meanwhile is in the topic, and is read from there.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace

from confluent_kafka import Message

from schemas.declare import Family
from schemas.errors import CityBrainError, ComponentError
from schemas.render import last_steps
from streams.digest import Comparison, Source, compare, covered
from streams.filling import NO_JSON, Record, fill, read_record
from streams.settings import read_settings
from streams.sink import BATCH_ROWS
from streams.store import Store
from streams.tables import TableRows
from streams.topic_log import Offsets, TopicLog
from streams.topics import declared_topics

SINK_SECONDS = 60.0
POLL_SECONDS = 0.5
COPY_SETTINGS = "SETTINGS max_partitions_per_insert_block = 0, max_execution_time = 0"
Progress = Callable[[str, float], None]


class RebuildError(CityBrainError):
    """Tell that a table cannot be rebuilt now; it stands as it was."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """Hold what was found and done.

    `kept` rows are older than the topic; `set_aside` records are no rows; the comparison covers
    rows since `since` (epoch ms).
    """

    table: str
    comparison: Comparison
    kept: int
    set_aside: int
    since: int
    exchanged: bool


@contextmanager
def alone() -> Iterator[None]:
    """Keep a second rebuild out; raise RebuildError when one is under way."""
    path = read_settings().home / "run" / "rebuild.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RebuildError("another rebuild is under way") from None
        yield


def find_since(source: Source, log: TopicLog, lows: Offsets, highs: Offsets) -> int:
    """Find from when on (epoch ms) a table's rows must be in the topic; see `streams.digest`."""
    now = time.time_ns() // 1_000_000
    kept = {one.name: int(one.settings["retention.ms"]) for one in declared_topics({})}
    cut, whole = list[int](), list[int]()
    for part, low in lows.items():
        if low == highs[part] > 0:
            cut.append(now - kept[source.topic])
        first = _first(log.read({part: low}, {part: highs[part]}))
        moment = source.rows.columns[source.time](first) if first is not None else None
        if isinstance(moment, int):
            (cut if low else whole).append(moment + (source.back_ms if low else 0))
    return max(cut) if cut else min(whole, default=now)


def _first(messages: Iterable[Message]) -> Record | None:
    """Read the first record that can be read."""
    for message in messages:
        with suppress(*NO_JSON):
            return read_record(message)
    return None


class _Rebuild:
    """Rebuild one table."""

    def __init__(self, source: Source, store: Store, log: TopicLog, progress: Progress) -> None:
        """Take the account that owns the tables, and the topic."""
        self._source, self._store, self._log, self._progress = source, store, log, progress
        self.shadow = f"rebuild__{source.table}"
        self._shadowed = replace(source.rows, table=self.shadow)
        self.set_aside = 0

    def run(self, replace_rows: bool) -> Rebuilt:
        """Fill the shadow, compare, exchange; the shadow is gone afterwards, whatever happens."""
        self._drop()
        self._store.execute(f"CREATE TABLE store.{self.shadow} AS store.{self._source.table}")
        try:
            return self._run(replace_rows)
        finally:
            self._drop()

    def _run(self, replace_rows: bool) -> Rebuilt:
        """Do the work of `run`."""
        source = self._source
        # rows written before this moment came from records below the ends read after it
        [begun] = self._store.query("SELECT toString(now64(3, 'UTC')) AS at")
        lows, highs = self._log.bounds()
        since = find_since(source, self._log, lows, highs)
        kept = self._keep(since)
        self._fill(self._shadowed, lows, highs, "reading")
        self._await_sink(highs, patient=not replace_rows)
        found = compare(self._store, source, self.shadow, since, begun["at"])
        exchanged = replace_rows or not (found.extra or found.changed)
        if exchanged:
            self._exchange(highs, begun["at"])
        return Rebuilt(source.table, found, kept, self.set_aside, since, exchanged)

    def _drop(self) -> None:
        """Drop the shadow, one that a killed rebuild left included."""
        self._store.execute(f"DROP TABLE IF EXISTS store.{self.shadow} SYNC")

    def _keep(self, since: int) -> int:
        """Copy the rows that are older than the topic; give how many."""
        condition = f"NOT ({covered(self._source, since)})"
        self._store.execute(f"INSERT INTO store.{self.shadow} SELECT * FROM"
                            f" store.{self._source.table} FINAL WHERE {condition} {COPY_SETTINGS}")
        [row] = self._store.query(f"SELECT count() AS n FROM store.{self.shadow} FINAL")
        return int(row["n"])

    def _fill(self, rows: TableRows, starts: Offsets, ends: Offsets, what: str) -> None:
        """Insert the records between offsets into a table."""
        total = max(1, sum(end - starts[part] for part, end in ends.items()))
        done, held = 0, list[Message]()
        self._progress(what, 0.0)
        for message in self._log.read(starts, ends):
            held.append(message)
            if len(held) == BATCH_ROWS:
                fill(self._store, rows, held, self._count_aside)
                done, held = done + len(held), []
                self._progress(what, min(1.0, done / total))
        if held:
            fill(self._store, rows, held, self._count_aside)
        self._progress(what, 1.0)

    def _count_aside(self, _: Message, __: str) -> None:
        """Count a record that is no row: the sink has made a dead letter of it."""
        self.set_aside += 1

    def _await_sink(self, ends: Offsets, *, patient: bool) -> None:
        """Wait until the sink has written what was read, so that it can be compared."""
        until = time.monotonic() + (SINK_SECONDS if patient else 0.0)
        while any(self._log.passed()[part] < end for part, end in ends.items() if end):
            if time.monotonic() > until:
                if not patient:
                    return
                raise RebuildError(f"the sink has not written all of {self._log.name} after"
                                   f" {SINK_SECONDS:g} s; is it running?")
            self._progress("waiting for the sink", 1.0)
            time.sleep(POLL_SECONDS)

    def _exchange(self, reached: Offsets, begun: str) -> None:
        """Put the shadow in the table's place, and bring it up to what came meanwhile."""
        table, near = self._source.table, self._log.bounds()[1]
        self._fill(self._shadowed, reached, near, "catching up")
        if self._columns(table) != self._columns(self.shadow):
            raise RebuildError(f"the columns of {table} changed meanwhile; begin again")
        self._store.execute(f"EXCHANGE TABLES store.{table} AND store.{self.shadow}")
        # an insert that was under way still went to the table's former place, which is the
        # shadow's now: its records lie before the ends read here
        self._fill(self._source.rows, near, self._log.bounds()[1], "catching up")
        if self._source.own != "1":
            self._store.execute(
                f"INSERT INTO store.{table} SELECT * FROM store.{self.shadow} WHERE NOT"
                f" ({self._source.own}) AND {self._source.written} >="
                f" parseDateTime64BestEffort('{begun}', 3, 'UTC') {COPY_SETTINGS}")
        if self._source.last:
            self._renew_last(self._source.last)

    def _renew_last(self, family: Family) -> None:
        """Have the last steps follow from the steps that stand now."""
        key = f"({', '.join(self._source.key)})"
        self._store.execute(
            f"ALTER TABLE store.{family.last_table} DELETE WHERE {key} NOT IN (SELECT {key} FROM"
            f" store.{family.table}) SETTINGS mutations_sync = 2")
        self._store.execute(f"{last_steps.fill(family)} {COPY_SETTINGS}")

    def _columns(self, table: str) -> list[tuple[str, str]]:
        """List the columns of a table."""
        rows = self._store.query(
            "SELECT name, type FROM system.columns WHERE database = 'store' AND table = %(table)s"
            " ORDER BY position", {"table": table})
        return [(row["name"], row["type"]) for row in rows]


def rebuild(source: Source, store: Store, progress: Progress, *, replace_rows: bool = False
            ) -> Rebuilt:
    """Rebuild one table, as the account that owns the tables.

    Rows that the table lacks are brought back. Where it holds others than its topic, it is left as
    it is, unless `replace_rows` says that the topic is right; then the sink is not waited for.
    """
    try:
        with closing(TopicLog(source.topic)) as log:
            return _Rebuild(source, store, log, progress).run(replace_rows)
    except ComponentError as error:
        raise RebuildError(f"{source.table}: {error}") from error
