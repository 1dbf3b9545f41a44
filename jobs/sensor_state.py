"""Compute what each detector measured."""

from __future__ import annotations

from jobs.query import Query
from schemas.traffic import SensorState

QUERY = Query(
    SensorState.result,
    rows="""
        SELECT observed_at, received_at, replayed, sensor_id, speed, flow FROM traffic_flow
    """,
    measures={
        "speed_samples": "COUNT(speed)",
        "speed_sum": "SUM(speed)",
        "flow_samples": "COUNT(flow)",
        "flow_sum": "SUM(flow)",
    },
)
