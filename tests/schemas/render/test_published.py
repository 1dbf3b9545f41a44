"""Test that published files are today's, and that a released version never changes."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from schemas import registry
from schemas.declare import Family, ResultTable, Text
from schemas.errors import DeclarationError
from schemas.render import published

FILES = {**published.versioned_files(), **published.current_files()}


@pytest.mark.parametrize("path", FILES)
def test_a_published_file_equals_what_renders_today(path: str) -> None:
    stands = (published.FOLDER / path).read_text(encoding="utf-8")
    assert stands == FILES[path], "run `citybrain docs`"


def test_every_published_file_is_remembered_and_unchanged() -> None:
    _, known = published.read_checksums()
    folder = published.FOLDER
    found = {path.relative_to(folder).as_posix(): published.digest(path.read_text("utf-8"))
             for path in folder.glob("*/v*/*") if path.is_file()}
    assert found == known


def test_versions_run_from_one_without_a_gap() -> None:
    declared: list[Family | ResultTable] = [*registry.own_families(), *registry.own_results()]
    for one in declared:
        versions = {path.name for path in (published.FOLDER / one.name).iterdir()}
        assert versions == {f"v{number}" for number in range(1, one.version + 1)}


def change(monkeypatch: pytest.MonkeyPatch, *, version: int) -> None:
    """Change the meaning of grid-case, under a version number."""
    family = registry.get_family("grid-case")
    other = dataclasses.replace(family, meaning=Text("Another meaning.", "另"), version=version)
    rest = [one for one in registry.own_families() if one.name != "grid-case"]
    monkeypatch.setattr(registry, "own_families", lambda: [*rest, other])


def test_a_released_version_cannot_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published.write(tmp_path, release=True)
    before = (tmp_path / "grid-case/v1/payload.schema.json").read_text(encoding="utf-8")
    change(monkeypatch, version=1)
    for force in (False, True):
        with pytest.raises(DeclarationError, match=r"grid-case/v1/payload\.schema\.json"):
            published.write(tmp_path, force=force)
    change(monkeypatch, version=2)
    written = published.write(tmp_path)
    assert "grid-case/v2/payload.schema.json" in written
    assert (tmp_path / "grid-case/v1/payload.schema.json").read_text(encoding="utf-8") == before


def test_before_the_first_release_a_version_changes_by_force_only(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published.write(tmp_path)
    change(monkeypatch, version=1)
    with pytest.raises(DeclarationError, match="--force"):
        published.write(tmp_path)
    assert "grid-case/v1/payload.schema.json" in published.write(tmp_path, force=True)


def test_writing_twice_writes_nothing_more(tmp_path: Path) -> None:
    assert len(published.write(tmp_path)) == len(FILES) + 1
    assert published.write(tmp_path) == []
    assert json.loads((tmp_path / published.CHECKSUMS).read_text())["released"] is False
