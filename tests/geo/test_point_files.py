"""Check the reading of points: columns, encodings, and a reason for each that has no place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.point_files import Points, read_points
from schemas.errors import CityBrainError


def read(path: Path, content: str | bytes, **options: str) -> Points:
    """Write and read a file of points."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_points(path, lambda _: None, **options)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "points.csv"


@pytest.mark.parametrize("header", [
    "id,lon,lat", "ID,Lng,LAT", "id, longitude , latitude", "id,x,y", "id,经度,纬度"])
def test_columns_are_found_by_the_names_they_usually_have(file: Path, header: str) -> None:
    points = read(file, f"{header}\nbus-1,117.0,36.6\n")
    assert (points.ids.tolist(), points.lon.tolist(), points.lat.tolist()) == (
        ["bus-1"], [117.0], [36.6])


def test_columns_are_those_asked_for(file: Path) -> None:
    points = read(file, "lon,lat,wgs_x,wgs_y,plate\n1,2,117,36.6,鲁A\n",
                  lon="wgs_x", lat="wgs_y", point_id="plate")
    assert (points.ids[0], points.lon[0], points.lat[0]) == ("鲁A", 117.0, 36.6)


@pytest.mark.parametrize(("options", "words"), [
    ({"lon": "lan"}, ["no column 'lan'", "longitude (--lon)", "id, lon, lat", "is it 'lon'?"]),
    ({"point_id": "bus"}, ["no column 'bus'", "id (--id)"]),
])
def test_a_missing_column_lists_those_there_are(
        file: Path, options: dict[str, str], words: list[str]) -> None:
    with pytest.raises(CityBrainError) as error:
        read(file, "id,lon,lat\n1,117,36\n", **options)
    assert [word for word in ["points.csv", *words] if word not in str(error.value)] == []


def test_columns_that_cannot_be_guessed_are_asked_for(file: Path) -> None:
    with pytest.raises(CityBrainError, match=r"plainly the latitude \(--lat\).*columns id, lon, b"):
        read(file, "id,lon,b\n1,117,36\n")
    with pytest.raises(CityBrainError, match="two columns 'lon'"):
        read(file, "lon,lon,lat\n1,117,36\n", lon="lon")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_of_the_field_are_read(file: Path, encoding: str) -> None:
    points = read(file, "编号,经度,纬度\r\n泉城广场,117.02,36.66\r\n".encode(encoding),
                  point_id="编号")
    assert points.ids.tolist() == ["泉城广场"] and points.lon[0] == 117.02


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_of_the_field_are_read(file: Path, delimiter: str) -> None:
    rows = [["id", "lon", "lat"], ["a", "117.0", "36.6"]]
    points = read(file, "\n".join(delimiter.join(row) for row in rows))
    assert points.lat.tolist() == [36.6]


@pytest.mark.parametrize(("lon", "lat", "why"), [
    ("117.0", "36.6", ""), (" 117.0 ", "3.66e1", ""), ("-180", "90", ""),
    ("", "36.6", "missing-coordinate"), ("117", "  ", "missing-coordinate"),
    ("", "abc", "missing-coordinate"), ("117,0", "36.6", "not-a-number"),
    ("117°", "36.6", "not-a-number"), ("nan", "36.6", "not-a-number"),
    ("inf", "36.6", "not-a-number"), ("117", "-inf", "not-a-number"),
    ("0x75", "36.6", "not-a-number"), ("True", "36.6", "not-a-number"),
    ("180.001", "36.6", "out-of-range"), ("117", "-90.5", "out-of-range"),
    ("1e300", "36.6", "out-of-range")])
def test_each_point_without_place_has_its_reason(
        file: Path, lon: str, lat: str, why: str) -> None:
    points = read(file, f'id,lon,lat\nfirst,117,36.6\nx,"{lon}","{lat}"\n')
    assert points.why.tolist() == ["", why]


def test_short_rows_and_blank_lines_are_no_fault_of_the_others(file: Path) -> None:
    points = read(file, "id,lon,lat\na,117\n\nb,117,36.6\n")
    assert points.ids.tolist() == ["a", "b"]
    assert points.why.tolist() == ["missing-coordinate", ""]


def test_points_without_id_are_named_by_their_row(file: Path) -> None:
    assert read(file, "lon,lat\n117,36\n118,37\n").ids.tolist() == ["1", "2"]


