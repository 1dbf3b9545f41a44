"""Compute what each Los Angeles detector measured in each window."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.streams.oracles.windows import over_windows, scaled, to_seconds

RESULT, KEYS = "sensor_state", ["sensor_id"]
MILE_KM = 1.609344


def expected(path: Path) -> pd.DataFrame:
    """Give the rows of `sensor_state`."""
    wide = pd.read_csv(path, float_precision="round_trip")
    times = pd.Series(pd.date_range("2012-03-01", periods=len(wide), freq="5min",
                                    tz="America/Los_Angeles"))
    wide["at"] = to_seconds(times)
    long = wide.melt(id_vars="at", var_name="sensor_id", value_name="mph")
    long["speed"] = scaled(long["mph"] * MILE_KM, 2)
    groups = over_windows(long, (60, 300)).groupby(["window_seconds", "window_start", *KEYS])
    return groups.agg(events=("speed", "size"), speed_samples=("speed", "size"),
                      speed_sum=("speed", "sum")).assign(
        flow_samples=0, flow_sum=None).reset_index()
