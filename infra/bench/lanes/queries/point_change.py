"""Join flow and speed lane by lane, and sum over lanes beside the sums of the interval before.

What one interval measured counts in its own window and, as what was before, in the next: so one
grouping gives both, and a late record revises both.
"""

from __future__ import annotations

from jobs.query import Query
from schemas import registry

INTERVAL_MS = 60_000


def _when(age: int, column: str) -> str:
    """Render the sum of a column over what is so many intervals old."""
    return f"SUM(CASE WHEN age = {age} THEN {column} ELSE CAST(0 AS BIGINT) END)"


QUERY = Query(
    registry.results()["point-change"],
    rows=f"""
        SELECT a.observed_at, j.received_at, j.replayed, j.point_id, j.flow, j.speed, a.age
        FROM (
            SELECT f.observed_at, f.replayed, f.point_id, f.flow, s.speed,
                GREATEST(f.received_at, s.received_at) AS received_at
            FROM lane_flow AS f JOIN lane_speed AS s
            ON f.point_id = s.point_id AND f.lane = s.lane AND f.observed_at = s.observed_at) AS j
        CROSS JOIN UNNEST(ARRAY[
            ROW(0, j.observed_at), ROW(1, j.observed_at + {INTERVAL_MS})]) AS a(age, observed_at)
    """,
    measures={
        "lanes": "COUNT(*) FILTER (WHERE age = 0)",
        "flow_sum": _when(0, "flow"),
        "speed_sum": _when(0, "speed"),
        "lanes_before": "COUNT(*) FILTER (WHERE age = 1)",
        "flow_before": _when(1, "flow"),
        "speed_before": _when(1, "speed"),
    },
)
