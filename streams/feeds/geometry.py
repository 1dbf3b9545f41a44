"""Find the lines of roads and the polygons of areas, where the city has them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from geo.roads import list_roads, to_degrees

Geometry = dict[str, Any] | None
# digits of an area code, by the level's name
LEVELS: dict[str, int] = {"county": 6, "township": 9}


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


def find_area(code: str) -> Geometry:  # noqa: ARG001
    """Find the polygon of an area; None where there is none."""
    return None


def area_names(code: str) -> dict[str, Any]:  # noqa: ARG001
    """Give the name of an area and whether its polygon is synthetic."""
    return {}
