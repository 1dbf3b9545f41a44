"""Compute windows of environment readings, by station and quantity."""

from __future__ import annotations

from jobs.query import Query
from schemas.environment import AirQuality

QUERY = Query(
    AirQuality.result,
    rows="""
        SELECT observed_at, received_at, replayed, station_id, quantity, `value` AS reading
        FROM environment_reading
    """,
    measures={
        "value_sum": "SUM(reading)",
        "value_min": "MIN(reading)",
        "value_max": "MAX(reading)",
    },
)
