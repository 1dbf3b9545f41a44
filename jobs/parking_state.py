"""Compute the use of car parks; a closed car park is not a full one."""

from __future__ import annotations

from jobs.query import Query
from schemas.traffic import ParkingState

QUERY = Query(
    ParkingState.result,
    rows="""
        SELECT observed_at, received_at, replayed, car_park_id, occupied, capacity, status
        FROM parking_occupancy
    """,
    measures={
        "samples": "COUNT(occupied)",
        "occupied_sum": "SUM(occupied)",
        "occupied_max": "MAX(occupied)",
        "capacity_max": "MAX(capacity)",
        "closed_samples": "COUNT(*) FILTER (WHERE status = 'closed')",
    },
)
