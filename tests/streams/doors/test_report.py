"""Test that reports stand beside what was put away, and that nothing is overwritten."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from streams.doors.report import put_away


def test_a_file_is_moved_beside_its_report(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("1")
    target = put_away(tmp_path / "a.csv", "done", {"rows": 1, "reason": "时间"})
    assert target == tmp_path / "done/a.csv"
    assert not (tmp_path / "a.csv").exists()
    beside = tmp_path / "done/a.csv.report.json"
    assert json.loads(beside.read_text(encoding="utf-8")) == {"rows": 1, "reason": "时间"}
    assert beside.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "done").stat().st_mode & 0o777 == 0o700


def test_the_same_name_again_gets_a_number(tmp_path: Path) -> None:
    names = []
    for text in "123":
        (tmp_path / "a.tar.csv").write_text(text)
        names.append(put_away(tmp_path / "a.tar.csv", "done", {"n": text}).name)
    assert names == ["a.tar.csv", "a.2.tar.csv", "a.3.tar.csv"]
    assert [(tmp_path / "done" / name).read_text() for name in names] == ["1", "2", "3"]
    assert json.loads((tmp_path / "done/a.2.tar.csv.report.json").read_text()) == {"n": "2"}


def test_a_report_without_its_file_is_written_anew(tmp_path: Path) -> None:
    # killed between report and move: the file is still where it was dropped
    (tmp_path / "done").mkdir()
    (tmp_path / "done/a.csv.report.json").write_text("{}")
    (tmp_path / "a.csv").write_text("1")
    assert put_away(tmp_path / "a.csv", "done", {"n": 1}).name == "a.csv"
    assert json.loads((tmp_path / "done/a.csv.report.json").read_text()) == {"n": 1}


def test_a_full_disk_leaves_the_file_and_no_draft(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        """Fail as a full disk does."""
        raise OSError(28, "No space left on device")

    (tmp_path / "a.csv").write_text("1")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        put_away(tmp_path / "a.csv", "done", {"n": 1})
    assert (tmp_path / "a.csv").exists()
    assert list((tmp_path / "done").iterdir()) == []
