"""Say of each table which topic fills it, and compare a table with what its topic gives.

The comparison covers the rows whose records the topic still holds: those received (results: put
into the topic) since the first record that it holds, where retention has begun to delete two hours
later, as the gate may have written again what it read so far back. Rows that were written while it
is made are left out. A digest is the sum of a hash over the rows as the views show them, without
the times of processing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas import registry
from schemas.declare import Family, ResultTable
from streams.store import Store
from streams.tables import SYSTEM_ROWS, TableRows, find_rows

GATE_MS = 2 * 3_600_000
PROCESSING = {"computed_at", "published_at"}
SPILL_BYTES = 300_000_000

COMPARE = """
SELECT countIf(b) AS rows_before, sumIf(t_hash, b) AS before, countIf(a) AS rows_after,
    sumIf(s_hash, a) AS after, countIf(a AND NOT b) AS missing, countIf(b AND NOT a) AS extra,
    countIf(a AND b AND t_hash != s_hash) AS changed
FROM (
    SELECT k, maxIf(h, side = 1) AS t_hash, maxIf(h, side = 2) AS s_hash,
        maxIf(w, side = 1) >= parseDateTime64BestEffort(%(begun)s, 3, 'UTC') AS touched,
        countIf(side = 1) > 0 AND NOT touched AS b, countIf(side = 2) > 0 AND NOT touched AS a
    FROM ({table} UNION ALL {shadow}) GROUP BY k)
SETTINGS max_bytes_before_external_group_by = {spill}, max_execution_time = 0"""

SIDE = """SELECT {side} AS side, sipHash128({key}) AS k, sipHash64(toString(tuple({columns}))) AS h,
    toDateTime64({written}, 3, 'UTC') AS w FROM store.{name} FINAL WHERE {covered}"""


@dataclass(frozen=True, slots=True)
class Source:
    """Describe how a topic fills a table.

    `key` is the table's; `time` the column by which retention is judged, `written` the one that
    tells when a row was written, `back_ms` how far from its order the topic may be, and `own` the
    condition for rows that come from the topic at all. `last` describes the family of which the
    store keeps the last steps apart.
    """

    topic: str
    rows: TableRows
    key: tuple[str, ...]
    time: str
    written: str = "published_at"
    back_ms: int = 0
    own: str = "1"
    last: Family | None = None

    @property
    def table(self) -> str:
        """Name the table."""
        return self.rows.table


@dataclass(frozen=True, slots=True)
class Comparison:
    """Hold numbers and digests of the rows of a table and of its topic, and where they differ."""

    rows_before: int
    before: int
    rows_after: int
    after: int
    missing: int
    extra: int
    changed: int

    @property
    def equal(self) -> bool:
        """Tell whether table and topic hold the same."""
        return (self.rows_before, self.before) == (self.rows_after, self.after)


def list_sources() -> dict[str, Source]:
    """List what can be rebuilt, by table; the ledger is counted, it comes from no topic."""
    own = "startsWith(raw_topic, 'raw-')"  # the others are the sink's, about rows it set aside
    letters = ("raw_topic", "received_at", "raw_partition", "raw_offset")
    counts = ("raw_topic", "raw_partition", "minute")
    system = [
        _system("dead-letters", letters, "received_at", "published_at", GATE_MS, own),
        _system("gate-ledger", counts, "computed_at", "computed_at"),
        _system("publisher-progress", ("source", "family"), "computed_at", "computed_at"),
        _system("publishers", ("name",), "changed_at", "changed_at"),
        _system("feedback", ("publisher", "family"), "made_at", "made_at"),
        _system("window-final", ("result", "window_seconds", "window_start"), "final_at",
                "final_at")]
    declared: list[Family | ResultTable] = [
        *registry.families().values(), *registry.results().values()]
    return {one.table: one for one in [*map(_declared, declared), *system]}


def _system(topic: str, key: tuple[str, ...], time: str, written: str, back_ms: int = 0,
            own: str = "1") -> Source:
    """Describe one of the platform's own tables."""
    return Source(topic, SYSTEM_ROWS[topic], key, time, written, back_ms, own)


def _declared(one: Family | ResultTable) -> Source:
    """Describe the table of a family or a result."""
    rows = find_rows(one.topic)
    if rows is None:
        raise KeyError(one.topic)
    if isinstance(one, Family):
        return Source(one.topic, rows, ("source", "observed_at", "id"), "received_at",
                      back_ms=GATE_MS, last=one if one.steps else None)
    keys = ("window_seconds", "window_start", *(field.name for field in one.keys))
    return Source(one.topic, rows, keys, "computed_at")


def covered(source: Source, since: int) -> str:
    """Render the condition for rows whose records the topic still holds; `since` is epoch ms."""
    return f"{source.own} AND {source.time} >= fromUnixTimestamp64Milli({int(since)})"


def compare(store: Store, source: Source, shadow: str, since: int, begun: str) -> Comparison:
    """Compare a table with the shadow that was filled from its topic.

    `begun` is when the store began to be read, ISO 8601 in UTC; memory is bounded, since groups
    spill to disk.
    """
    def side(number: int, name: str, columns: Iterable[str]) -> str:
        """Render the rows of one of the two tables."""
        return SIDE.format(
            side=number, key=", ".join(source.key), columns=", ".join(columns),
            written=source.written, name=name, covered=covered(source, since))

    columns = sorted(set(source.rows.columns) - PROCESSING)
    sql = COMPARE.format(table=side(1, source.table, columns), shadow=side(2, shadow, columns),
                         spill=SPILL_BYTES)
    [row] = store.query(sql, {"begun": begun})
    return Comparison(**row)
