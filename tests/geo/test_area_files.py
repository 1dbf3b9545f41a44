"""Check the reading of areas: coordinate systems, ids, repairs, and one clear line for a fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import pytest
import shapely

from geo.area_files import Areas, read_areas
from schemas.errors import CityBrainError
from tests.geo.nation import BOW_TIE, WEST_COUNTY

SQUARE = {"type": "Polygon", "coordinates": [[[117, 36], [118, 36], [118, 37], [117, 36]]]}


def feature(geometry: Any = SQUARE, own_id: Any = None, **properties: Any) -> dict[str, Any]:
    """Make a GeoJSON feature."""
    made = {"type": "Feature", "geometry": geometry, "properties": properties}
    return made if own_id is None else {**made, "id": own_id}


def write(path: Path, *features: Any, **members: Any) -> Path:
    """Write a GeoJSON collection."""
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **members}),
                    encoding="utf-8")
    return path


def read(path: Path, **options: str) -> tuple[Areas, str]:
    """Read areas; give what was told, too."""
    told: list[str] = []
    return read_areas(path, told.append, **options), "\n".join(told)


def pack(path: Path, frame: geopandas.GeoDataFrame, layer: str = "areas") -> Path:
    """Write a GeoPackage."""
    frame.to_file(path, driver="GPKG", layer=layer, engine="pyogrio")
    return path


def frame(crs: Any = "EPSG:4326", **columns: list[Any]) -> geopandas.GeoDataFrame:
    """Make a frame of two neighbouring squares."""
    return geopandas.GeoDataFrame(
        columns, geometry=[WEST_COUNTY, shapely.box(117.1, 36.6, 117.2, 36.7)], crs=crs)


def test_ids_are_the_property_asked_for_as_text(tmp_path: Path) -> None:
    path = write(tmp_path / "a.geojson", feature(code=370102.0, name="x"), feature(code="b"))
    areas, told = read(path, id_property="code")
    assert areas.ids == ["370102", "b"] and told == ""
    assert areas.texts("name") == ["x", ""]


@pytest.mark.parametrize(("features", "ids", "word"), [
    ([feature(own_id="a", k=1), feature(own_id=7, k=2)], ["a", "7"], "feature id"),
    ([feature(k=1, u="p"), feature(k=1, u="q")], ["p", "q"], "'u'"),
    ([feature(own_id="a", u=1), feature(own_id="a", u=2)], ["1", "2"], "'u'"),
    ([feature(k=1, u=None), feature(k=2, u="q")], ["1", "2"], "'k'"),
])
def test_without_a_property_ids_are_chosen_and_told(
        tmp_path: Path, features: list[Any], ids: list[str], word: str) -> None:
    areas, told = read(write(tmp_path / "a.geojson", *features))
    assert areas.ids == ids and word in told


def test_a_single_feature_is_a_file_of_one_area(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(feature(own_id="one")), encoding="utf-8")
    assert read(tmp_path / "a.json")[0].ids == ["one"]


def test_repeated_ids_are_told(tmp_path: Path) -> None:
    areas, told = read(write(tmp_path / "a.geojson", feature(c="x"), feature(c="x")),
                       id_property="c")
    assert areas.duplicates == ["x"] and "the same id: x" in told


def test_a_bow_tie_is_repaired_and_told(tmp_path: Path) -> None:
    bow_tie = json.loads(shapely.to_geojson(BOW_TIE))
    areas, told = read(write(tmp_path / "a.geojson", feature(bow_tie, c="tie"), feature(c="b")))
    assert areas.shapes[0].is_valid and areas.shapes[0].area == pytest.approx(0.02)
    assert areas.repaired == ["tie"] and "1 self-intersecting areas are repaired: tie" in told


EMPTY = {"type": "Polygon", "coordinates": []}
POINT = {"type": "Point", "coordinates": [117, 36]}
OPEN = {"type": "Polygon", "coordinates": [[[117, 36], [118, 36], [118, 37], [117, 37]]]}
SHORT = {"type": "Polygon", "coordinates": [[[117, 36], [118, 36]]]}
FLAT = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}
METRIC = {"type": "Polygon",
          "coordinates": [[[500000, 4e6], [500100, 4e6], [500100, 4000100], [500000, 4e6]]]}


@pytest.mark.parametrize(("geometry", "words"), [
    (EMPTY, ["area tie", "empty"]), (None, ["area tie", "empty"]), (POINT, ["area tie", "Point"]),
    (OPEN, ["c=tie", "closed"]), (SHORT, ["c=tie", "LinearRing"]), ({"type": "Foo"}, ["c=tie"]),
    (FLAT, ["area tie", "nothing is left"]), (METRIC, ["area tie", "another coordinate system"]),
    ("text", ["c=tie"]), ({"type": "Polygon", "coordinates": [[["a", 1]]]}, ["c=tie"]),
])
def test_a_useless_geometry_is_refused_by_file_and_id(
        tmp_path: Path, geometry: Any, words: list[str]) -> None:
    path = write(tmp_path / "a.geojson", feature(c="good"), feature(geometry, c="tie"))
    with pytest.raises(CityBrainError) as error:
        read(path)
    assert [word for word in ["a.geojson", *words] if word not in str(error.value)] == []
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("content", "word"), [
    (b"", "not GeoJSON"), (b"id,lon\n1,2\n", "not GeoJSON"), (b"\xff\xfe\x00", "not GeoJSON"),
    (b"[]", "'list'"), (b'{"type": "Topology"}', "'Topology'"), (b"[" * 100_000, "not GeoJSON"),
    (b'{"type": "FeatureCollection", "features": [1]}', "entry 1"),
    (b'{"type": "FeatureCollection", "features": []}', "holds no areas"),
    (b"SQLite format 3\0 and then nothing", "not a GeoPackage"),
])
def test_what_is_no_file_of_areas_is_said_in_one_line(
        tmp_path: Path, content: bytes, word: str) -> None:
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(CityBrainError, match=word) as error:
        read(tmp_path / "a.bin")
    assert "a.bin" in str(error.value) and "\n" not in str(error.value)


def test_a_missing_property_lists_those_there_are(tmp_path: Path) -> None:
    path = write(tmp_path / "a.geojson", feature(code=1, name="x"), feature(code=2))
    with pytest.raises(CityBrainError, match="no property 'cod' among code, name"):
        read(path, id_property="cod")
    with pytest.raises(CityBrainError, match="feature 2 has no 'name'"):
        read(path, id_property="name")
    with pytest.raises(CityBrainError, match="nothing identifies each area"):
        read(write(tmp_path / "b.geojson", feature(k=1), feature(k=1)))


def test_a_geopackage_of_another_system_is_converted(tmp_path: Path) -> None:
    path = pack(tmp_path / "a.gpkg", frame(code=["w", "e"]).to_crs("EPSG:32650"))
    areas, told = read(path)
    assert areas.ids == ["w", "e"] and "'code'" in told
    assert shapely.hausdorff_distance(areas.shapes[0], WEST_COUNTY) < 1e-9


def test_a_geopackage_without_properties_has_its_feature_numbers(tmp_path: Path) -> None:
    assert read(pack(tmp_path / "a.gpkg", frame()))[0].ids == ["1", "2"]


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("crs", [None, 'LOCAL_CS["Undefined Cartesian SRS"]'])
def test_a_geopackage_without_coordinate_system_is_refused(tmp_path: Path, crs: Any) -> None:
    path = pack(tmp_path / "a.gpkg", frame(crs=None, code=["w", "e"]).set_crs(crs))
    with pytest.raises(CityBrainError, match="names no coordinate system"):
        read(path)


def test_the_first_of_several_layers_is_read_and_told(tmp_path: Path) -> None:
    pack(tmp_path / "a.gpkg", frame(code=["w", "e"]), "first")
    path = pack(tmp_path / "a.gpkg", frame(code=["x", "y"]), "second")
    areas, told = read(path, id_property="code")
    assert areas.ids == ["w", "e"] and "layer first is read, of first, second" in told


def test_a_crs_member_of_geojson_is_honoured(tmp_path: Path) -> None:
    metric = frame().to_crs("EPSG:32650").geometry[0]
    path = write(tmp_path / "a.geojson", feature(json.loads(shapely.to_geojson(metric)), c="w"),
                 crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32650"}})
    assert shapely.hausdorff_distance(read(path)[0].shapes[0], WEST_COUNTY) < 1e-9
    with pytest.raises(CityBrainError, match="is not known"):
        read(write(tmp_path / "b.geojson", feature(c="w"), crs={"type": "name"}))


def test_heights_are_left_out(tmp_path: Path) -> None:
    high = {"type": "Polygon",
            "coordinates": [[[117, 36, 5], [118, 36, 5], [118, 37, 9], [117, 36, 5]]]}
    assert not read(write(tmp_path / "a.geojson", feature(high, c="w")))[0].shapes[0].has_z
