"""Make townships and villages where no polygons are to be had: real codes, invented borders.

A county's villages are the Voronoi faces of random points in it. The Voronoi edges are noded with
the borders of all counties and made into faces together, so that neighbours share every vertex: no
gap, no overlap. A township that a city imported is divided the same way. Townships are unions of
their villages. Everything made here is marked synthetic.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from geo.divisions import unite

_ROUND = 1e-9


def make_villages(counties: dict[str, Geometry], villages: dict[str, list[str]],
                  seed: int) -> dict[str, Geometry]:
    """Divide counties (polygons in degrees) among their 12-digit village codes.

    All borders and edges are noded at once, so that the faces of neighbouring counties share their
    vertices too. Where counties overlap the lower code keeps the face. The same seed, the same.
    """
    points: dict[str, NDArray[np.float64]] = {}
    lines: list[Geometry] = []
    for code, county in counties.items():
        rng = np.random.default_rng(seed + int(code))
        drawn = _random_points(county, len(villages[code]), rng)
        points[code] = _relaxed(county, drawn)
        edges = _voronoi(points[code], county).intersection(county)
        lines += [edges, shapely.boundary(county)]
    noded = shapely.union_all(lines, grid_size=_ROUND)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded)))
    found: dict[str, Geometry] = {}
    for code, county in sorted(counties.items()):
        held = _inside(county, faces)
        parts = _gather(faces[held], points[code])
        faces = faces[~held]
        rng = np.random.default_rng(seed + int(code))
        order = _assign(_squeezed(points[code]), villages[code], rng)
        # a village wholly in another county's overlap has no face
        found |= {one: part for one, part in zip(order, parts, strict=True) if not part.is_empty}
    return dict(sorted(found.items()))


def make_townships(villages: dict[str, Geometry]) -> dict[str, Geometry]:
    """Unite villages into the townships that their codes begin with."""
    grouped: dict[str, list[Geometry]] = {}
    for code, polygon in villages.items():
        grouped.setdefault(code[:9], []).append(polygon)
    return {code: unite(parts) for code, parts in grouped.items()}


def _random_points(county: Geometry, count: int,
                   rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw points inside a polygon."""
    west, south, east, north = county.bounds
    shapely.prepare(county)
    found = np.empty((0, 2))
    while len(found) < count:
        drawn = rng.random((4 * count, 2)) * [east - west, north - south] + [west, south]
        inside = shapely.contains_xy(county, drawn[:, 0], drawn[:, 1])
        found = np.vstack([found, drawn[inside]])
    return found[:count]


def _squeezed(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale longitudes so that a degree is as long either way, near enough for a county."""
    return points * [float(np.cos(np.radians(points[:, 1].mean()))), 1.0]


def _voronoi(points: NDArray[np.float64], county: Geometry) -> Geometry:
    """Give the Voronoi edges of points, drawn where a degree is as long either way."""
    squeeze = float(np.cos(np.radians(points[:, 1].mean())))
    frame = shapely.transform(county.envelope.buffer(0.1), lambda c: c * [squeeze, 1.0])
    edges = shapely.voronoi_polygons(
        shapely.MultiPoint(_squeezed(points)), extend_to=frame, only_edges=True)
    return shapely.transform(edges, lambda c: c / [squeeze, 1.0])


def _inside(county: Geometry, faces: NDArray[Any]) -> NDArray[np.bool_]:
    """Tell which faces lie in a county; none lies across its border."""
    shapely.prepare(county)
    held: NDArray[np.bool_] = shapely.intersects(county, shapely.point_on_surface(faces))
    return held


def _gather(faces: NDArray[Any], points: NDArray[np.float64]) -> list[Geometry]:
    """Unite the faces nearest to each point."""
    squeeze = float(np.cos(np.radians(points[:, 1].mean())))
    inner = shapely.get_coordinates(shapely.point_on_surface(faces)) * [squeeze, 1.0]
    owner = shapely.STRtree(shapely.points(_squeezed(points))).nearest(shapely.points(inner))
    return [shapely.coverage_union_all(faces[owner == i]) for i in range(len(points))]


def _relaxed(county: Geometry, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Move points once towards the middle of their faces (Lloyd), where that stays inside."""
    if len(points) < 2:
        return points
    lines = shapely.union_all([_voronoi(points, county), shapely.boundary(county)],
                              grid_size=_ROUND)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(lines)))
    own = _gather(faces[_inside(county, faces)], points)
    middles = shapely.get_coordinates(shapely.centroid(np.array(own, dtype=object)))
    inside = shapely.contains_xy(county, middles[:, 0], middles[:, 1])
    return np.where(inside[:, None], middles, points)


def _assign(points: NDArray[np.float64], villages: list[str],
            rng: np.random.Generator) -> list[str]:
    """Give each point a village code so that villages of a township lie together.

    Townships take a random point each as centre; pairs of point and township are served by
    distance until a township has as many points as it has codes.
    """
    wanted = Counter(code[:9] for code in villages)
    townships = sorted(wanted)
    centres = points[rng.choice(len(points), len(townships), replace=False)]
    distance = ((points[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    codes = {town: iter(sorted(c for c in villages if c[:9] == town)) for town in townships}
    given: list[str] = [""] * len(points)
    for flat in np.argsort(distance, axis=None, kind="stable"):
        point, town = divmod(int(flat), len(townships))
        name = townships[town]
        if not given[point] and wanted[name]:
            wanted[name] -= 1
            given[point] = next(codes[name])
    return given
