"""Compute the benchmark's windows of speeds, by area and class of road."""

from __future__ import annotations

from jobs.query import Query
from schemas import registry

RESULT = registry.results()["probe-window"]
# the class of a speed, in which four bins of 15 bits share a number; see the result's declaration
COUNTERS = [field.name for field in RESULT.measures if field.name.startswith("bins_")]
UNITS = " ".join(f"WHEN {i} THEN CAST({1 << 15 * i} AS BIGINT)" for i in range(4))

QUERY = Query(
    RESULT,
    rows=f"""
        SELECT observed_at, received_at, replayed, SUBSTRING(area FROM 1 FOR 12) AS area,
            road_class, speed, speed / 400 AS counter,
            CASE MOD(speed / 100, 4) {UNITS} END AS unit
        FROM probe_position WHERE CHAR_LENGTH(area) > 6
    """,
    measures={
        "speed_sum": "SUM(speed)",
        "speed_min": "MIN(speed)",
        "speed_max": "MAX(speed)",
        **{name: f"SUM(CASE WHEN counter = {i} THEN unit ELSE CAST(0 AS BIGINT) END)"
           for i, name in enumerate(COUNTERS)},
    },
)
