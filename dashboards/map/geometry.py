"""Prepare what of the map does not move: areas, roads, water, each with what colours it.

Built once per process from the area tree and the road network, and served to the browser as one
immutable JSON document; updates then carry one byte a road segment only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from shapely import STRtree
from shapely.geometry import Point, mapping, shape
from shapely.geometry.base import BaseGeometry

from geo import roads
from geo.tree import AreaTree
from streams.settings import read_settings

SIMPLIFY_COUNTY_M = 60.0
SIMPLIFY_TOWNSHIP_M = 25.0
DEFAULT_LIMIT = 50.0
_DECIMALS = 5


def _drawn() -> list[dict[str, Any]]:
    """List the segments of the city's drawing as GeoJSON features."""
    found: list[dict[str, Any]] = roads.to_geojson()["features"]
    return found


# where the segments come from; a benchmark gives others
list_features: Callable[[], list[dict[str, Any]]] = _drawn


@dataclass(frozen=True, slots=True)
class Geometry:
    """Hold the map's document, its version, and the limits (km/h) that make speeds ratios."""

    version: str
    document: bytes
    segments: tuple[str, ...]
    segment_roads: tuple[str, ...]
    segment_limits: tuple[float, ...]
    area_limits: dict[str, float]


def _short(coordinates: Any) -> Any:
    """Round nested coordinates to about a metre."""
    if isinstance(coordinates, (int, float)):
        return round(float(coordinates), _DECIMALS)
    return [_short(one) for one in coordinates]


def _area(feature: dict[str, Any], level: str) -> dict[str, Any]:
    """Turn one area feature into what the browser draws: code, name, label point, polygons."""
    properties = feature["properties"]
    where = shape(feature["geometry"])
    label = where.representative_point()
    geometry = mapping(where)
    polygons = geometry["coordinates"]
    return {
        "code": properties["code"], "level": level, "name": properties["name_zh"],
        "name_en": properties["name_en"], "synthetic": bool(properties["synthetic"]),
        "label": _short((label.x, label.y)),
        "polygons": _short(polygons if geometry["type"] == "MultiPolygon" else [polygons]),
    }


def _roads() -> list[dict[str, Any]]:
    """List the road segments with identity, name, limit and line."""
    found = []
    for feature in list_features():
        properties = feature["properties"]
        found.append({
            "id": str(properties["segment_id"]), "road": str(properties["road_id"]),
            "name": properties.get("name", ""), "name_en": properties.get("name_en", ""),
            "limit": float(properties.get("limit_kmh") or DEFAULT_LIMIT),
            "line": _short(feature["geometry"]["coordinates"]),
        })
    return found


def _water() -> list[dict[str, Any]]:
    """List lakes by their rings and rivers by their lines and widths in metres."""
    found = []
    for feature in roads.list_waters():
        properties, geometry = feature["properties"], feature["geometry"]
        shown = {"name": properties.get("name", ""), "name_en": properties.get("name_en", "")}
        if geometry["type"] == "Polygon":
            found.append(shown | {"polygon": _short(geometry["coordinates"])})
        else:
            found.append(shown | {"line": _short(geometry["coordinates"]),
                                  "width": properties.get("width_m", 30)})
    return found


def _landmarks() -> list[dict[str, Any]]:
    """List the places by which people find their way."""
    return [{"name": one["properties"].get("name", ""),
             "name_en": one["properties"].get("name_en", ""),
             "at": _short(one["geometry"]["coordinates"])} for one in roads.list_landmarks()]


def _limits(areas: list[BaseGeometry], codes: list[str],
            segments: list[dict[str, Any]]) -> dict[str, float]:
    """Average the limits of the segments whose middle lies in an area, by area code."""
    middles = [Point(one["line"][len(one["line"]) // 2]) for one in segments]
    sums: dict[str, list[float]] = {}
    if middles and areas:
        points, places = STRtree(areas).query(middles, predicate="intersects")
        for point, place in zip(points, places, strict=True):
            sums.setdefault(codes[place], []).append(segments[point]["limit"])
    return {code: sum(limits) / len(limits) for code, limits in sums.items()}


def _area_features(city: str) -> list[tuple[str, dict[str, Any]]]:
    """List level and feature of the city's counties and townships; none while no tree is built."""
    if not _stamp():
        return []
    tree = AreaTree.load(read_settings().areas)
    return [
        (level, feature)
        for level, simplify in (("county", SIMPLIFY_COUNTY_M), ("township", SIMPLIFY_TOWNSHIP_M))
        for feature in tree.to_geojson(level, under=city, simplify_m=simplify)["features"]
        if feature.get("geometry")]


def _stamp() -> int:
    """Tell when the area tree was built, ns; 0 while there is none."""
    file = read_settings().areas / "meta.json"
    return file.stat().st_mtime_ns if file.exists() else 0


@lru_cache(maxsize=1)
def _build(stamp: int) -> Geometry:  # noqa: ARG001 (the cache's key)
    """Build the map of the configured city from the roads and the area tree of one moment."""
    features = _area_features(read_settings().city)
    segments = _roads()
    codes = [feature["properties"]["code"] for _, feature in features]
    limits = _limits([shape(feature["geometry"]) for _, feature in features], codes, segments)
    document = orjson.dumps({
        "areas": [_area(feature, level) for level, feature in features],
        "segments": segments, "water": _water(), "landmarks": _landmarks()})
    return Geometry(
        hashlib.sha256(document).hexdigest()[:12], document, tuple(one["id"] for one in segments),
        tuple(one["road"] for one in segments), tuple(one["limit"] for one in segments), limits)


def read_geometry() -> Geometry:
    """Read the map, built anew when the area tree has changed."""
    return _build(_stamp())
