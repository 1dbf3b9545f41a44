"""Compute the windows of each quantity at Beijing's Dongsi station."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tests.streams.oracles.windows import over_windows, scaled, to_seconds

RESULT, KEYS = "air_quality", ["station_id", "quantity"]
QUANTITIES = {"PM2.5": "pm2_5", "PM10": "pm10", "SO2": "so2", "NO2": "no2", "CO": "co", "O3": "o3",
              "TEMP": "temperature", "PRES": "pressure", "WSPM": "wind_speed", "RAIN": "rain"}


def expected(path: Path) -> pd.DataFrame:
    """Give the rows of `air_quality`; NA is no reading."""
    wide = pd.read_csv(path, float_precision="round_trip")
    moments = pd.to_datetime(wide[["year", "month", "day", "hour"]]).dt.tz_localize("Asia/Shanghai")
    wide["at"] = to_seconds(moments)
    long = wide.melt(id_vars="at", value_vars=list(QUANTITIES), var_name="column").dropna()
    long["quantity"] = long["column"].map(QUANTITIES)
    long["station_id"] = "beijing-dongsi"
    long["value"] = scaled(long["value"], 3)
    groups = over_windows(long, (60, 300, 3600)).groupby(["window_seconds", "window_start", *KEYS])
    return groups.agg(events=("value", "size"), value_sum=("value", "sum"),
                      value_min=("value", "min"), value_max=("value", "max")).reset_index()
