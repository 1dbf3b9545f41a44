"""Compute the steps taken on grid cases, by area and department."""

from __future__ import annotations

from jobs.query import Query
from schemas.governance import GridCaseload

QUERY = Query(
    GridCaseload.result,
    rows="""
        SELECT observed_at, received_at, replayed, area AS leaf, department, step FROM grid_case
    """,
    measures={
        "reported": "COUNT(*) FILTER (WHERE step = 'reported')",
        "verified": "COUNT(*) FILTER (WHERE step = 'verified')",
        "filed": "COUNT(*) FILTER (WHERE step = 'filed')",
        "dispatched": "COUNT(*) FILTER (WHERE step = 'dispatched')",
        "handled": "COUNT(*) FILTER (WHERE step = 'handled')",
        "checked": "COUNT(*) FILTER (WHERE step = 'checked')",
        "closed": "COUNT(*) FILTER (WHERE step = 'closed')",
        "returned": "COUNT(*) FILTER (WHERE step = 'returned')",
        "extended": "COUNT(*) FILTER (WHERE step = 'extended')",
        "reworked": "COUNT(*) FILTER (WHERE step = 'reworked')",
    },
)
