"""Check generated villages: all codes, no gap, no overlap, townships that hang together."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Geometry

from geo.synthetic import make_townships, make_villages

COUNTIES = {
    "370102": shapely.Polygon([(117.0, 36.6), (117.1, 36.6), (117.13, 36.65), (117.1, 36.7),
                               (117.0, 36.7)]),
    "370103": shapely.Polygon([(117.1, 36.6), (117.2, 36.6), (117.2, 36.7), (117.1, 36.7),
                               (117.13, 36.65)]),
}
CODES = {"370102": [f"370102{t:03d}{v:03d}" for t in range(1, 4) for v in range(1, 9)],
         "370103": [f"370103{t:03d}{v:03d}" for t in range(1, 3) for v in range(1, 6)]}


def made(seed: int = 1) -> dict[str, Geometry]:
    """Make the villages of the two counties."""
    return make_villages(COUNTIES, CODES, seed)


def overlap(shapes: list[Geometry]) -> float:
    """Give the largest area that two of the shapes share."""
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pair = first < second
    array = np.array(shapes, dtype=object)
    shared = shapely.area(shapely.intersection(array[first[pair]], array[second[pair]]))
    return float(shared.max(initial=0))


@given(st.integers(0, 10_000))
@settings(max_examples=8, deadline=None)
def test_villages_tile_their_counties(seed: int) -> None:
    villages = made(seed)
    assert list(villages) == sorted(code for codes in CODES.values() for code in codes)
    shapes = list(villages.values())
    assert shapely.is_valid(shapes).all() and shapely.coverage_is_valid(shapes)
    assert overlap(shapes) == 0
    for county, border in COUNTIES.items():
        own = shapely.union_all([v for code, v in villages.items() if code.startswith(county)])
        assert own.symmetric_difference(border).area < 1e-8 * border.area


def test_the_same_seed_makes_the_same_villages_and_another_others() -> None:
    assert all(one.equals(made()[code]) for code, one in made().items())
    assert not made()["370102001001"].equals(made(2)["370102001001"])


def test_a_county_has_the_same_villages_whatever_its_neighbours() -> None:
    alone = make_villages({"370103": COUNTIES["370103"]}, CODES, 1)
    both = made()
    assert all(shapely.hausdorff_distance(one, both[code]) < 1e-8 for code, one in alone.items())


def test_townships_are_unions_of_their_villages() -> None:
    villages = made()
    townships = make_townships(villages)
    assert set(townships) == {code[:9] for code in villages}
    for town, polygon in townships.items():
        parts = [v for code, v in villages.items() if code.startswith(town)]
        assert polygon.symmetric_difference(shapely.union_all(parts)).area < 1e-15


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_villages_are_enough(count: int) -> None:
    codes = [f"370102001{i:03d}" for i in range(count)]
    villages = make_villages({"370102": COUNTIES["370102"]}, {"370102": codes}, 5)
    assert sorted(villages) == codes
    assert sum(v.area for v in villages.values()) == pytest.approx(COUNTIES["370102"].area)


def test_what_two_counties_claim_goes_to_the_lower_code() -> None:
    counties = {"370103": shapely.box(117.05, 36.6, 117.2, 36.7),
                "370102": shapely.box(117.0, 36.6, 117.1, 36.7)}
    villages = make_villages(counties, CODES, 3)
    assert overlap(list(villages.values())) == 0
    west = shapely.union_all([v for code, v in villages.items() if code.startswith("370102")])
    assert west.symmetric_difference(counties["370102"]).area < 1e-9


def test_a_county_that_another_covers_has_no_villages_rather_than_empty_ones() -> None:
    counties = {"370102": COUNTIES["370102"], "370103": shapely.box(117.01, 36.61, 117.05, 36.65)}
    villages = make_villages(counties, CODES, 3)
    assert {code[:6] for code in villages} == {"370102"}
    assert not any(v.is_empty for v in villages.values())


def test_an_imported_township_is_divided_as_a_county_is() -> None:
    town, codes = "370102001", [f"370102001{i:03d}" for i in range(1, 7)]
    villages = make_villages({town: COUNTIES["370102"]}, {town: codes}, 1)
    assert sorted(villages) == codes
