"""Give the road network of the configured city: directed segments, their lines, and matching.

The network is drawn by us in `geo/roads/<city>.geojson`: schematic, with real names; WGS-84. Lines
are smoothed, cut at junctions and laid beside each other by direction of travel (on the right).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from shapely import LineString, STRtree, distance, points

from geo.junctions import lay_out
from geo.layout import Junction, Layout, Piece, Road, lay_beside

FOLDER = Path(__file__).resolve().parent / "roads"
CENTRE = (117.02, 36.66)  # degrees: the origin of the local plane
# metres a degree at 36.66° north: the usual cosine series for the WGS-84 ellipsoid
METRES_LATITUDE = 110_971.2
METRES_LONGITUDE = 89_407.6
LANE_M = 3.5
_FAR = -1


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Describe one directed segment; `coordinates` is float32 (n, 2), longitude and latitude."""

    segment_id: str
    road_id: str
    name: str
    name_en: str
    road_class: str
    lanes: int
    limit_kmh: float
    length_m: float
    coordinates: NDArray[np.float32]
    ramp: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        """Give longitude and latitude halfway along."""
        x, y = to_plane(self.coordinates[:, 0], self.coordinates[:, 1])
        point = LineString(np.column_stack((x, y))).interpolate(0.5, normalized=True)
        longitude, latitude = to_degrees(point.x, point.y)
        return float(longitude), float(latitude)


