"""Say what one result computes: the rows it reads, and an aggregate for each measure."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.declare import ResultTable
from schemas.errors import DeclarationError

GENERATION_STEP = 1 << 40
AREA_DEPTHS = (0, 2, 4, 6, 9, 12, 15)


def union_rows(columns: dict[str, str], parts: dict[str, dict[str, str]]) -> str:
    """Render rows from several family views: typed columns, and what each view gives for them.

    `parts` maps a view, with its WHERE clause if any, to an expression for each column that it
    has; the others are NULL. The deepest area code comes along as `leaf`.
    """
    selects = []
    for view, given in parts.items():
        values = ", ".join(f"{given.get(name, f'CAST(NULL AS {kind})')} AS `{name}`"
                           for name, kind in columns.items())
        selects.append(
            f"SELECT observed_at, received_at, replayed, area AS leaf, {values} FROM {view}")
    return "\nUNION ALL\n".join(selects)


@dataclass(frozen=True, slots=True)
class Query:
    """Hold the query of one result.

    `rows` is a SELECT over family views giving observed_at, received_at, replayed, the key columns
    (an area result gives the deepest code as `leaf`) and whatever the measures use; `measures` maps
    each declared measure to its aggregate. The rest is the same for all: windows, levels of the
    area tree, the version that only grows, and the count of late events.
    """

    result: ResultTable
    rows: str
    measures: dict[str, str]

    def __post_init__(self) -> None:
        """Refuse a query that does not give exactly the declared measures."""
        declared = [f.name for f in self.result.measures]
        if list(self.measures) != declared:
            raise DeclarationError(
                f"{self.result.name}: the query gives {list(self.measures)}, declared {declared}")

    def insert(self, generation: int, since_ms: int) -> str:
        """Render the INSERT; windows that began before `since_ms` (epoch ms) are left alone.

        What is marked 2 (`streams.record.count_as`) came after its windows had closed for good.
        """
        keys = ", ".join(f"`{f.name}`" for f in self.result.keys)
        names = ", ".join(f"`{name}`" for name in self.measures)
        sums = ", ".join(f"{sql} AS `{name}`" for name, sql in self.measures.items())
        grace = self.result.grace_seconds * 1000
        return (
            f"INSERT INTO result_{self.result.table}\n"
            f"SELECT window_seconds, window_start, {keys}, events, late, {names},"
            f" CAST({generation * GENERATION_STEP} AS BIGINT) + events AS version\nFROM (\n"
            f"SELECT window_seconds, window_start, {keys}, COUNT(*) AS events,"
            f" COUNT(*) FILTER (WHERE replayed = 0 AND received_at >"
            f" window_start + window_seconds * 1000 + {grace}) AS late, {sums}\n"
            f"FROM ({self._windowed()})\n"
            f"WHERE replayed = 1 OR (replayed = 0 AND window_start >= {since_ms})\n"
            f"GROUP BY window_seconds, window_start, {keys})")

    def _windowed(self) -> str:
        """Render the rows once a window length, and once a level where the place is an area.

        The arrays are made from the row itself: of constants the planner would make a join that
        keeps every event.
        """
        windows = ", ".join(
            f"ROW({seconds}, r.observed_at - MOD(r.observed_at, {seconds * 1000}))"
            for seconds in self.result.windows)
        level, join, where = "", "", ""
        if self.result.place:
            prefixes = ", ".join(
                f"CASE WHEN CHAR_LENGTH(r.leaf) {'=' if depth == 0 else '>='} {depth}"
                f" THEN SUBSTRING(r.leaf FROM 1 FOR {depth}) END" for depth in AREA_DEPTHS)
            level = f", l.code AS `{self.result.place}`"
            join = f" CROSS JOIN UNNEST(ARRAY[{prefixes}]) AS l(code)"
            where = " WHERE l.code IS NOT NULL"
        return (
            f"SELECT w.window_seconds, w.window_start, r.*{level}\n"
            f"FROM ({self.rows}) AS r"
            f" CROSS JOIN UNNEST(ARRAY[{windows}]) AS w(window_seconds, window_start){join}{where}")
