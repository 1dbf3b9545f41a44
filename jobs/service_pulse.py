"""Compute government-service items, by area."""

from __future__ import annotations

from jobs.query import Query
from schemas.service import ServicePulse

QUERY = Query(
    ServicePulse.result,
    rows="""
        SELECT observed_at, received_at, replayed, area AS leaf, step, channel, visits, minutes
        FROM service_item
    """,
    measures={
        "accepted": "COUNT(*) FILTER (WHERE step = 'accepted')",
        "finished": "COUNT(*) FILTER (WHERE step = 'finished')",
        "online": "COUNT(*) FILTER (WHERE channel = 'online')",
        "at_most_one_visit": "COUNT(*) FILTER (WHERE visits <= 1)",
        "minutes_sum": "SUM(minutes)",
        "timed": "COUNT(minutes)",
    },
)
