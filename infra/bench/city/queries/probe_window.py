"""Compute the benchmark's windows of speeds, by area and class of road."""

from __future__ import annotations

from jobs.query import Query
from schemas import registry

QUERY = Query(
    registry.results()["probe-window"],
    rows="""
        SELECT observed_at, received_at, replayed, SUBSTRING(area FROM 1 FOR 12) AS area,
            road_class, speed, SUBSTRING(CAST(1000 + speed / 100 AS STRING) FROM 2) AS bin
        FROM probe_position WHERE CHAR_LENGTH(area) > 6
    """,
    measures={
        "speed_sum": "SUM(speed)",
        "speed_min": "MIN(speed)",
        "speed_max": "MAX(speed)",
        "speeds": "LISTAGG(bin, '')",
    },
)