def to_plane(longitude: ArrayLike, latitude: ArrayLike
             ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Convert degrees to metres east and north of the centre (equirectangular)."""
    return ((np.asarray(longitude, dtype=np.float64) - CENTRE[0]) * METRES_LONGITUDE,
            (np.asarray(latitude, dtype=np.float64) - CENTRE[1]) * METRES_LATITUDE)


def to_degrees(x: ArrayLike, y: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Convert metres east and north of the centre to degrees."""
    return (np.asarray(x, dtype=np.float64) / METRES_LONGITUDE + CENTRE[0],
            np.asarray(y, dtype=np.float64) / METRES_LATITUDE + CENTRE[1])


@cache
def read_drawing(city: str = "jinan") -> tuple[dict[str, Any], ...]:
    """Read the features as drawn; raise FileNotFoundError for a city without a drawing."""
    document = json.loads((FOLDER / f"{city}.geojson").read_text(encoding="utf-8"))
    return tuple(document["features"])


def _smooth(line: NDArray[np.float64], rounds: int = 2) -> NDArray[np.float64]:
    """Round the corners of a line, keeping its ends (Chaikin's corner cutting)."""
    for _ in range(rounds):
        ahead, behind = line[:-1] * 0.75 + line[1:] * 0.25, line[:-1] * 0.25 + line[1:] * 0.75
        inner = np.stack((ahead, behind), axis=1).reshape(-1, 2)[1:-1]
        line = np.concatenate((line[:1], inner, line[-1:]))
    return line


@cache
def list_roads() -> tuple[Road, ...]:
    """List the drawn roads, smoothed, in metres of the local plane."""
    found = []
    for feature in read_drawing():
        named = feature["properties"]
        if named["kind"] == "road":
            x, y = to_plane(*zip(*feature["geometry"]["coordinates"], strict=True))
            found.append(Road(
                named["id"], named["name"], named["name_en"], named["class"], named["lanes"],
                float(named["limit_kmh"]), LineString(_smooth(np.column_stack((x, y))))))
    return tuple(found)


@cache
def read_layout() -> Layout:
    """Give junctions and directed segments in metres of the local plane."""
    return lay_out(list(list_roads()))


def list_junctions() -> tuple[Junction, ...]:
    """List the junctions."""
    return tuple(read_layout().junctions.values())


def _segment(piece: Piece) -> Segment:
    """Lay a piece beside the road's centre line and give it degrees."""
    road = piece.road
    beside = 0.0 if piece.ramp or road.elevated else piece.lanes * LANE_M / 2
    line = lay_beside(piece.line, -beside) if beside else piece.line
    coordinates = np.column_stack(to_degrees(*zip(*line.coords, strict=True)))
    return Segment(piece.id, road.id, road.name, road.name_en,
                   "ramp" if piece.ramp else road.road_class, piece.lanes, piece.limit_kmh,
                   float(piece.line.length), coordinates.astype(np.float32), piece.ramp)


@cache
def list_segments() -> tuple[Segment, ...]:
    """List all directed segments, in the order of the drawing."""
    return tuple(_segment(piece) for piece in read_layout().pieces)


@cache
def _by_id() -> dict[str, Segment]:
    """Index the segments by id."""
    return {segment.segment_id: segment for segment in list_segments()}


def get_segment(segment_id: str) -> Segment:
    """Get a segment; raise KeyError when there is none of that id."""
    return _by_id()[segment_id]


def to_geojson() -> dict[str, Any]:
    """Give all segments as a GeoJSON FeatureCollection (WGS-84, limits in km/h)."""
    return {"type": "FeatureCollection", "features": [{
        "type": "Feature",
        "properties": {
            "segment_id": one.segment_id, "road_id": one.road_id, "name": one.name,
            "name_en": one.name_en, "class": one.road_class, "lanes": one.lanes,
            "limit_kmh": one.limit_kmh, "length_m": round(one.length_m, 1)},
        "geometry": {"type": "LineString",
                     "coordinates": one.coordinates.astype(float).round(6).tolist()},
    } for one in list_segments()]}


def list_waters() -> list[dict[str, Any]]:
    """List lakes (polygons) and rivers (lines with `width_m`) as GeoJSON features."""
    return [one for one in read_drawing() if one["properties"]["kind"] == "water"]


def list_landmarks() -> list[dict[str, Any]]:
    """List places by which people find their way, as GeoJSON point features."""
    return [one for one in read_drawing() if one["properties"]["kind"] == "landmark"]


@cache
def _tree() -> tuple[STRtree, NDArray[np.float64], NDArray[np.int64]]:
    """Index straight parts of segments: the tree, each part's heading, its segment's number."""
    parts, headings, owners = [], [], []
    for number, segment in enumerate(list_segments()):
        line = np.column_stack(to_plane(segment.coordinates[:, 0], segment.coordinates[:, 1]))
        for a, b in pairwise(line):
            parts.append(LineString((a, b)))
            headings.append(math.degrees(math.atan2(b[0] - a[0], b[1] - a[1])) % 360)
            owners.append(number)
    return STRtree(parts), np.array(headings), np.array(owners)


def nearest_segment(longitude: ArrayLike, latitude: ArrayLike, *, heading: ArrayLike | None = None,
                    max_distance_m: float = 40.0, max_turn_degrees: float = 60.0
                    ) -> NDArray[np.int64]:
    """Match points to segments: the number in `list_segments()` of the nearest, -1 where none.

    With `heading` (degrees clockwise from north), only segments that run within
    `max_turn_degrees` of it are considered; NaN means unknown. Arrays of one length.
    """
    x, y = (np.atleast_1d(part) for part in to_plane(longitude, latitude))
    tree, headings, owners = _tree()
    dots = points(x, y)
    asked, part = tree.query(dots, predicate="dwithin", distance=max_distance_m)
    if heading is not None:
        turn = np.abs((headings[part] - np.atleast_1d(heading)[asked] + 180) % 360 - 180)
        wanted = ~(turn > max_turn_degrees)
        asked, part = asked[wanted], part[wanted]
    from_point = distance(tree.geometries[part], dots[asked])
    found = np.full(len(dots), _FAR, dtype=np.int64)
    order = np.lexsort((owners[part], from_point, asked))
    first, position = np.unique(asked[order], return_index=True)
    found[first] = owners[part[order][position]]
    return found
