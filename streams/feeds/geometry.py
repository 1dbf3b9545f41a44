"""Find the lines of roads and the polygons of areas, where the city has them."""

from __future__ import annotations

from typing import Any

Geometry = dict[str, Any] | None
# digits of an area code, by the level's name
LEVELS: dict[str, int] = {"county": 6, "township": 9}


def find_road(road_id: str) -> Geometry:
    """Find the line of a road; None where it is not known."""
    return None


def road_names(road_id: str) -> dict[str, Any]:
    """Give the names of a road; nothing where it is not known."""
    return {}


def find_area(code: str) -> Geometry:
    """Find the polygon of an area; None where there is none."""
    return None


def area_names(code: str) -> dict[str, Any]:
    """Give the name of an area and whether its polygon is synthetic."""
    return {}
