"""Check cells: at most 999, each with an area, inside the village, without gap or overlap."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Geometry

from geo.cells import METRES_A_DEGREE, MOST_CELLS, Cells, make_grid


def blob(seed: int, radius: float = 0.004) -> Geometry:
    """Make a village of uneven, concave outline near Jinan."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, 24)[:-1]
    reach = radius * rng.uniform(0.3, 1.0, len(angle))
    return shapely.Polygon(np.column_stack([117.0 + reach * np.cos(angle),
                                            36.65 + reach * np.sin(angle)]))


def polygons(cells: Cells, village: Geometry) -> list[Geometry]:
    """Give the polygons of all cells of the first village."""
    found = [cells.polygon(0, i, village) for i in range(1, cells.counts()[0] + 1)]
    assert None not in found
    return [one for one in found if one is not None]


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_cells_tile_their_village(seed: int) -> None:
    village = blob(seed)
    cells = Cells.build([make_grid(village)])
    parts = polygons(cells, village)
    assert all(one.area > 0 for one in parts)
    assert sum(one.area for one in parts) == pytest.approx(village.area, rel=1e-9)
    assert shapely.union_all(parts).symmetric_difference(village).area < 1e-15
    assert cells.polygon(0, len(parts) + 1, village) is None


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_a_point_lies_in_the_cell_it_is_given_on_the_border_too(seed: int) -> None:
    village = blob(seed)
    cells = Cells.build([make_grid(village)])
    rng = np.random.default_rng(seed)
    drawn = rng.uniform((116.996, 36.646), (117.004, 36.654), (300, 2))
    inside = drawn[shapely.contains_xy(village, drawn)]
    border = shapely.get_coordinates(shapely.segmentize(village.exterior, 2e-5))
    points = np.vstack([inside, border])
    serials = cells.serial(np.zeros(len(points), int), points[:, 0], points[:, 1])
    own = [cells.polygon(0, int(serial), village) for serial in serials]
    away = shapely.distance(shapely.points(points), np.array(own, dtype=object))
    assert (serials > 0).all() and away.max() < 1e-9  # a tenth of a millimetre


def test_a_village_whose_border_is_a_grid_line_has_no_cells_without_area() -> None:
    side = 100 / METRES_A_DEGREE
    step = side / float(np.cos(np.radians(2 * side)))
    village = shapely.box(0, 0, 3 * step, 4 * side)
    cells = Cells.build([make_grid(village)])
    assert cells.counts() == [12]
    corner = cells.serial(np.array([0]), np.array([3 * step]), np.array([4 * side]))
    assert corner.tolist() == [12]


def test_a_border_point_in_no_square_gets_the_nearest_cell_not_the_first() -> None:
    """Left and below of the point lie squares as near by number, but only one holds it."""
    side = 100 / METRES_A_DEGREE
    step = side / float(np.cos(np.radians(2 * side)))
    stairs = shapely.box(0, 0, 4 * step, 2 * side).union(shapely.box(0, 0, 2 * step, 4 * side))
    cells = Cells.build([make_grid(stairs)])
    assert cells.counts() == [12]
    lon, lat = np.array([2 * step]), np.array([2.5 * side])
    own = cells.polygon(0, int(cells.serial(np.array([0]), lon, lat)[0]), stairs)
    assert own is not None and own.distance(shapely.Point(lon[0], lat[0])) < 1e-12


def test_large_villages_have_larger_cells_and_small_ones_a_single_one() -> None:
    large = make_grid(blob(1, 0.2))
    assert MOST_CELLS * 0.7 < large.serials.max() <= MOST_CELLS
    assert large.step_lat * METRES_A_DEGREE > 300
    assert make_grid(blob(1, 0.0001)).serials.max() <= 4


def test_serials_run_without_gap_from_the_south_west() -> None:
    serials = make_grid(shapely.box(117, 36.6, 117.0049, 36.6049)).serials
    assert serials[0, 0] == 1 and np.array_equal(np.unique(serials[serials > 0]),
                                                 np.arange(1, serials.max() + 1))
    assert (np.diff(serials[0]) == 1).all()


def test_tables_are_read_as_written(tmp_path: Path) -> None:
    villages = [blob(i) for i in range(5)]
    cells = Cells.build(make_grid(one) for one in villages)
    cells.save(tmp_path)
    again = Cells.load(tmp_path)
    assert again.counts() == cells.counts()
    lon, lat = np.full(5, 117.0), np.full(5, 36.65)
    assert (again.serial(np.arange(5), lon, lat) == cells.serial(np.arange(5), lon, lat)).all()


def test_no_villages_are_no_fault() -> None:
    assert Cells.build([]).counts() == []
