"""Test that published files are written by command, and checked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.commands.docs import command
from schemas.render import published


def test_files_are_written_checked_and_found_out_of_date(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "FOLDER", tmp_path)
    # the folder is a default argument where files are written
    monkeypatch.setattr(published.write, "__defaults__", (tmp_path,))
    monkeypatch.setattr(published.changed_versions, "__defaults__", (tmp_path,))
    run = CliRunner().invoke
    missing = run(command, ["--check"])
    assert (missing.exit_code, "run citybrain docs" in missing.output) == (1, True)
    written = run(command, ["--json"])
    assert written.exit_code == 0
    assert "catalogue.md" in json.loads(written.output)
    assert run(command, ["--check"]).exit_code == 0
    (tmp_path / "catalogue.md").write_text("old", encoding="utf-8")
    assert "catalogue.md" in run(command, ["--check"]).output
    assert json.loads(run(command, ["--json"]).output) == ["catalogue.md"]
