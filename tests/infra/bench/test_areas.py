"""Test that areas are shrunk together, and numbered over all counties."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from infra.bench.areas import (
    HEIGHT,
    SOUTH,
    WEST,
    WIDTH,
    choose,
    find_tolerance,
    number_villages,
    shrink,
    split_box,
    thin,
)


def test_shrunk_neighbours_still_share_their_border() -> None:
    shapes = np.array([shapely.box(100, 20, 110, 40), shapely.box(110, 20, 130, 40)], dtype=object)
    left, right = shrink(shapes)
    assert shapely.total_bounds([left, right]) == pytest.approx(
        [WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT])
    assert left.touches(right)


def test_the_nearest_to_the_centre_are_chosen_in_the_order_of_their_codes() -> None:
    counties = {str(code): shapely.box(lon, 33, lon + 1, 34)
                for code, lon in ((110101, 80), (410101, 115), (420101, 112), (650101, 76))}
    assert [one.bounds[0] for one in choose(counties, 2)] == [115, 112]


@pytest.mark.parametrize("number", [26, 1600])
def test_numbers_are_unique_and_leave_no_county_out(number: int) -> None:
    counties = [f"3701{i:02d}" for i in range(1, 14)]
    codes = number_villages(counties, number)
    assert len(set(codes)) == number and all(len(one) == 12 for one in codes)
    assert {one[:6] for one in codes} == set(counties)


@pytest.mark.parametrize("number", [1, 2, 4, 5])
def test_boxes_lie_side_by_side_in_the_city_s(number: int) -> None:
    boxes = [shapely.box(west, south, west + width, south + height)
             for west, south, width, height in split_box(number)]
    assert len(boxes) == number
    whole = shapely.box(WEST, SOUTH, WEST + WIDTH, SOUTH + HEIGHT).buffer(1e-9)
    assert all(whole.contains(one) for one in boxes)
    assert shapely.union_all(boxes).area == pytest.approx(sum(one.area for one in boxes))


@pytest.mark.parametrize("corners", [20, 60])
def test_a_tolerance_is_found_that_leaves_so_many_corners(corners: int) -> None:
    circles = np.array([shapely.Point(x, 0).buffer(0.1, quad_segs=100) for x in (0, 1)],
                       dtype=object)
    left = thin(circles, find_tolerance(circles, corners))
    assert shapely.get_num_coordinates(left).mean() == pytest.approx(corners, rel=0.3)
