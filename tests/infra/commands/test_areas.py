"""Check `citybrain areas` over a small nation: build, count, import, discard and report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner, Result

from geo import build as builder
from geo.tree import AreaTree
from infra import prepare
from infra.cli import citybrain
from streams import settings
from tests.geo.nation import BOW_TIE, CITY, WEST_COUNTY, draw_nation, write_areas

pytestmark = pytest.mark.usefixtures("trail")
HALVES = {"370102001001": shapely.box(117.0, 36.6, 117.05, 36.7),
          "370102002001": shapely.box(117.05, 36.6, 117.1, 36.7)}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the home of a city of the small nation, for which nothing is built yet."""
    nation = draw_nation(tmp_path / "nation")
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("CITYBRAIN_CITY", CITY)
    monkeypatch.setattr(prepare, "get_component", lambda *_: nation.codes)
    monkeypatch.setattr(builder, "polygon_directory", lambda: nation.polygons)
    for module in ("build", "tree"):  # the raster decides speed only
        monkeypatch.setattr(f"geo.{module}.RASTER_SIZE", 256)
    settings.read_settings.cache_clear()
    yield tmp_path / "home"
    monkeypatch.undo()
    settings.read_settings.cache_clear()


def run(*arguments: str) -> Result:
    """Run `citybrain areas`."""
    return CliRunner().invoke(citybrain, ["areas", *arguments])


def village(home: Path, lon: float = 117.03) -> str:
    """Give the village of a point in the west county."""
    return AreaTree.load(home / "areas").locate_codes([lon], [36.65])[0][:12]


def test_without_a_tree_each_command_says_how_to_build_one(home: Path) -> None:
    for command in ("count", "report"):
        told = run(command)
        assert told.exit_code == 1 and "run `citybrain areas build`" in told.stderr


def test_what_the_error_names_exists_and_builds_once(home: Path) -> None:
    told = run("build")
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("built in ") and "citybrain job start" in told.stderr
    assert AreaTree.load(home / "areas").city == CITY
    assert run("build").stdout.startswith("up to date in ")


def test_areas_are_counted_by_level(home: Path) -> None:
    run("build")
    counts = json.loads(run("count", "--json").stdout)
    cells = counts.pop("cell")
    assert counts == {"under": "", "province": 2, "city": 3, "county": 5, "township": 6,
                      "village": 16}
    assert json.loads(run("count", "--under", "370102", "--json").stdout)["village"] == 7
    assert 0 < json.loads(run("count", "--under", "370102001", "--json").stdout)["cell"] < cells
    table = run("count", "--under", "370102").stdout
    assert "village" in table and "名370102" in table


@pytest.mark.parametrize(("code", "words"), [
    ("3701o2", "no area code"), ("37010", "2, 4, 6, 9, 12, 15 digits"), ("³⁷", "no area code"),
    ("99", "no area 99 is known"), ("370102009", "no area 370102009 is known in 3701")])
def test_an_unknown_code_is_one_line(home: Path, code: str, words: str) -> None:
    run("build")
    told = run("count", "--under", code)
    assert told.exit_code == 1 and words in told.stderr and told.stdout == ""


def test_imported_villages_replace_generated_ones_until_discarded(
        home: Path, tmp_path: Path) -> None:
    run("build")
    file = write_areas(tmp_path / "own.geojson", HALVES, name="真村")
    told = run("import", str(file))
    assert told.exit_code == 0, told.output
    assert told.stdout == "imported 2 villages; 0 repaired\n"
    assert "citybrain job stop, then citybrain job start" in told.stderr
    tree = AreaTree.load(home / "areas")
    assert village(home) == "370102001001" and village(home, 117.07) == "370102002001"
    assert not tree.is_synthetic("370102001001") and tree.is_synthetic("370103001001")
    assert tree.name("370102001001") == "真村"
    assert "2 village (370102001001, 370102002001)" in run("report").stdout
    assert run("discard", "--yes").exit_code == 0
    assert AreaTree.load(home / "areas").is_synthetic("370102001001")
    assert run("discard", "--yes").stderr == "Error: nothing was imported\n"


def test_a_repaired_import_is_told_and_reported(home: Path, tmp_path: Path) -> None:
    tie = shapely.transform(BOW_TIE, lambda points: points - (3.0, -0.6))
    told = run("import", str(write_areas(tmp_path / "own.geojson", {"370102001001": tie})))
    assert told.stdout == "imported 1 villages; 1 repaired\n"
    assert json.loads(run("report", "--json").stdout)["repaired"] == ["370102001001", "370201"]


@pytest.mark.parametrize(("polygons", "words"), [
    ({"37010200100": WEST_COUNTY}, ["37010200100 is not 9 or 12 digits"]),
    ({"370202001001": WEST_COUNTY}, ["370202001001 is not in 3701"]),
    ({"370102001001": shapely.Polygon()}, ["370102001001", "empty"]),
    ({"370102001001": shapely.Point(117, 36)}, ["370102001001", "Point is not an area"]),
])
def test_a_refused_import_changes_nothing(
        home: Path, tmp_path: Path, polygons: dict[str, shapely.Geometry],
        words: list[str]) -> None:
    run("build")
    before = (home / "areas" / "meta.json").read_bytes()
    told = run("import", str(write_areas(tmp_path / "own.geojson", polygons)))
    assert told.exit_code == 1
    assert [word for word in ["own.geojson", *words] if word not in told.stderr] == []
    assert (home / "areas" / "meta.json").read_bytes() == before
    assert not (home / "areas" / "imported.npz").exists()


@pytest.mark.parametrize("garbage", [b"", b"{", b"\0\1", b"SQLite format 3\0", b"code,name\n"])
def test_garbage_is_one_line(home: Path, tmp_path: Path, garbage: bytes) -> None:
    file = tmp_path / "own.geojson"
    file.write_bytes(garbage)
    told = run("import", str(file))
    assert told.exit_code == 1 and told.stderr.startswith("Error: ")
    assert len(told.stderr.splitlines()) == 1 and "own.geojson" in told.stderr


def test_an_import_whose_build_fails_is_taken_back(
        home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("build")
    run("import", str(write_areas(tmp_path / "a.geojson", HALVES)))
    kept = (home / "areas" / "imported.npz").read_bytes()

    def fail(*_: object, **__: object) -> bool:
        raise OSError("no space left on device")

    monkeypatch.setattr(prepare, "build_tree", fail)
    other = {"370102001003": WEST_COUNTY}
    told = run("import", str(write_areas(tmp_path / "b.geojson", other)))
    assert told.exit_code == 1 and "no space left" in told.stderr
    again = json.loads(run("report", "--json").stdout)["imported"]
    assert again == ["370102001001", "370102002001"]
    assert len((home / "areas" / "imported.npz").read_bytes()) == len(kept)
    assert run("discard", "--yes").exit_code == 1
    assert (home / "areas" / "imported.npz").exists()


def test_the_report_lists_what_does_not_fit(home: Path) -> None:
    run("build")
    told = run("report").stdout
    assert "370176" in told and "1 province (71)" in told and "1 county (370201)" in told
    found = json.loads(run("report", "--json").stdout)
    assert "370176001001" in found["without_polygon"] and found["refused"] == {}
