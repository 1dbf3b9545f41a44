"""Describe the parts of a road network, in metres of the local plane of `geo.roads`."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from shapely import LineString, Point

EXPRESSWAY = "expressway"


@dataclass(frozen=True, slots=True)
class Road:
    """Describe one drawn road; `lanes` and `limit_kmh` are per direction."""

    id: str
    name: str
    name_en: str
    road_class: str
    lanes: int
    limit_kmh: float
    line: LineString

    @property
    def elevated(self) -> bool:
        """Tell whether the road crosses others above the ground."""
        return self.road_class == EXPRESSWAY

    @property
    def directions(self) -> tuple[str, str]:
        """Give the compass letters of travel along and against the drawn line."""
        (x0, y0), (x1, y1) = self.line.coords[0], self.line.coords[-1]
        if abs(x1 - x0) > abs(y1 - y0):
            return ("e", "w") if x1 > x0 else ("w", "e")
        return ("n", "s") if y1 > y0 else ("s", "n")


@dataclass(slots=True)
class Junction:
    """Hold one junction: its place in metres and the classes of the roads that meet there."""

    id: str
    x: float
    y: float
    classes: set[str] = field(default_factory=set)
    arms: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """Hold one directed segment between two junctions; `ramp` says it links two roads."""

    id: str
    road: Road
    start: str
    end: str
    line: LineString
    lanes: int
    limit_kmh: float
    ramp: bool = False


@dataclass(slots=True)
class Layout:
    """Collect the junctions and directed segments of a network."""

    junctions: dict[str, Junction] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)

    def add_junction(self, name: str, x: float, y: float) -> str:
        """Add a junction; give its name back."""
        self.junctions[name] = Junction(name, x, y)
        return name

    def add_piece(self, piece: Piece) -> None:
        """Add a segment and count it at both its ends."""
        self.pieces.append(piece)
        for name in (piece.start, piece.end):
            junction = self.junctions[name]
            junction.arms += 1
            junction.classes.add("ramp" if piece.ramp else piece.road.road_class)


def crossings(one: Road, other: Road) -> list[Point]:
    """List the points where two roads cross or touch."""
    found = one.line.intersection(other.line)
    points = getattr(found, "geoms", [found])
    return [point for point in points if isinstance(point, Point) and not point.is_empty]


def pull_between(layout: Layout, line: LineString, start: str, end: str) -> LineString:
    """Pull the ends of a line onto its junctions."""
    a, b = layout.junctions[start], layout.junctions[end]
    return LineString([(a.x, a.y), *line.coords[1:-1], (b.x, b.y)])


def lay_beside(line: LineString, left: float) -> LineString:
    """Give the line that runs `left` metres to the left of a gently bending one."""
    along = np.asarray(line.coords)
    along = along[np.r_[True, np.hypot(*np.diff(along, axis=0).T) > 0.01]]
    step = np.gradient(along, axis=0)
    step /= np.hypot(step[:, :1], step[:, 1:])
    return LineString(along + left * np.column_stack((-step[:, 1], step[:, 0])))
