"""Check the building of trees over a nation drawn for it: imports, fingerprints, replacement."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import shapely

from geo.build import build_tree, list_outer
from geo.imported import Imported, write_imported
from geo.tree import AreaTree
from tests.geo.nation import CITY, EAST_COUNTY, WEST_COUNTY, draw_nation

Build = Callable[..., bool]
SMALL = shapely.box(117.02, 36.62, 117.05, 36.66)


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Give a build of the small nation's tree into `tree`; changes by keyword."""
    nation = draw_nation(tmp_path / "nation")
    for module in ("build", "tree"):  # the raster decides speed only
        monkeypatch.setattr(f"geo.{module}.RASTER_SIZE", 256)

    def run(**changes: Any) -> bool:
        arguments: dict[str, Any] = {
            "city": CITY, "polygons": nation.polygons, "progress": lambda _: None}
        return build_tree(tmp_path / "tree", nation.codes, **(arguments | changes))

    return run


def _tree(tmp_path: Path) -> AreaTree:
    """Load what was built."""
    return AreaTree.load(tmp_path / "tree")


def _import(tmp_path: Path, **polygons: Any) -> None:
    """Import areas by code (`c370102001001=...`)."""
    given = {code.removeprefix("c"): one for code, one in polygons.items()}
    write_imported(tmp_path / "tree", Imported(given, dict.fromkeys(given, "真名")))


def test_what_was_built_is_not_built_again_unless_something_changed(
        build: Build, tmp_path: Path) -> None:
    assert [build(), build(), build(seed=3), build(seed=3), build(side_m=200.0)] == [
        True, False, True, False, True]
    (tmp_path / "tree" / "meta.json").write_text("{", encoding="utf-8")  # broken off
    assert build(side_m=200.0)


def test_exchanged_codes_are_a_change(build: Build, tmp_path: Path) -> None:
    _import(tmp_path, c370102001001=SMALL, c370102001002=shapely.box(117.05, 36.62, 117.08, 36.66))
    assert build()
    _import(tmp_path, c370102001001=shapely.box(117.05, 36.62, 117.08, 36.66), c370102001002=SMALL)
    assert build()
    assert _tree(tmp_path).locate_codes([117.03], [36.63])[0][:12] == "370102001002"


def test_an_open_tree_stays_whole_while_a_new_one_is_built(build: Build, tmp_path: Path) -> None:
    build()
    open_before = _tree(tmp_path)
    build(seed=77)
    lon, lat = [117.05, 117.15, 113.8], [36.65, 36.65, 23.0]  # the last reads a table only now
    assert [code[:6] for code in open_before.locate_codes(lon, lat)] == [
        "370102", "370103", "4419"]
    assert open_before.find_polygon("370102") is not None
    build(seed=78)
    folders = [one for one in (tmp_path / "tree").iterdir() if one.is_dir()]
    assert len(folders) == 2  # this one and the former


def test_a_build_that_fails_leaves_the_former_tree(build: Build, tmp_path: Path) -> None:
    build()
    before = (tmp_path / "tree" / "meta.json").read_bytes()
    with pytest.raises(FileNotFoundError):
        (tmp_path / "nation" / "codes" / "streets.csv").unlink()
        build(seed=4)
    assert (tmp_path / "tree" / "meta.json").read_bytes() == before


