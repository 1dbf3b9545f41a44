"""Build expressways: two carriageways above the ground, and ramps where they may be left.

An expressway meets arterials and other expressways by ramps, and crosses everything else freely.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from shapely import LineString, Point
from shapely.ops import substring

from geo.layout import EXPRESSWAY, Layout, Piece, Road, crossings, lay_beside, pull_between

RAMP_M = 220.0  # ramps leave the carriageway so far before, and join so far behind, a crossing
MEDIAN_M = 10.0  # half the distance between the two carriageways of an expressway
RAMP_LIMIT_KMH = 40.0

Stops = dict[str, list[tuple[float, str]]]  # by road: distance along it and name of junctions
Gates = dict[tuple[str, int, int], tuple[str, str]]  # road, interchange, way: where to leave, join


@dataclass(frozen=True, slots=True)
class Interchange:
    """Hold one crossing of an expressway with a road that it has ramps to."""

    index: int
    roads: tuple[Road, Road]
    at: Point


def list_interchanges(roads: list[Road]) -> list[Interchange]:
    """Choose the interchanges, those between expressways first, far enough from one another."""
    found = []
    for one, other in itertools.combinations(roads, 2):
        classes = {one.road_class, other.road_class}
        if EXPRESSWAY in classes and classes <= {EXPRESSWAY, "arterial"}:
            pair = (one, other) if one.elevated else (other, one)
            found += [(pair, point) for point in crossings(one, other)]
    found.sort(key=lambda item: not item[0][1].elevated)
    kept: list[Interchange] = []
    taken: dict[str, list[float]] = {}
    for pair, point in found:
        where = [(road, road.line.project(point)) for road in pair if road.elevated]
        if all(_room(road, at, taken.get(road.id, [])) for road, at in where):
            kept.append(Interchange(len(kept), pair, point))
            for road, at in where:
                taken.setdefault(road.id, []).append(at)
    return kept


def _room(road: Road, at: float, taken: list[float]) -> bool:
    """Tell whether ramps fit at a distance along an expressway."""
    inside = RAMP_M + 80 < at < road.line.length - RAMP_M - 80
    return inside and all(abs(at - other) > 2 * RAMP_M + 40 for other in taken)


def add_expressway(layout: Layout, road: Road, interchanges: list[Interchange],
                    carriageways: Gates) -> None:
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
            line = pull_between(layout, line, names[number - 1], names[number])
            tail, head = names[number - 1], names[number]
            if way == 1:
                line, tail, head = line.reverse(), head, tail
            layout.add_piece(Piece(f"{road.id}-{number}-{direction}", road, tail, head, line,
                                   road.lanes, road.limit_kmh))


def _beside(line: LineString, at: float, left: float) -> Point:
    """Give the point beside a line at a distance along it; `left` metres to its left."""
    a, b = line.interpolate(max(0.0, at - 5)), line.interpolate(min(line.length, at + 5))
    length = math.hypot(b.x - a.x, b.y - a.y)
    here = line.interpolate(at)
    return Point(here.x - (b.y - a.y) / length * left, here.y + (b.x - a.x) / length * left)


def add_ramps(layout: Layout, interchanges: list[Interchange],
               carriageways: Gates,
               stops: Stops) -> None:
    """Link expressways to the ground, four ramps, or to one another, eight."""
    count: dict[str, int] = {}
    for one in interchanges:
        for road, tail, head, way in _links(one, carriageways, stops):
            count[road.id] = number = count.get(road.id, 0) + 1
            a, b = layout.junctions[tail], layout.junctions[head]
            layout.add_piece(Piece(
                f"{road.id}-r{number}-{road.directions[way]}", road, tail, head,
                LineString([(a.x, a.y), (b.x, b.y)]), 1, RAMP_LIMIT_KMH, ramp=True))


def _links(one: Interchange, carriageways: Gates,
           stops: Stops) -> Iterator[tuple[Road, str, str, int]]:
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
