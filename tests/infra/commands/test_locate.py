"""Check `citybrain locate`: its closing line, and one clear line for whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra.cli import citybrain
from tests.geo.nation import BOW_TIE, EAST_COUNTY, WEST_COUNTY, write_areas


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """Give files of points and areas, and an output."""
    points = tmp_path / "points.csv"
    points.write_text("id,lng,lat\na,117.05,36.65\nb,117.15,36.65\nc,121,31\nd,,1\n",
                      encoding="utf-8")
    areas = write_areas(tmp_path / "areas.geojson", {"W": WEST_COUNTY, "E": EAST_COUNTY})
    return {"points": points, "areas": areas, "out": tmp_path / "out.csv"}


def locate(files: dict[str, Path], *arguments: str) -> Result:
    """Run the command on the files."""
    options = [part for name, path in files.items() for part in (f"--{name}", str(path))]
    return CliRunner().invoke(citybrain, ["locate", *options, *arguments])


def test_the_last_line_counts_points_and_reasons(files: dict[str, Path]) -> None:
    told = locate(files)
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith(
        "4 points, 2 located, 1 missing-coordinate, 1 outside-every-area, ")
    assert "longitude is 'lng'" in told.stderr and "property 'code'" in told.stderr
    assert files["out"].read_text(encoding="utf-8").splitlines() == [
        "id,area,reason", "a,W,", "b,E,", "c,,outside-every-area", "d,,missing-coordinate"]


def test_counts_are_given_as_json(files: dict[str, Path]) -> None:
    outcome = json.loads(locate(files, "--json").stdout)
    assert outcome.pop("seconds") >= 0
    assert outcome == {"points": 4, "located": 2,
                       "reasons": {"missing-coordinate": 1, "outside-every-area": 1}}


def test_the_help_says_which_datum_and_which_area_wins() -> None:
    told = " ".join(CliRunner().invoke(citybrain, ["locate", "--help"]).output.split())
    assert "Areas are taken to be WGS-84" in told
    assert "belongs to the first of them in the file" in told


def test_repairs_are_told(files: dict[str, Path]) -> None:
    write_areas(files["areas"], {"W": WEST_COUNTY, "tie": BOW_TIE})
    told = locate(files)
    assert told.exit_code == 0 and "repaired: tie" in told.stderr


@pytest.mark.parametrize(("arguments", "words"), [
    (["--lon", "lon"], ["points.csv", "'lon'", "id, lng, lat"]),
    (["--id", "bus"], ["points.csv", "'bus'", "id, lng, lat"]),
    (["--area-id", "cod"], ["areas.geojson", "'cod'", "code"]),
])
def test_a_missing_column_or_property_is_one_line(
        files: dict[str, Path], arguments: list[str], words: list[str]) -> None:
    told = locate(files, *arguments)
    assert told.exit_code == 1 and told.stdout == "" and not files["out"].exists()
    error = told.stderr.splitlines()[-1]
    assert error.startswith("Error: ") and [word for word in words if word not in error] == []


@pytest.mark.parametrize("garbage", [b"", b"\0\1\2\3", b"{", b"\x89PNG\r\n\x1a\n\0", b"a\n1\n",
                                     b"SQLite format 3\0", b"null", "只有文字".encode()])
@pytest.mark.parametrize("place", ["points", "areas"])
def test_garbage_is_refused_in_one_line(
        files: dict[str, Path], place: str, garbage: bytes) -> None:
    files[place].write_bytes(garbage)
    told = locate(files)
    assert told.exit_code == 1 and isinstance(told.exception, SystemExit)
    errors = [line for line in told.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1 and files[place].name in errors[0]
    assert not files["out"].exists()


def test_a_file_that_is_not_there_and_an_unknown_datum_are_refused(
        files: dict[str, Path]) -> None:
    assert locate(files, "--datum", "cgcs2000").exit_code == 2
    files["points"].unlink()
    assert locate(files).exit_code == 2