def test_drafts_of_builds_that_failed_or_were_killed_are_cleared(
        build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    killed, running = (tmp_path / "tree" / f"{'ab' * 8}.{pid}" for pid in (2**31, os.getpid()))
    killed.mkdir(parents=True)
    running.mkdir()
    build()
    assert not killed.exists() and running.exists()

    def fail(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("geo.build._write_polygons", fail)
    with pytest.raises(OSError, match="no space"):
        build(seed=9)
    assert sum(one.is_dir() for one in (tmp_path / "tree").iterdir()) == 2


def test_imported_villages_take_the_place_of_generated_ones(build: Build, tmp_path: Path) -> None:
    build()
    assert _tree(tmp_path).is_synthetic("370102001001")
    _import(tmp_path, c370102001001=SMALL, c370102001009=shapely.box(117.05, 36.62, 117.08, 36.66))
    assert build()
    tree = _tree(tmp_path)
    assert tree.locate_codes([117.03, 117.06, 117.15], [36.63, 36.63, 36.65])[0][:12] == (
        "370102001001")
    border = tree.find_polygon("370102001001")
    assert border is not None and border.equals(SMALL)
    assert not tree.is_synthetic("370102001001") and not tree.is_synthetic("370102001001001")
    assert not tree.is_synthetic("370102001") and tree.is_synthetic("370103001001")
    assert tree.find_polygon("370102001002") is None  # the county has only what was given
    # there the county answers, as it does elsewhere in the nation
    assert tree.locate_codes([117.09], [36.69]) == ["370102"]
    assert tree.name("370102001009") == "真名"
    assert tree.report["imported"] == ["370102001001", "370102001009"]
    assert "370102001009" in tree.report["without_code"]
    assert "370102001002" in tree.report["without_polygon"]
    assert tree.count("370102")["village"] == 7 + 1
    assert tree.count("370102001")["village"] == 4 + 1


def test_imported_townships_are_divided_among_their_codes(build: Build, tmp_path: Path) -> None:
    _import(tmp_path, c370102001=shapely.box(117.0, 36.6, 117.06, 36.7),
            c370102002=shapely.box(117.06, 36.6, 117.1, 36.7))
    build()
    tree = _tree(tmp_path)
    assert len(tree.to_geojson("village", "370102001")["features"]) == 4
    border = tree.find_polygon("370102001")
    assert border is not None
    assert border.symmetric_difference(shapely.box(117.0, 36.6, 117.06, 36.7)).area < 1e-9
    assert not tree.is_synthetic("370102001") and tree.is_synthetic("370102001001")


def test_imported_areas_that_cross_into_a_generated_county_are_cut_out_of_it(
        build: Build, tmp_path: Path) -> None:
    """The surveyed border runs elsewhere than the package's; no point may lie in two villages."""
    survey = shapely.box(117.0, 36.6, 117.11, 36.7)
    _import(tmp_path, c370102001001=survey)
    build()
    tree = _tree(tmp_path)
    east = tree.find_polygon("370103")
    assert east is not None and east.intersection(survey).area < 1e-9
    assert east.symmetric_difference(EAST_COUNTY.difference(survey)).area < 1e-9
    assert tree.locate_codes([117.105], [36.65])[0][:6] == "370102"
    whole = tree.find_polygon(CITY)
    assert whole is not None and whole.area == pytest.approx(0.02)


def test_a_county_that_an_import_covers_whole_is_left_out(build: Build, tmp_path: Path) -> None:
    _import(tmp_path, c370102001001=WEST_COUNTY.union(EAST_COUNTY).buffer(0.01))
    build()
    assert [one["id"] for one in _tree(tmp_path).to_geojson("village")["features"]] == [
        "370102001001"]


def test_a_county_without_village_codes_gets_one_that_is_counted(
        build: Build, tmp_path: Path) -> None:
    (tmp_path / "nation" / "codes" / "villages.csv").write_text("code,name\n", encoding="utf-8")
    build()
    tree = _tree(tmp_path)
    assert tree.locate_codes([117.05], [36.65])[0][:12] == "370102001001"
    assert tree.count("370102")["village"] == tree.count("370102001")["village"] == 1
    assert tree.list_children("370102001") == ["370102001001"]
    assert "370102001001" in tree.report["without_code"]


def test_beyond_the_city_the_deepest_area_that_is_drawn_answers(
        build: Build, tmp_path: Path) -> None:
    assert list_outer(["37", "3701", "370102", "44", "4419", "71"]) == ["370102", "4419", "71"]
    build()
    lon, lat = [120.05, 113.8, 121.0, 118.0], [36.06, 23.0, 23.5, 36.0]
    assert _tree(tmp_path).locate_codes(lon, lat) == ["370201", "4419", "71", ""]


def test_meta_is_whole_json(build: Build, tmp_path: Path) -> None:
    build()
    meta = json.loads((tmp_path / "tree" / "meta.json").read_text(encoding="utf-8"))
    assert meta["city"] == CITY and meta["report"]["repaired"] == ["370201"]
    assert len(meta["villages"]) == 12