def test_a_header_alone_is_no_points(file: Path) -> None:
    assert len(read(file, "id,lon,lat\n").ids) == 0


def test_exchanged_coordinates_are_suspected(file: Path) -> None:
    file.write_text("lon,lat\n36.6,117.0\n", encoding="utf-8")
    told: list[str] = []
    assert read_points(file, told.append).why.tolist() == ["out-of-range"]
    assert "exchanged" in told[-1]


@pytest.mark.parametrize(("content", "word"), [
    (b"", "is empty"), (b"  \n\n", "is empty"),
    (b"\xef\xbb\xbf\n", "is empty"), (b"\xff\xfe\n\0", "is empty"),
    (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "neither"),
    (b"\x81", "neither"), (b'id,lon,lat\n1,"117,36\n', "EOF inside string"),
    (b'{"type": "Feature"', "not GeoJSON"), (b"[1, 2]", "not GeoJSON"),
    (b'{"type": "FeatureCollection", "features": [[]]}', "entry 1"),
])
def test_what_is_no_file_of_points_is_said_in_one_line(
        file: Path, content: bytes, word: str) -> None:
    with pytest.raises(CityBrainError, match=word) as error:
        read(file, content)
    assert "points.csv" in str(error.value) and "\n" not in str(error.value)


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_are_given_the_answer_is_points_or_one_line(
        file: Path, content: bytes) -> None:
    for start in (b"", b"id,lon,lat\n", b'{"type": "FeatureCollection", "features": ['):
        try:
            points = read(file, start + content)
        except CityBrainError as error:
            assert "points.csv" in str(error)
        else:
            placed = points.why == ""
            assert np.isfinite(points.lon[placed]).all() and np.isfinite(points.lat[placed]).all()


def feature(geometry: Any, **properties: Any) -> dict[str, Any]:
    """Make a GeoJSON feature."""
    return {"type": "Feature", "geometry": geometry, "properties": properties}


@pytest.mark.parametrize(("geometry", "why"), [
    ({"type": "Point", "coordinates": [117, 36.6, 25.0]}, ""), (None, "missing-coordinate"),
    ({"type": "Point", "coordinates": []}, "missing-coordinate"),
    ({"type": "Point", "coordinates": [None, 36]}, "missing-coordinate"),
    ({"type": "Point"}, "missing-coordinate"),
    ({"type": "Point", "coordinates": ["117", 36]}, "not-a-number"),
    ({"type": "Point", "coordinates": [True, [36]]}, "not-a-number"),
    ({"type": "Point", "coordinates": [10**400, 36]}, "not-a-number"),
    ({"type": "Point", "coordinates": [117, 136]}, "out-of-range"),
    ({"type": "LineString", "coordinates": [[117, 36], [118, 36]]}, "not-a-point"),
    ("text", "not-a-point"),
])
def test_features_have_the_same_reasons(tmp_path: Path, geometry: Any, why: str) -> None:
    document = {"type": "FeatureCollection", "features": [
        feature({"type": "Point", "coordinates": [117, 36.6]}, id="a"), feature(geometry, id="b")]}
    points = read(tmp_path / "p.geojson", json.dumps(document))
    assert points.ids.tolist() == ["a", "b"] and points.why.tolist() == ["", why]


def test_features_are_named_by_property_id_or_number(tmp_path: Path) -> None:
    place = {"type": "Point", "coordinates": [117, 36.6]}
    document = {"type": "FeatureCollection", "features": [
        {**feature(place, plate="A1"), "id": 7}, {**feature(place, plate="B2"), "id": "x"}]}
    text, path = json.dumps(document), tmp_path / "p.geojson"
    assert read(path, text, point_id="plate").ids.tolist() == ["A1", "B2"]
    assert read(path, text).ids.tolist() == ["7", "x"]
    assert read(path, text.replace('"id"', '"no"')).ids.tolist() == ["1", "2"]
    with pytest.raises(CityBrainError, match="no property 'bus' among plate"):
        read(path, text, point_id="bus")
    with pytest.raises(CityBrainError, match="--lon and --lat name columns"):
        read(path, text, lon="x")


def test_features_in_another_system_are_refused(tmp_path: Path) -> None:
    document = {"type": "FeatureCollection", "features": [],
                "crs": {"type": "name", "properties": {"name": "EPSG:32650"}}}
    with pytest.raises(CityBrainError, match="must be in WGS-84"):
        read(tmp_path / "p.geojson", json.dumps(document))
