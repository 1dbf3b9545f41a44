"""Draw a nation so small that its area tree is built in a moment: codes, and polygons in GCJ-02.

Of city 3701 the counties 370102 and 370103 lie side by side; 370176 has codes and no polygon. 4419
has a polygon and no counties, of 71 only the outline is known, 370201 intersects itself.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import shapely
from shapely import Geometry

from geo.datum import wgs84_to_gcj02

CITY = "3701"
WEST_COUNTY = shapely.box(117.0, 36.6, 117.1, 36.7)
EAST_COUNTY = shapely.box(117.1, 36.6, 117.2, 36.7)
CODES = {
    "provinces": ["37", "44"], "cities": ["3701", "3702", "4419"],
    "areas": ["370102", "370103", "370176", "370201", "441900"],
    "streets": ["370102001", "370102002", "370103001", "370176001", "370201001", "441900003"],
    "villages": [*(f"370102001{i:03d}" for i in range(1, 5)),
                 *(f"370102002{i:03d}" for i in range(1, 4)),
                 *(f"370103001{i:03d}" for i in range(1, 6)),
                 "370176001001", "370201001001", "370201001002", "441900003001"]}
BOW_TIE = shapely.Polygon([(120.0, 36.0), (120.2, 36.2), (120.2, 36.0), (120.0, 36.2)])
POLYGONS = {
    "370000": shapely.box(115, 34, 122, 38), "370100": shapely.box(117.0, 36.6, 117.2, 36.7),
    "370200": shapely.box(119.9, 35.9, 120.3, 36.3), "370102": WEST_COUNTY, "370103": EAST_COUNTY,
    "370201": BOW_TIE, "440000": shapely.box(113, 22, 115, 24),
    "441900": shapely.box(113.6, 22.8, 114.0, 23.1), "710000": shapely.box(120.2, 22, 121.9, 25.2)}


@dataclass(frozen=True, slots=True)
class Nation:
    """Say where the tables of codes and the polygons lie."""

    codes: Path
    polygons: Path


def to_gcj02(polygon: Geometry) -> Geometry:
    """Draw a WGS-84 polygon as Chinese boundary sets do."""
    drawn: Geometry = shapely.transform(
        polygon, lambda points: np.column_stack(wgs84_to_gcj02(points[:, 0], points[:, 1])))
    return drawn


def draw_nation(directory: Path) -> Nation:
    """Write the tables and polygons of the small nation."""
    nation = Nation(directory / "codes", directory / "polygons")
    for folder in (nation.codes, nation.polygons):
        folder.mkdir(parents=True)
    for name, codes in CODES.items():
        with (nation.codes / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("code", "name"), *((one, f"名{one}") for one in codes)])
    for stem, polygon in POLYGONS.items():
        path = nation.polygons / f"{stem}.geojson"
        path.write_text(shapely.to_geojson(to_gcj02(polygon)), encoding="utf-8")
    return nation


def write_areas(path: Path, polygons: dict[str, Geometry], **properties: str) -> Path:
    """Write polygons as GeoJSON features with `code` and the given properties."""
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"code": code, **properties},
         "geometry": json.loads(shapely.to_geojson(polygon))}
        for code, polygon in polygons.items()]}, ensure_ascii=False), encoding="utf-8")
    return path
