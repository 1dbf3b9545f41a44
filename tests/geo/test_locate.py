"""Check that the raster answers as shapely's exact test does, for every one of many points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import Geometry

from geo.locate import OUTSIDE, Locator

MILLION = 1_000_000
WEST, SOUTH, EAST, NORTH = 116.9, 36.5, 117.2, 36.8


def exact(areas: list[Geometry], lon: NDArray[np.float64],
          lat: NDArray[np.float64]) -> NDArray[np.int64]:
    """Ask shapely of each area in turn, the first in order last, so that it wins.

    The areas are copied: a locator prepares its own, and the plain test is to be independent.
    """
    found = np.full(len(lon), OUTSIDE, dtype=np.int64)
    points = shapely.points(lon, lat)
    copies = shapely.from_wkb(shapely.to_wkb(areas))
    for number in range(len(areas) - 1, -1, -1):
        found[shapely.intersects(copies[number], points)] = number
    return found


def mosaic(rng: np.random.Generator, count: int) -> list[Geometry]:
    """Make areas without gaps, and some that overlap them: with a hole, in two parts, a sliver."""
    seeds = shapely.MultiPoint(rng.uniform((WEST, SOUTH), (EAST, NORTH), (count, 2)))
    frame = shapely.box(WEST, SOUTH, EAST, NORTH)
    faces = [one.intersection(frame)
             for one in shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=frame))]
    ring = shapely.Point(117.05, 36.65).buffer(0.06).difference(
        shapely.Point(117.05, 36.65).buffer(0.05))
    pair = shapely.MultiPolygon([shapely.box(117.1, 36.7, 117.12, 36.72),
                                 shapely.box(117.15, 36.7, 117.25, 36.72)])
    sliver = shapely.Polygon([(116.9, 36.6), (117.2, 36.60003), (117.2, 36.60004)])
    return [sliver, ring, *faces[::2], pair, *faces[1::2]]


def hard_points(areas: list[Geometry]) -> NDArray[np.float64]:
    """Give vertices, middles of edges and points a rounding error beside them."""
    corners = shapely.get_coordinates(np.array(areas, dtype=object))
    middles = (corners[1:] + corners[:-1]) / 2
    both = np.vstack([corners, middles])
    return np.vstack([both, np.nextafter(both, 0), np.nextafter(both, 180)])


def test_a_million_random_points_are_located_as_exactly() -> None:
    rng = np.random.default_rng(7)
    areas = mosaic(rng, 150)
    hard = hard_points(areas)
    easy = rng.uniform((WEST - 0.02, SOUTH - 0.02), (EAST + 0.02, NORTH + 0.02),
                       (MILLION - len(hard), 2))
    lon, lat = np.ascontiguousarray(np.vstack([hard, easy]).T)
    wanted = exact(areas, lon, lat)
    assert len(set(wanted.tolist())) > 150  # nearly every area, and outside
    found = Locator(areas, size=1024).locate(lon, lat)
    assert np.flatnonzero(found != wanted).tolist() == []


@pytest.mark.parametrize("size", [8, 64, 4096])
def test_the_raster_decides_speed_only(size: int) -> None:
    rng = np.random.default_rng(11)
    areas = mosaic(rng, 40)
    easy = rng.uniform((116.85, 36.4), (117.25, 36.9), (20_000, 2))
    # where a border cuts no more than the corner of a raster cell, no vertex need be near
    along = shapely.get_coordinates(shapely.segmentize(np.array(areas, dtype=object), 2e-4))
    beside = along + rng.normal(0, 2e-5, along.shape)
    points = np.vstack([hard_points(areas), easy, along, beside])
    lon, lat = points[:, 0], points[:, 1]
    assert (Locator(areas, size=size).locate(lon, lat) == exact(areas, lon, lat)).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(3, 200))
@settings(max_examples=60, deadline=None)
def test_any_boxes_in_any_order_at_any_raster(seed: int, count: int, size: int) -> None:
    """Boxes on whole numbers touch, cover and repeat one another; points lie on their corners."""
    rng = np.random.default_rng(seed)
    low, span = rng.integers(0, 6, (count, 2)), rng.integers(1, 5, (count, 2))
    areas = [shapely.box(*a, *b) for a, b in zip(low, low + span, strict=True)]
    lon, lat = rng.integers(-1, 23, (2, 400)) / 2.0
    assert (Locator(areas, size=size).locate(lon, lat) == exact(areas, lon, lat)).all()


def test_of_overlapping_areas_the_first_is_given_on_its_border_too() -> None:
    first, second = shapely.box(0, 0, 2, 2), shapely.box(1, 0, 3, 2)
    lon, lat = np.array([1.0, 1.5, 2.0, 2.5, 3.0, 3.1]), np.full(6, 1.0)
    assert Locator([first, second]).locate(lon, lat).tolist() == [0, 0, 0, 1, 1, -1]
    assert Locator([second, first]).locate(lon, lat).tolist() == [0, 0, 0, 0, 0, -1]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_no_coordinate_lies_nowhere(bad: float) -> None:
    locator = Locator([shapely.box(0, 0, 2, 2)])
    lon, lat = np.array([bad, 1.0, bad, 1.0]), np.array([1.0, bad, bad, 1.0])
    assert locator.locate(lon, lat).tolist() == [-1, -1, -1, 0]
    assert locator.locate_exactly(lon, lat).tolist() == [-1, -1, -1, 0]


def test_no_points_and_no_areas_are_no_fault() -> None:
    assert Locator([shapely.box(0, 0, 1, 1)]).locate([], []).tolist() == []
    assert Locator([]).locate([0.0], [0.0]).tolist() == [-1]


def test_what_was_saved_answers_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    areas = mosaic(rng, 20)
    lon, lat = rng.uniform((WEST, SOUTH), (EAST, NORTH), (5_000, 2)).T
    fresh = Locator(areas, size=256)
    fresh.save(tmp_path)
    assert (Locator.load(tmp_path, size=256).locate(lon, lat) == fresh.locate(lon, lat)).all()


def test_a_raster_of_another_size_is_refused(tmp_path: Path) -> None:
    """It would place every point wrongly, and say nothing."""
    Locator([shapely.box(0, 0, 1, 1)], size=256).save(tmp_path)
    with pytest.raises(ValueError, match="does not fit"):
        Locator.load(tmp_path, size=128)


def test_border_points_of_one_long_border_take_no_quadratic_time() -> None:
    """A border of many vertices is indexed; without that this takes minutes."""
    angle: NDArray[Any] = np.linspace(0, 2 * np.pi, 200_001)[:-1]
    coast = shapely.Polygon(np.column_stack([np.cos(angle), np.sin(angle)]))
    on = np.tile(np.column_stack([np.cos(angle), np.sin(angle)])[::10], (3, 1))
    assert (Locator([coast], size=64).locate(on[:, 0], on[:, 1]) == 0).all()
