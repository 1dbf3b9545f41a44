"""Compute one row a minute and area with the headline of each domain."""

from __future__ import annotations

from jobs.query import Query, union_rows
from schemas.city import CityPulse

QUERY = Query(
    CityPulse.result,
    rows=union_rows({
        "speed": "BIGINT", "flow": "BIGINT", "occupied": "BIGINT",
        "capacity": "BIGINT", "kind": "STRING", "pm2_5": "BIGINT",
    }, {
        "vehicle_position": {"speed": "speed"},
        "traffic_flow": {"speed": "speed", "flow": "flow"},
        "parking_occupancy WHERE status = 'open' AND occupied IS NOT NULL":
            {"occupied": "occupied", "capacity": "capacity"},
        "grid_case": {"kind": "'case-' || step"},
        "hotline_call": {"kind": "IF(answered = 1, 'call-answered', 'call')"},
        "service_item": {"kind": "'item-' || channel"},
        "environment_reading WHERE quantity = 'pm2_5'": {"pm2_5": "`value`"},
    }),
    measures={
        "speed_samples": "COUNT(speed)",
        "speed_sum": "SUM(speed)",
        "flow_samples": "COUNT(flow)",
        "flow_sum": "SUM(flow)",
        "parking_samples": "COUNT(occupied)",
        "parking_occupied_sum": "SUM(occupied)",
        "parking_capacity_sum": "SUM(capacity)",
        "cases_reported": "COUNT(*) FILTER (WHERE kind = 'case-reported')",
        "cases_closed": "COUNT(*) FILTER (WHERE kind = 'case-closed')",
        "calls": "COUNT(*) FILTER (WHERE kind IN ('call', 'call-answered'))",
        "calls_answered": "COUNT(*) FILTER (WHERE kind = 'call-answered')",
        "items": "COUNT(*) FILTER (WHERE kind LIKE 'item-%')",
        "items_online": "COUNT(*) FILTER (WHERE kind = 'item-online')",
        "pm2_5_samples": "COUNT(pm2_5)",
        "pm2_5_sum": "SUM(pm2_5)",
    },
)
