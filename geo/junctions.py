"""Turn drawn roads into junctions and directed segments.

Roads on the ground meet wherever their lines cross; crossings near one another are one junction.
"""

from __future__ import annotations

import itertools
import math

from shapely import Point
from shapely.ops import substring

from geo.interchanges import (
    Gates,
    Interchange,
    Stops,
    add_expressway,
    add_ramps,
    list_interchanges,
)
from geo.layout import Layout, Piece, Road, crossings, pull_between

MERGE_M = 60.0  # crossings nearer than this are one junction
STUB_M = 250.0  # a loose end shorter than this is an overshoot of the drawing


def lay_out(roads: list[Road]) -> Layout:
    """Build junctions and directed segments; names depend only on the order of the drawing."""
    layout = Layout()
    interchanges = list_interchanges(roads)
    ground = [road for road in roads if not road.elevated]
    stops = _ground_junctions(layout, ground, interchanges)
    for road in ground:
        _add_ground_road(layout, road, stops[road.id])
    carriageways: Gates = {}
    for road in roads:
        if road.elevated:
            add_expressway(layout, road, interchanges, carriageways)
    add_ramps(layout, interchanges, carriageways, stops)
    return layout


def _ground_junctions(layout: Layout, ground: list[Road], interchanges: list[Interchange]
                      ) -> Stops:
    """Merge crossings into junctions; give each road its stops, distance along it and name."""
    marks = [(point, {one.id, other.id}) for one, other in itertools.combinations(ground, 2)
             for point in crossings(one, other)]
    marks += [(x.at, {x.roads[1].id}) for x in interchanges if not x.roads[1].elevated]
    stops: Stops = {road.id: [] for road in ground}
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
        line = pull_between(layout, substring(road.line, a, b), start, end)
        for name, way, tail, head in ((forth, line, start, end),
                                      (back, line.reverse(), end, start)):
            layout.add_piece(Piece(f"{road.id}-{number}-{name}", road, tail, head, way,
                                   road.lanes, road.limit_kmh))
