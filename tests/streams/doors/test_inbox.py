"""Test which files are taken from the inbox, when, and by which map."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from schemas.errors import MappingError
from streams.doors.inbox import (
    Dropped,
    Steadiness,
    find_map_file,
    is_passed_over,
    is_station,
    list_dropped,
    read_dropped_map,
)

MAP = """
family = "parking-occupancy"
publisher = "p"
title_en = "P"
title_zh = "停"
datum = "wgs84"
[time]
column = "at"
[id]
hash = ["car_park_id"]
[fields.car_park_id]
column = "id"
"""
JOIN = '[[join]]\nname = "s"\nfile = "{}"\nkey = "id"\non = "{{id}}"\n'


def put(folder: Path, *names: str, text: str = "x") -> None:
    """Write files below a folder."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def seen(folder: Path) -> dict[str, Dropped]:
    """List what is dropped, by path below the inbox."""
    troubles: list[OSError] = []
    found = list_dropped(folder, troubles.append)
    assert troubles == []
    return {str(one.path.relative_to(folder)): one for one in found}


def test_files_are_found_in_the_folders_of_publishers_and_maps(tmp_path: Path) -> None:
    put(tmp_path, "loose.csv", "p/a.csv", "p/m/b.ndjson", "p/m/deep/c.csv", "p/done/d.csv",
        "p/failed/e.csv", "p/m/done/f.csv", "p/.hidden/g.csv")
    found = seen(tmp_path)
    assert {name: (one.publisher, one.map_name) for name, one in found.items()} == {
        "loose.csv": ("", ""), "p/a.csv": ("p", ""), "p/m/b.ndjson": ("p", "m")}


@pytest.mark.parametrize("name", [
    ".a.csv", "~$a.csv", "#a.csv#", "a.csv.part", "a.csv.tmp", "a.csv.filepart", "a.CSV.PART",
    "a.csv~", "m.toml", "a.csv.report.json", "a.parquet.crdownload"])
def test_what_is_hidden_unfinished_or_ours_is_passed_over(name: str, tmp_path: Path) -> None:
    assert is_passed_over(name)
    put(tmp_path, f"p/{name}")
    assert seen(tmp_path) == {}


def test_links_are_not_followed(tmp_path: Path) -> None:
    put(tmp_path, "secret", "inbox/p/real.csv")
    (tmp_path / "inbox/p/link.csv").symlink_to(tmp_path / "secret")
    (tmp_path / "inbox/q").symlink_to(tmp_path)
    assert set(seen(tmp_path / "inbox")) == {"p/real.csv"}


def test_a_folder_that_may_not_be_looked_into_hides_no_other(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "p/a.csv", "q/b.csv")
    scandir = os.scandir

    def refuse(path: Path) -> object:
        """Refuse one folder, as the system does to all but the superuser."""
        if Path(path).name == "p":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    troubles: list[OSError] = []
    assert [one.path.name for one in list_dropped(tmp_path, troubles.append)] == ["b.csv"]
    assert [error.filename for error in troubles] == [str(tmp_path / "p")]


def test_a_file_goes_by_its_own_map_then_the_only_one_then_the_one_its_folder_names(
        tmp_path: Path) -> None:
    put(tmp_path, "p/m/a.csv")
    one = seen(tmp_path)["p/m/a.csv"]
    with pytest.raises(MappingError, match=r"put a\.toml beside it"):
        find_map_file(one)
    put(tmp_path, "p/m.toml")
    assert find_map_file(one) == tmp_path / "p/m.toml"
    put(tmp_path, "p/m/only.toml")
    assert find_map_file(one) == tmp_path / "p/m/only.toml"
    put(tmp_path, "p/m/a.toml")
    assert find_map_file(one) == tmp_path / "p/m/a.toml"
    (tmp_path / "p/m/a.toml").rename(tmp_path / "p/m/b.toml")
    (tmp_path / "p/m.toml").unlink()
    with pytest.raises(MappingError, match="beside it lie 2, none called as it"):
        find_map_file(one)


def test_a_folder_may_name_a_map_that_comes_along(tmp_path: Path) -> None:
    put(tmp_path, "p/shenzhen-taxi/a.csv")
    found = find_map_file(seen(tmp_path)["p/shenzhen-taxi/a.csv"])
    assert found.parent.name == "maps"


def test_station_files_of_a_map_are_no_files_of_events(tmp_path: Path) -> None:
    put(tmp_path, "p/a.csv", "p/stations.csv")
    put(tmp_path, "p/a.toml", text=MAP + JOIN.format("stations.csv"))
    found = seen(tmp_path)
    assert is_station(found["p/stations.csv"])
    assert not is_station(found["p/a.csv"])


@pytest.mark.parametrize("file", ["../secrets/passwords.json", "/etc/passwd", "sub/x.csv"])
def test_a_dropped_map_joins_nothing_elsewhere(file: str, tmp_path: Path) -> None:
    put(tmp_path, "m.toml", text=MAP + JOIN.format(file))
    with pytest.raises(MappingError, match="must be the name of a file beside the map"):
        read_dropped_map(tmp_path / "m.toml")


def test_a_dropped_map_joins_nothing_through_a_link(tmp_path: Path) -> None:
    put(tmp_path, "m.toml", text=MAP + JOIN.format("s.csv"))
    assert read_dropped_map(tmp_path / "m.toml").family == "parking-occupancy"
    (tmp_path / "s.csv").symlink_to("/etc/passwd")
    with pytest.raises(MappingError, match="must be the name"):
        read_dropped_map(tmp_path / "m.toml")


def test_a_file_is_complete_when_it_has_not_changed_for_two_seconds(tmp_path: Path) -> None:
    put(tmp_path, "p/a.csv")
    path, at = tmp_path / "p/a.csv", [100.0]
    written = path.stat().st_mtime
    steady = Steadiness(2.0, lambda: at[0], lambda: written)

    def chosen(seconds: float) -> list[str]:
        """Let time pass, and look."""
        at[0] += seconds
        return [one.path.name for one in steady.choose(list_dropped(tmp_path, lambda _: None))]

    assert chosen(0.0) == []
    assert chosen(1.9) == []
    path.write_text("more")
    os.utime(path, ns=(int(written * 1e9), int(written * 1e9)))
    assert chosen(0.5) == []  # its size has changed
    assert chosen(1.9) == []
    assert chosen(0.2) == ["a.csv"]


def test_a_file_moved_in_whole_is_taken_at_first_sight(tmp_path: Path) -> None:
    put(tmp_path, "p/a.csv")
    old = (tmp_path / "p/a.csv").stat().st_mtime
    steady = Steadiness(2.0, lambda: 0.0, lambda: old + 2.001)
    assert len(steady.choose(list_dropped(tmp_path, lambda _: None))) == 1
