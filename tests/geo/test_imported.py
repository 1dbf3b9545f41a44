"""Check what a city may import: codes, datum, repairs, overlaps, and merging with earlier files."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pytest
import shapely
from shapely import Geometry

from geo.imported import Imported, read_import, read_imported, write_imported
from schemas.errors import CityBrainError
from tests.geo.nation import CITY, to_gcj02, write_areas

LEFT, RIGHT = shapely.box(117.0, 36.6, 117.05, 36.65), shapely.box(117.05, 36.6, 117.1, 36.65)
BOW_TIE = shapely.Polygon([(117.0, 36.6), (117.1, 36.7), (117.1, 36.6), (117.0, 36.7)])


def read(path: Path, polygons: dict[str, Geometry], datum: str = "wgs84",
         told: list[str] | None = None, **options: str) -> Imported:
    """Write and read a file of areas of the city."""
    tell = (told if told is not None else []).append
    return read_import(write_areas(path, polygons, name="村"), CITY, datum, tell, **options)


def test_villages_and_townships_are_read_with_their_names(tmp_path: Path) -> None:
    found = read(tmp_path / "a.geojson", {"370102001002": RIGHT, "370102001001": LEFT,
                                          "370103001": shapely.box(117.1, 36.6, 117.2, 36.7)})
    assert list(found.villages) == ["370102001001", "370102001002"]
    assert list(found.divided) == ["370103001"]
    assert set(found.names.values()) == {"村"}
    assert found.polygons["370102001001"].equals(LEFT)


def test_a_township_of_which_villages_are_given_is_not_divided(tmp_path: Path) -> None:
    found = read(tmp_path / "a.geojson",
                 {"370102001": LEFT.union(RIGHT), "370102001001": LEFT})
    assert found.divided == {}


def test_polygons_drawn_in_gcj02_are_converted(tmp_path: Path) -> None:
    found = read(tmp_path / "a.geojson", {"370102001001": to_gcj02(LEFT)}, "gcj02")
    assert shapely.hausdorff_distance(found.polygons["370102001001"], LEFT) < 1e-9


def test_properties_may_have_other_names_and_numbers_as_codes(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    columns = {"XZQDM": [370102001001.0, 370102001002.0], "XZQMC": ["甲", None]}
    frame = geopandas.GeoDataFrame(columns, geometry=[LEFT, RIGHT], crs="EPSG:4490")
    frame.to_file(path, driver="GPKG", engine="pyogrio")
    found = read_import(path, CITY, "wgs84", lambda _: None, code="XZQDM", name="XZQMC")
    assert found.names == {"370102001001": "甲"} and len(found.polygons) == 2
    with pytest.raises(CityBrainError, match="no property 'MC' among XZQDM, XZQMC"):
        read_import(path, CITY, "wgs84", lambda _: None, code="XZQDM", name="MC")


@pytest.mark.parametrize(("code", "reason"), [
    ("37010200100", "not 9 or 12 digits"), ("37010200100x", "not 9 or 12 digits"),
    ("３７０１０２００１", "not 9 or 12 digits"), ("370102", "not 9 or 12 digits"),
    ("370202001", "is not in 3701"),
])
def test_a_wrong_code_is_refused_by_name_and_nothing_is_imported(
        tmp_path: Path, code: str, reason: str) -> None:
    with pytest.raises(CityBrainError, match="nothing is imported") as error:
        read(tmp_path / "a.geojson", {"370102001001": LEFT, code: RIGHT})
    assert f"{code} " in str(error.value) and reason in str(error.value)


def test_many_wrong_codes_make_one_line(tmp_path: Path) -> None:
    with pytest.raises(CityBrainError, match="; and 15 more"):
        read(tmp_path / "a.geojson", {f"bad{i}": LEFT for i in range(20)})


def test_a_bow_tie_is_repaired_and_a_flat_one_refused(tmp_path: Path) -> None:
    found = read(tmp_path / "a.geojson", {"370102001001": BOW_TIE})
    assert found.repaired == ["370102001001"]
    assert found.polygons["370102001001"].is_valid
    flat = shapely.Polygon([(117, 36), (118, 37), (119, 38), (117, 36)])
    with pytest.raises(CityBrainError, match="370102001002"):
        read(tmp_path / "b.geojson", {"370102001002": flat})


def test_an_overlap_goes_to_the_lower_code_and_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    wide = shapely.box(117.04, 36.6, 117.1, 36.65)
    found = read(tmp_path / "a.geojson", {"370102001002": wide, "370102001001": LEFT}, told=told)
    assert found.polygons["370102001001"].equals(LEFT)
    assert found.polygons["370102001002"].equals(RIGHT)
    assert [one for one in told if "overlap" in one] == [
        "370102001001 and 370102001002 overlap: the first keeps it"]


def test_an_area_that_lies_wholly_in_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CityBrainError, match="370102001002 lies wholly in 370102001001"):
        read(tmp_path / "a.geojson", {"370102001001": LEFT, "370102001002": LEFT})


def test_a_code_given_twice_is_refused(tmp_path: Path) -> None:
    path = write_areas(tmp_path / "a.geojson", {"370102001001": LEFT})
    path.write_text(path.read_text(encoding="utf-8").replace(
        '"features": [', '"features": [{"type": "Feature", "properties": {"code":'
        f' "370102001001"}}, "geometry": {shapely.to_geojson(RIGHT)}}}, '), encoding="utf-8")
    with pytest.raises(CityBrainError, match="two areas have the code 370102001001"):
        read_import(path, CITY, "wgs84", lambda _: None)


def test_a_newer_file_replaces_its_level_of_its_counties_only() -> None:
    old = Imported({"370102001001": LEFT, "370102002": RIGHT, "370103001001": RIGHT},
                   {"370102001001": "旧", "370103001001": "东"}, ["370102001001", "370103001001"])
    merged = old.merge(Imported({"370102001005": LEFT}, {"370102001005": "新"}, []))
    assert list(merged.polygons) == ["370102001005", "370102002", "370103001001"]
    assert merged.names == {"370102001005": "新", "370103001001": "东"}
    assert merged.repaired == ["370103001001"]


def test_what_is_kept_is_read_again(tmp_path: Path) -> None:
    assert read_imported(tmp_path) == Imported()
    kept = Imported({"370102001001": LEFT, "370103001": RIGHT}, {"370103001": "街道"}, [])
    write_imported(tmp_path, kept)
    again = read_imported(tmp_path)
    assert (again.names, again.repaired) == (kept.names, kept.repaired)
    assert all(again.polygons[code].equals(one) for code, one in kept.polygons.items())
    assert [one.name for one in tmp_path.iterdir()] == ["imported.npz"]
