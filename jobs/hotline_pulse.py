"""Compute the calls to the hotline, by area."""

from __future__ import annotations

from jobs.query import Query
from schemas.service import HotlinePulse

QUERY = Query(
    HotlinePulse.result,
    rows="""
        SELECT observed_at, received_at, replayed, area AS leaf, answered, answer_seconds, satisfied
        FROM hotline_call
    """,
    measures={
        "answered": "SUM(answered)",
        "answered_in_15s": "COUNT(*) FILTER (WHERE answered = 1 AND answer_seconds <= 150)",
        "answer_seconds_sum": "SUM(answer_seconds)",
        "rated": "COUNT(satisfied)",
        "satisfied": "SUM(satisfied)",
    },
)
