"""Test that a disk is full at its limit, stays so until there is room, and says so."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from streams import disk
from streams.disk import Disk, Guard, measure


class Usage(NamedTuple):
    """Hold what the system tells of a disk, bytes."""

    total: int
    used: int
    free: int


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Give what sets how full the disk is, in thousandths."""
    def filled(thousandths: int) -> None:
        """Fill it."""
        usage = Usage(1_100, thousandths, 1_000 - thousandths)  # the rest is the superuser's
        monkeypatch.setattr(disk.shutil, "disk_usage", lambda _: usage)  # type: ignore[attr-defined]
    return filled


def test_a_real_disk_is_measured_as_the_system_tells(tmp_path: Path) -> None:
    found, usage = measure(tmp_path, 95), shutil.disk_usage(tmp_path)
    assert found.used_percent == pytest.approx(
        100 * usage.used / (usage.used + usage.free), abs=1.0)
    assert 0 < found.used_percent < 100
    assert measure(tmp_path, 1).is_full
    assert not measure(tmp_path, 0).is_full


def test_a_path_that_is_not_there_yet_lies_on_its_parents_disk(tmp_path: Path) -> None:
    assert measure(tmp_path / "a" / "b", 95).free_bytes > 0


@pytest.mark.parametrize(("used", "limit", "full"), [
    (949, 95, False), (950, 95, True), (1_000, 95, True), (1_000, 0, False), (999, 100, False)])
def test_the_limit_is_full(used: int, limit: int, full: bool, tmp_path: Path,
                           fill: Callable[[int], None]) -> None:
    fill(used)
    found = measure(tmp_path, limit)
    assert (found.is_full, found.state) == (full, "FULL" if full else "READY")


def test_once_full_there_must_be_a_point_to_spare(
        tmp_path: Path, fill: Callable[[int], None], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="streams.disk")
    guard, told = Guard(tmp_path, 95), []
    for used in (949, 950, 949, 941, 940, 949, 951):
        fill(used)
        told.append(guard.is_full())
    assert told == [False, True, True, True, False, False, True]
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == [
        "no events are taken", "events are taken again", "no events are taken"]


def test_a_disk_that_cannot_be_measured_stays_as_it_was(
        tmp_path: Path, fill: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    guard = Guard(tmp_path, 95)
    fill(990)
    assert guard.is_full()

    def gone(_: Path) -> Usage:
        """Fail as a disk that was taken away."""
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(disk.shutil, "disk_usage", gone)  # type: ignore[attr-defined]
    assert guard.is_full()


def test_the_setting_is_the_limit() -> None:
    assert measure().limit_percent == 95
    assert Disk(95.0, 0, 95).is_full
