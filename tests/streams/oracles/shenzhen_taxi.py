"""Compute the taxis in each county, city and province of Guangdong in each window."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from tests.streams.oracles.windows import over_windows, to_seconds

RESULT, KEYS = "area_traffic", ["area"]


def _ends(path: Path) -> pd.DataFrame:
    """Give one row a trip's end: vehicle, moment, place."""
    trips = pd.read_csv(path, dtype={"VehicleNum": str}, float_precision="round_trip")
    parts = [trips[["VehicleNum", time, lon, lat]].set_axis(
        ["vehicle", "time", "lon", "lat"], axis=1)
        for time, lon, lat in (("Stime", "Lng", "Lat"), ("Etime", "ELng", "ELat"))]
    ends = pd.concat(parts, ignore_index=True)
    ends["at"] = to_seconds(pd.to_datetime(ends["time"]).dt.tz_localize("Asia/Shanghai"))
    return ends


def expected(path: Path, areas: Path) -> pd.DataFrame:
    """Give the rows of `area_traffic`, places joined by geopandas to the counties in `areas`."""
    ends = _ends(path)
    meta = json.loads((areas / "meta.json").read_text(encoding="utf-8"))
    shapes = shapely.from_wkb(
        np.load(areas / meta["tables"] / "nation" / "areas.npy", allow_pickle=True))
    counties = gpd.GeoDataFrame({"code": meta["outer"]}, geometry=list(shapes), crs="EPSG:4326")
    points = gpd.GeoDataFrame(
        ends, geometry=gpd.points_from_xy(ends["lon"], ends["lat"]), crs="EPSG:4326")
    joined = gpd.sjoin(points, counties, predicate="intersects", how="left")
    # a point on a border belongs to the county that comes first
    joined = joined.sort_values("index_right").groupby(level=0).first()
    leaf = joined["code"].reindex(ends.index).fillna("")
    levels = [ends.assign(area=leaf.str[:depth])[leaf.str.len() >= depth] for depth in (2, 4, 6)]
    located = pd.concat([ends.assign(area="")[leaf == ""], *levels], ignore_index=True)
    groups = over_windows(located, (60, 300)).groupby(["window_seconds", "window_start", *KEYS])
    return groups.agg(events=("vehicle", "size"), vehicles=("vehicle", "nunique")).assign(
        speed_samples=0, speed_sum=None, flow_samples=0, flow_sum=None).reset_index()
