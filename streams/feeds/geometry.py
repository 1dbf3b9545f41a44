"""Find the lines of roads and the polygons of areas, where the city has them."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geo.roads import list_roads, to_degrees
from geo.tree import AreaTree
from streams.settings import read_settings

Geometry = dict[str, Any] | None
# digits of an area code, by the level's name
LEVELS: dict[str, int] = {"county": 6, "township": 9}
# how far a simplified border may stray, metres: less than a map of the whole level can show
SIMPLIFY_M: dict[str, float] = {"county": 30.0, "township": 10.0}


@cache
def _roads() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """Give line and names of each drawn road by its id."""
    found = {}
    for road in list_roads():
        longitude, latitude = to_degrees(*np.asarray(road.line.coords).T)
        line = np.column_stack((longitude, latitude)).round(6).tolist()
        found[road.id] = ({"type": "LineString", "coordinates": line},
                          {"name": road.name, "name_en": road.name_en})
    return found


def find_road(road_id: str) -> Geometry:
    """Find the line of a road; None where it is not known."""
    known = _roads().get(road_id)
    return known[0] if known else None


def road_names(road_id: str) -> dict[str, Any]:
    """Give the names of a road; nothing where it is not known."""
    known = _roads().get(road_id)
    return known[1] if known else {}


class Areas:
    """Hold polygons and names of the areas of a level, read again when the tree is built anew."""

    def __init__(self, directory: Path) -> None:
        """Take the directory of the built area tree; it may come later."""
        self._directory = directory
        self._stamp = 0
        self._known: dict[str, dict[str, Any]] = {}

    def find(self, code: str) -> dict[str, Any] | None:
        """Find the GeoJSON feature of an area; None where there is none."""
        return self._known.get(code)

    def refresh(self) -> None:
        """Read the tree when it is new; without a tree nothing is known."""
        file = self._directory / "meta.json"
        stamp = file.stat().st_mtime_ns if file.exists() else 0
        if stamp == self._stamp:
            return
        known: dict[str, dict[str, Any]] = {}
        if stamp:
            tree = AreaTree.load(self._directory)
            for level in LEVELS:
                found = tree.to_geojson(level, simplify_m=SIMPLIFY_M[level])
                known |= {one["id"]: _shortened(one) for one in found["features"]}
            del tree
            _give_memory_back()
        self._stamp, self._known = stamp, known


def _give_memory_back() -> None:
    """Return freed memory to the system: a tree once read leaves some 70 MB behind (glibc only)."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def _shortened(feature: dict[str, Any]) -> dict[str, Any]:
    """Round the coordinates of a feature to a tenth of a metre."""
    shape = shapely.set_precision(shapely.geometry.shape(feature["geometry"]), 1e-6)
    return {**feature, "geometry": json.loads(shapely.to_geojson(shape))}


@cache
def areas() -> Areas:
    """Give the areas of this city."""
    return Areas(read_settings().areas)


def find_area(code: str) -> Geometry:
    """Find the polygon of an area; None where there is none."""
    known = areas().find(code)
    return known["geometry"] if known else None


def area_names(code: str) -> dict[str, Any]:
    """Give the name of an area and whether its polygon is synthetic; nothing if not known."""
    known = areas().find(code)
    if known is None:
        return {}
    about = known["properties"]
    return {"name": about["name_zh"], "name_en": about["name_en"],
            "synthetic": about["synthetic"]}
