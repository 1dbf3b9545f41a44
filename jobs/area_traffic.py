"""Compute the traffic state of areas from probes and detectors."""

from __future__ import annotations

from jobs.query import Query, union_rows
from schemas.traffic import AreaTraffic

QUERY = Query(
    AreaTraffic.result,
    rows=union_rows({
        "vehicle": "STRING", "speed": "BIGINT", "flow": "BIGINT",
    }, {
        "vehicle_position": {"vehicle": "event_key", "speed": "speed"},
        "traffic_flow": {"speed": "speed", "flow": "flow"},
    }),
    measures={
        "vehicles": "COUNT(DISTINCT vehicle)",
        "speed_samples": "COUNT(speed)",
        "speed_sum": "SUM(speed)",
        "flow_samples": "COUNT(flow)",
        "flow_sum": "SUM(flow)",
    },
)
