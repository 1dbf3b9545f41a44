"""Compute the traffic state of roads and routes from probes and detectors."""

from __future__ import annotations

from jobs.query import Query, union_rows
from schemas.traffic import RoadState

QUERY = Query(
    RoadState.result,
    rows=union_rows({
        "road_id": "STRING", "vehicle": "STRING",
        "speed": "BIGINT", "flow": "BIGINT", "occupancy": "BIGINT",
    }, {
        "vehicle_position WHERE road_id IS NOT NULL":
            {"road_id": "road_id", "vehicle": "event_key", "speed": "speed"},
        "traffic_flow WHERE road_id IS NOT NULL":
            {"road_id": "road_id", "speed": "speed", "flow": "flow", "occupancy": "occupancy"},
    }),
    measures={
        "vehicles": "COUNT(DISTINCT vehicle)",
        "speed_samples": "COUNT(speed)",
        "speed_sum": "SUM(speed)",
        "speed_min": "MIN(speed)",
        "speed_max": "MAX(speed)",
        "flow_samples": "COUNT(flow)",
        "flow_sum": "SUM(flow)",
        "occupancy_samples": "COUNT(occupancy)",
        "occupancy_sum": "SUM(occupancy)",
    },
)
