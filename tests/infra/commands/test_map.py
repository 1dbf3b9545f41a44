"""Check `citybrain map guess`: what it prints, writes and refuses, and that its file runs."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra.cli import citybrain
from schemas.errors import DeclarationError, MappingError
from tests.streams.mapping.wild import drive, write_csv


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a partner's file."""
    rows = drive(100)
    rows[4]["speed"] = 400
    return write_csv(tmp_path / "taxis of Jinan.csv", rows, encoding="gbk",
                     names=["车牌号", "定位时间", "经度", "纬度", "速度"])


def guess(file: Path, *arguments: str, family: str = "vehicle-position") -> Result:
    """Run the command."""
    return CliRunner().invoke(citybrain, ["map", "guess", str(file), "--family", family,
                                          *arguments])


def test_the_map_is_printed_alone_and_the_doubts_beside_it(file: Path) -> None:
    told = guess(file)
    assert told.exit_code == 0, told.output
    found = tomllib.loads(told.stdout)
    assert found["publisher"] == "taxis-of-jinan" and found["fields"]["speed"] == {
        "column": "速度"}
    assert "unsure: fields.speed (60% sure) because the name does not tell the unit" in told.stderr
    assert "first 100 events: 99 accepted, 1 refused, 0 duplicates" in told.stderr
    assert "refused 1: above-maximum (speed), as line 6: 400.0" in told.stderr


def test_the_written_map_runs_in_a_dry_run_and_is_never_written_over(
        file: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.toml"
    told = guess(file, "--out", str(out), "--publisher", "jinan-taxis")
    assert told.exit_code == 0 and f"{out} is written" in told.stdout and "unsure: " in told.stdout
    ran = CliRunner().invoke(citybrain, ["replay", str(file), "--map", str(out), "--dry-run",
                                         "--json"])
    outcome = json.loads(ran.stdout)
    assert (outcome["publisher"], outcome["accepted"], outcome["refused"]) == (
        "jinan-taxis", 99, 1)
    again = guess(file, "--out", str(out))
    assert again.exit_code == 1 and "is there already" in again.output


def test_json_holds_map_doubts_and_trial(file: Path) -> None:
    found = json.loads(guess(file, "--json", "--rows", "50").stdout)
    assert (found["sample_rows"], found["lacking"], found["trial"]["accepted"]) == (50, [], 49)
    assert {"key", "because", "alternatives", "confidence"} == set(found["unsure"][0])
    assert tomllib.loads(found["map"])["family"] == "vehicle-position"


def test_what_is_lacking_is_told_and_not_tried(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", [{"plate": "x", "speed": 3}, {"plate": "y", "speed": 4}])
    told = guess(path)
    assert "REQUIRED and found in no column: time, longitude, latitude" in told.stderr
    assert "# REQUIRED, and no column gives it:\n# [fields.longitude]" in told.stdout
    assert json.loads(guess(path, "--json").stdout)["trial"] is None


@pytest.mark.parametrize(("content", "arguments", "family", "error", "says"), [
    (b"", (), "grid-case", MappingError, "the file is empty"),
    (b"\0\1\2" * 99, (), "grid-case", MappingError, "binary data"),
    (b"a,b\n1,2\n", ("--publisher", "My Taxis"), "grid-case", MappingError, "publisher = 'My Ta"),
    (b"a,b\n1,2\n", (), "grid-cases", DeclarationError, "no event family 'grid-cases'"),
])
def test_what_cannot_be_is_told_in_one_line(
        tmp_path: Path, content: bytes, arguments: tuple[str, ...], family: str,
        error: type[Exception], says: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    told = guess(tmp_path / "a.csv", *arguments, family=family)
    assert told.exit_code == 1 and isinstance(told.exception, error)
    assert says in str(told.exception)
