"""Turn drawn roads into junctions and directed segments.

Roads on the ground meet wherever their lines cross. An expressway runs above them on two
carriageways: it meets arterials and other expressways by ramps, and crosses everything else freely.
All geometry here is in metres of the local plane of `geo.roads`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from shapely import LineString, Point
from shapely.ops import substring

MERGE_M = 60.0  # crossings nearer than this are one junction
STUB_M = 250.0  # a loose end shorter than this is an overshoot of the drawing
RAMP_M = 220.0  # ramps leave the carriageway so far before, and join so far behind, a crossing
MEDIAN_M = 10.0  # half the distance between the two carriageways of an expressway
RAMP_LIMIT_KMH = 40.0
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


def lay_out(roads: list[Road]) -> Layout:
    """Build junctions and directed segments; names depend only on the order of the drawing."""
    layout = Layout()
    interchanges = _list_interchanges(roads)
    ground = [road for road in roads if not road.elevated]
    stops = _ground_junctions(layout, ground, interchanges)
    for road in ground:
        _add_ground_road(layout, road, stops[road.id])
    carriageways: dict[tuple[str, int, int], tuple[str, str]] = {}
    for road in roads:
        if road.elevated:
            _add_expressway(layout, road, interchanges, carriageways)
    _add_ramps(layout, interchanges, carriageways, stops)
    return layout


def _crossings(one: Road, other: Road) -> list[Point]:
    """List the points where two roads cross or touch."""
    found = one.line.intersection(other.line)
    points = getattr(found, "geoms", [found])
    return [point for point in points if isinstance(point, Point) and not point.is_empty]


@dataclass(frozen=True, slots=True)
class _Interchange:
    """Hold one crossing of an expressway with a road that it has ramps to."""

    index: int
    roads: tuple[Road, Road]
    at: Point


def _list_interchanges(roads: list[Road]) -> list[_Interchange]:
    """Choose the interchanges, those between expressways first, far enough from one another."""
    found = []
    for one, other in itertools.combinations(roads, 2):
        classes = {one.road_class, other.road_class}
        if EXPRESSWAY in classes and classes <= {EXPRESSWAY, "arterial"}:
            pair = (one, other) if one.elevated else (other, one)
            found += [(pair, point) for point in _crossings(one, other)]
    found.sort(key=lambda item: not item[0][1].elevated)
    kept: list[_Interchange] = []
    taken: dict[str, list[float]] = {}
    for pair, point in found:
        where = [(road, road.line.project(point)) for road in pair if road.elevated]
        if all(_room(road, at, taken.get(road.id, [])) for road, at in where):
            kept.append(_Interchange(len(kept), pair, point))
            for road, at in where:
                taken.setdefault(road.id, []).append(at)
    return kept


def _room(road: Road, at: float, taken: list[float]) -> bool:
    """Tell whether ramps fit at a distance along an expressway."""
    inside = RAMP_M + 80 < at < road.line.length - RAMP_M - 80
    return inside and all(abs(at - other) > 2 * RAMP_M + 40 for other in taken)


def _ground_junctions(layout: Layout, ground: list[Road], interchanges: list[_Interchange]
                      ) -> dict[str, list[tuple[float, str]]]:
    """Merge crossings into junctions; give each road its stops, distance along it and name."""
    marks = [(point, {one.id, other.id}) for one, other in itertools.combinations(ground, 2)
             for point in _crossings(one, other)]
    marks += [(x.at, {x.roads[1].id}) for x in interchanges if not x.roads[1].elevated]
    stops: dict[str, list[tuple[float, str]]] = {road.id: [] for road in ground}
    by_id = {road.id: road for road in ground}
    for number, group in enumerate(_groups(marks), start=1):
        x = sum(point.x for point, _ in group) / len(group)
        y = sum(point.y for point, _ in group) / len(group)
        name = layout.add_junction(f"j{number}", x, y)
        for road_id in sorted(set().union(*(ids for _, ids in group))):
            stops[road_id].append((by_id[road_id].line.project(Point(x, y)), name))
    return stops


def _groups(marks: list[tuple[Point, set[str]]]) -> list[list[tuple[Point, set[str]]]]:
    """Group the points that lie within the merging distance of a member of the group."""
    groups: list[list[tuple[Point, set[str]]]] = []
    for mark in marks:
        near = [g for g in groups if any(mark[0].distance(p) < MERGE_M for p, _ in g)]
        for group in near[1:]:
            near[0].extend(group)
            groups.remove(group)
        if near:
            near[0].append(mark)
        else:
            groups.append([mark])
    return groups


def _add_ground_road(layout: Layout, road: Road, stops: list[tuple[float, str]]) -> None:
    """Add both directions of a road between its junctions, long loose ends included."""
    stops.sort()
    ends = ((0.0, "start"), (road.line.length, "end"))
    for at, which in ends:
        if min((abs(at - other) for other, _ in stops), default=math.inf) > STUB_M:
            point = road.line.interpolate(at)
            stops.append((at, layout.add_junction(f"{road.id}-{which}", point.x, point.y)))
    stops.sort()
    forth, back = road.directions
    for number, ((a, start), (b, end)) in enumerate(itertools.pairwise(stops), start=1):
        line = _between(layout, substring(road.line, a, b), start, end)
        for name, way, tail, head in ((forth, line, start, end),
                                      (back, line.reverse(), end, start)):
            layout.add_piece(Piece(f"{road.id}-{number}-{name}", road, tail, head, way,
                                   road.lanes, road.limit_kmh))


def _between(layout: Layout, line: LineString, start: str, end: str) -> LineString:
    """Pull the ends of a line onto its junctions."""
    a, b = layout.junctions[start], layout.junctions[end]
    return LineString([(a.x, a.y), *line.coords[1:-1], (b.x, b.y)])


def _add_expressway(layout: Layout, road: Road, interchanges: list[_Interchange],
                    carriageways: dict[tuple[str, int, int], tuple[str, str]]) -> None:
    """Add both carriageways, and note where each leaves for and is joined from an interchange."""
    here = sorted((road.line.project(x.at), x.index) for x in interchanges if road in x.roads)
    cuts = sorted([0.0, road.line.length, *(at + s * RAMP_M for at, _ in here for s in (-1, 1))])
    for way, direction in enumerate(road.directions):
        names: list[str] = []
        for number, at in enumerate(cuts):
            point = _beside(road.line, at, -MEDIAN_M if way == 0 else MEDIAN_M)
            names.append(layout.add_junction(f"{road.id}-{number}-{direction}", point.x, point.y))
        for at, index in here:
            before, behind = names[cuts.index(at - RAMP_M)], names[cuts.index(at + RAMP_M)]
            carriageways[road.id, index, way] = (before, behind) if way == 0 else (behind, before)
        for number, (a, b) in enumerate(itertools.pairwise(cuts), start=1):
            line = lay_beside(substring(road.line, a, b), -MEDIAN_M if way == 0 else MEDIAN_M)
            line = _between(layout, line, names[number - 1], names[number])
            tail, head = names[number - 1], names[number]
            if way == 1:
                line, tail, head = line.reverse(), head, tail
            layout.add_piece(Piece(f"{road.id}-{number}-{direction}", road, tail, head, line,
                                   road.lanes, road.limit_kmh))


def lay_beside(line: LineString, left: float) -> LineString:
    """Give the line that runs `left` metres to the left of a gently bending one."""
    along = np.asarray(line.coords)
    along = along[np.r_[True, np.hypot(*np.diff(along, axis=0).T) > 0.01]]
    step = np.gradient(along, axis=0)
    step /= np.hypot(step[:, :1], step[:, 1:])
    return LineString(along + left * np.column_stack((-step[:, 1], step[:, 0])))


def _beside(line: LineString, at: float, left: float) -> Point:
    """Give the point beside a line at a distance along it; `left` metres to its left."""
    a, b = line.interpolate(max(0.0, at - 5)), line.interpolate(min(line.length, at + 5))
    length = math.hypot(b.x - a.x, b.y - a.y)
    here = line.interpolate(at)
    return Point(here.x - (b.y - a.y) / length * left, here.y + (b.x - a.x) / length * left)


def _add_ramps(layout: Layout, interchanges: list[_Interchange],
               carriageways: dict[tuple[str, int, int], tuple[str, str]],
               stops: dict[str, list[tuple[float, str]]]) -> None:
    """Link expressways to the ground, four ramps, or to one another, eight."""
    count: dict[str, int] = {}
    for one in interchanges:
        for road, tail, head, way in _links(one, carriageways, stops):
            count[road.id] = number = count.get(road.id, 0) + 1
            a, b = layout.junctions[tail], layout.junctions[head]
            layout.add_piece(Piece(
                f"{road.id}-r{number}-{road.directions[way]}", road, tail, head,
                LineString([(a.x, a.y), (b.x, b.y)]), 1, RAMP_LIMIT_KMH, ramp=True))


def _links(one: _Interchange, carriageways: dict[tuple[str, int, int], tuple[str, str]],
           stops: dict[str, list[tuple[float, str]]]) -> Iterator[tuple[Road, str, str, int]]:
    """Yield the ramps of an interchange: road, junctions from and to, direction of the road."""
    upper, other = one.roads
    if other.elevated:
        for way, way2 in itertools.product((0, 1), (0, 1)):
            first = carriageways[upper.id, one.index, way]
            second = carriageways[other.id, one.index, way2]
            yield upper, first[0], second[1], way
            yield other, second[0], first[1], way2
        return
    at = other.line.project(one.at)
    ground = min(stops[other.id], key=lambda stop: abs(stop[0] - at))[1]
    for way in (0, 1):
        leave, join = carriageways[upper.id, one.index, way]
        yield upper, leave, ground, way
        yield upper, ground, join, way
