"""Compute the use of each Dresden car park in each window."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from tests.streams.oracles.windows import over_windows, to_seconds

RESULT, KEYS = "parking_state", ["car_park_id"]


def expected(path: Path) -> pd.DataFrame:
    """Give the rows of `parking_state`; what is below none or above all spaces is refused."""
    altmarkt = "altmarkt" in path.name
    cities = json.loads((path.parent / "park_api_cities_Dresden.geojson").read_text("utf-8"))
    name = "Altmarkt" if altmarkt else "Centrum Galerie"
    total = next(one["properties"]["total"] for one in cities["features"]
                 if one["properties"]["name"] == name)
    rows = pd.read_csv(path, header=None, names=["time", "percent"])
    local = pd.to_datetime(rows["time"])
    moments = (local.dt.tz_localize("Europe/Berlin", nonexistent="NaT",
                                    ambiguous=np.ones(len(rows), bool))
               if altmarkt else local.dt.tz_localize("UTC"))
    rows = rows[moments.notna()]
    rows["at"] = to_seconds(moments[moments.notna()])
    rows["occupied"] = np.rint(total * rows["percent"] / 100).astype("int64")
    rows = rows[rows["occupied"].between(0, total)]
    rows["car_park_id"] = "dresden-altmarkt" if altmarkt else "dresden-centrumgalerie"
    groups = over_windows(rows, (60, 300)).groupby(["window_seconds", "window_start", *KEYS])
    return groups.agg(events=("occupied", "size"), samples=("occupied", "size"),
                      occupied_sum=("occupied", "sum"), occupied_max=("occupied", "max")).assign(
        capacity_max=total, closed_samples=0).reset_index()
