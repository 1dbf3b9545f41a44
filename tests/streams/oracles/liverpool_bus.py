"""Compute the state of Liverpool's route 14 in each window."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.streams.oracles.windows import over_windows, to_seconds

RESULT, KEYS = "road_state", ["road_id"]


def expected(path: Path) -> pd.DataFrame:
    """Give the rows of `road_state`: the recording has vehicles, and no speed."""
    rows = pd.read_csv(path, dtype=str)
    rows["at"] = to_seconds(pd.to_datetime(rows["timestamp"]).dt.tz_localize("Europe/London"))
    rows["road_id"] = rows["route_name"]
    groups = over_windows(rows, (60, 300)).groupby(["window_seconds", "window_start", *KEYS])
    return groups.agg(events=("id", "size"), vehicles=("vehicle_id", "nunique")).assign(
        speed_samples=0, speed_sum=None, speed_min=None, speed_max=None, flow_samples=0,
        flow_sum=None, occupancy_samples=0, occupancy_sum=None).reset_index()
