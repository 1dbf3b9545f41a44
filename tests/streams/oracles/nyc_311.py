"""Compute the caseload of each New York agency in each window."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.streams.oracles.windows import over_windows, to_seconds

RESULT, KEYS = "grid_caseload", ["area", "department"]
STEPS = ["reported", "verified", "filed", "dispatched", "handled", "checked", "closed", "returned",
         "extended", "reworked"]


def expected(path: Path) -> pd.DataFrame:
    """Give the rows of `grid_caseload`; requests without a position are refused."""
    rows = pd.read_csv(path, dtype=str)
    rows = rows[rows["Longitude"].notna() & rows["Latitude"].notna()]
    form = "%m/%d/%Y %I:%M:%S %p" if rows["Created Date"].str.contains("M$").all() else (
        "%m/%d/%Y %H:%M")
    parts = []
    for step, column in (("reported", "Created Date"), ("closed", "Closed Date")):
        given = rows[rows[column].notna()]
        moments = pd.to_datetime(given[column], format=form).dt.tz_localize("America/New_York")
        parts.append(pd.DataFrame({"at": to_seconds(moments), "department": given["Agency"],
                                   "step": step}))
    events = pd.concat(parts, ignore_index=True).assign(area="")
    for step in STEPS:
        events[step] = (events["step"] == step).astype(int)
    groups = over_windows(events, (60, 300)).groupby(["window_seconds", "window_start", *KEYS])
    return groups.agg(events=("step", "size"),
                      **{step: (step, "sum") for step in STEPS}).reset_index()
