"""Check the reading of codes and polygons, and that nothing that does not fit is silent."""

from __future__ import annotations

from pathlib import Path

import pytest
import shapely

from geo.divisions import (
    Report,
    check_polygon,
    keep_polygons,
    polygon_directory,
    read_codes,
    read_polygons,
    repair,
    unite,
)
from tests.geo.nation import BOW_TIE, CODES, WEST_COUNTY, Nation, draw_nation


@pytest.fixture
def nation(tmp_path: Path) -> Nation:
    return draw_nation(tmp_path)


def _upper(nation: Nation) -> dict[str, str]:
    """Read the codes that have polygons."""
    return {code: name for level in (2, 4, 6)
            for code, name in read_codes(nation.codes, level).items()}


def test_codes_are_read_below_a_prefix(nation: Nation) -> None:
    assert list(read_codes(nation.codes, 9, "370102")) == ["370102001", "370102002"]
    assert read_codes(nation.codes, 4)["3702"] == "名3702"
    assert len(read_codes(nation.codes, 12)) == len(CODES["villages"])


def test_polygons_are_converted_named_by_level_and_reported(nation: Nation) -> None:
    report = Report()
    found = read_polygons(nation.polygons, _upper(nation), report)
    assert set(found) == {"37", "3701", "3702", "370102", "370103", "370201", "44", "4419", "71"}
    assert shapely.hausdorff_distance(found["370102"], WEST_COUNTY) < 1e-9
    assert report.without_polygon == ["370176", "441900"]
    assert report.without_code == ["71"]
    assert report.repaired == ["370201"] and report.refused == {}


@pytest.mark.parametrize(("text", "reason"), [
    ("not JSON", "JSON"), ('{"type": "Polygon", "coordinates": []}', "no polygon"),
    ('{"type": "Polygon", "coordinates": [[[117, 36], [118, 37]]]}', "LinearRing"),
    ('{"type": "Point", "coordinates": [117, 36]}', "no polygon, but POINT"), ("", ""),
    ('{"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}', "nothing is left"),
])
def test_what_is_no_polygon_is_refused_by_code(nation: Nation, text: str, reason: str) -> None:
    (nation.polygons / "370103.geojson").write_text(text, encoding="utf-8")
    report = Report()
    found = read_polygons(nation.polygons, _upper(nation), report)
    assert "370103" not in found and "370103" in report.without_polygon
    assert reason in report.refused["370103"]


def test_a_collection_of_features_is_one_area(nation: Nation) -> None:
    parts = [shapely.box(117, 36, 118, 37), shapely.box(119, 36, 120, 37)]
    features = ",".join('{"type": "Feature", "properties": {}, "geometry": '
                        f'{shapely.to_geojson(one)}}}' for one in parts)
    (nation.polygons / "370103.geojson").write_text(
        f'{{"type": "FeatureCollection", "features": [{features}]}}', encoding="utf-8")
    found = read_polygons(nation.polygons, _upper(nation), Report())["370103"]
    assert found.geom_type == "MultiPolygon" and found.area == pytest.approx(2, rel=1e-3)


def test_a_bow_tie_becomes_its_two_triangles() -> None:
    mended = repair(BOW_TIE)
    assert mended is not None and mended.is_valid
    assert len(shapely.get_parts(mended)) == 2
    assert mended.area == pytest.approx(0.02)


def test_a_spike_is_cut_off_and_told() -> None:
    spike = shapely.Polygon([(0, 0), (2, 0), (2, 2), (2, 5), (2, 2), (0, 2)])
    report = Report()
    mended = check_polygon("370102001", spike, report)
    assert mended is not None and mended.is_valid and mended.geom_type == "Polygon"
    assert mended.area == pytest.approx(4)
    assert report.repaired == ["370102001"]


def test_lines_and_points_are_left_out() -> None:
    box = shapely.box(0, 0, 1, 1)
    mixed = shapely.GeometryCollection([box, shapely.LineString([(2, 2), (3, 3)])])
    assert keep_polygons(mixed).equals(box)
    assert keep_polygons(shapely.LineString([(2, 2), (3, 3)])).is_empty


def test_uniting_is_right_where_neighbours_do_not_share_vertices() -> None:
    left, right = shapely.box(0, 0, 1, 1), shapely.box(0.9, 0.3, 2, 0.7)
    assert unite([left, right]).equals(shapely.union_all([left, right]))
    assert unite([left, shapely.box(1, 0, 2, 1)]).equals(shapely.box(0, 0, 2, 1))


def test_the_nation_is_read_whole() -> None:
    """The installed package has every county's polygon in a file of its own."""
    assert len(list(polygon_directory().glob("*.geojson"))) > 3_000
