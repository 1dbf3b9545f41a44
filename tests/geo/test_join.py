"""Check the join of a file of points with a file of areas: every row, in order, with its reason."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import shapely

from geo.datum import gcj02_to_bd09, wgs84_to_gcj02
from geo.join import Columns, join_files
from schemas.errors import CityBrainError
from tests.geo.nation import EAST_COUNTY, WEST_COUNTY, write_areas

POINTS = """id,lon,lat
west,117.05,36.65
border,117.1,36.65
corner,117.2,36.7
far,121.47,31.23
"no,place",,36.65
word,abc,36.65
swapped,36.65,117.05
east,117.15,36.65
"""
ROWS = [["west", "W", ""], ["border", "W", ""], ["corner", "E", ""],
        ["far", "", "outside-every-area"], ["no,place", "", "missing-coordinate"],
        ["word", "", "not-a-number"], ["swapped", "", "out-of-range"], ["east", "E", ""]]


@pytest.fixture
def points(tmp_path: Path) -> Path:
    path = tmp_path / "points.csv"
    path.write_text(POINTS, encoding="utf-8")
    return path


@pytest.fixture
def areas(tmp_path: Path) -> Path:  # not the tree of the city: two squares
    return write_areas(tmp_path / "areas.geojson", {"W": WEST_COUNTY, "E": EAST_COUNTY})


def quiet(_: str) -> None:
    """Tell nobody."""


def rows(path: Path) -> list[list[str]]:
    """Read a CSV file's rows."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_each_point_has_a_row_in_its_order(tmp_path: Path, points: Path, areas: Path) -> None:
    out = tmp_path / "out.csv"
    outcome = join_files(points, areas, out, quiet)
    assert rows(out) == [["id", "area", "reason"], *ROWS]
    assert (outcome.points, outcome.located) == (8, 4)
    assert outcome.reasons == {"missing-coordinate": 1, "not-a-number": 1, "out-of-range": 1,
                               "outside-every-area": 1}
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "areas.geojson", "out.csv", "points.csv"]


def test_geojson_says_the_same_and_where(tmp_path: Path, points: Path, areas: Path) -> None:
    join_files(points, areas, tmp_path / "out.geojson", quiet)
    features = json.loads((tmp_path / "out.geojson").read_text(encoding="utf-8"))["features"]
    assert [[*one["properties"].values()] for one in features] == ROWS
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [117.05, 36.65]}
    assert [one["geometry"] is None for one in features] == [
        False, False, False, False, True, True, True, False]


def test_the_first_area_of_the_file_keeps_the_border(
        tmp_path: Path, points: Path, areas: Path) -> None:
    write_areas(areas, {"E": EAST_COUNTY, "W": WEST_COUNTY})
    join_files(points, areas, tmp_path / "out.csv", quiet)
    assert rows(tmp_path / "out.csv")[2] == ["border", "E", ""]


@pytest.mark.parametrize("datum", ["wgs84", "gcj02", "bd09"])
def test_points_are_converted_from_their_datum(tmp_path: Path, areas: Path, datum: str) -> None:
    """Points some 100 m from the border fall on the wrong side when they are not converted."""
    lon, lat = np.linspace(117.0951, 117.1049, 50), np.full(50, 36.65)
    drawn = lon, lat
    if datum != "wgs84":
        drawn = wgs84_to_gcj02(lon, lat)
    if datum == "bd09":
        drawn = gcj02_to_bd09(*drawn)
    path = tmp_path / "points.csv"
    np.savetxt(path, np.column_stack(drawn), "%.9f", ",", header="lon,lat", comments="")
    join_files(path, areas, tmp_path / "out.csv", quiet, datum=datum)
    assert [row[1] for row in rows(tmp_path / "out.csv")[1:]] == ["W"] * 25 + ["E"] * 25
    if datum != "wgs84":
        join_files(path, areas, tmp_path / "raw.csv", quiet)
        assert [row[1] for row in rows(tmp_path / "raw.csv")[1:]] != ["W"] * 25 + ["E"] * 25


def test_many_points_get_what_few_get_and_progress_is_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    boxes = {f"{x}-{y}": shapely.box(117 + x / 40, 36.6 + y / 40, 117 + (x + 1) / 40,
                                     36.6 + (y + 1) / 40) for x in range(20) for y in range(20)}
    places = np.round(rng.uniform((116.9, 36.5), (117.6, 37.2), (300_000, 2)), 3)
    path, told = tmp_path / "points.csv", list[str]()
    np.savetxt(path, places, "%.3f", ",", header="lon,lat", comments="")
    areas = write_areas(tmp_path / "areas.geojson", boxes)
    outcome = join_files(path, areas, tmp_path / "out.csv", told.append)
    found = np.array([row[1] for row in rows(tmp_path / "out.csv")[1:]])
    for number, (code, box) in enumerate(boxes.items()):
        if number % 37 == 0:
            held = shapely.intersects_xy(box, places[:, 0], places[:, 1])
            assert held[found == code].all()
            earlier = set(list(boxes)[:number])
            assert all(found[held & (found != code)][i] in earlier
                       for i in range((held & (found != code)).sum()))
    assert "located 300,000 of 300,000 points" in told
    assert outcome.points == 300_000 == outcome.located + sum(outcome.reasons.values())


def test_no_points_make_an_empty_table(tmp_path: Path, points: Path, areas: Path) -> None:
    points.write_text("id,lon,lat\n", encoding="utf-8")
    assert join_files(points, areas, tmp_path / "out.csv", quiet).points == 0
    assert rows(tmp_path / "out.csv") == [["id", "area", "reason"]]
    join_files(points, areas, tmp_path / "out.geojson", quiet)
    assert json.loads((tmp_path / "out.geojson").read_text())["features"] == []


def test_nothing_is_left_of_an_output_that_cannot_be_written(
        tmp_path: Path, points: Path, areas: Path) -> None:
    with pytest.raises(CityBrainError, match="cannot be written"):
        join_files(points, areas, tmp_path / "none" / "out.csv", quiet)
    with pytest.raises(CityBrainError, match="would overwrite"):
        join_files(points, areas, points, quiet)
    (tmp_path / "out.csv").write_text("former", encoding="utf-8")
    with pytest.raises(CityBrainError, match="no column 'x'"):
        join_files(points, areas, tmp_path / "out.csv", quiet, columns=Columns(lon="x"))
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "former"
    assert not list(tmp_path.glob("*.part"))
