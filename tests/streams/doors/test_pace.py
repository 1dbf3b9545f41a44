"""Test what is forgiven after an absence, and how often haste is told."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from streams.doors import pace
from streams.doors.admission import Admitted
from streams.doors.pace import Pace
from streams.intake.limits import Limits
from streams.settings import read_settings


class Noted(Limits):
    """Note what is forgiven."""

    forgiven = -1.0

    def forgive(self, seconds: float) -> None:
        """Note it."""
        self.forgiven = seconds


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a home of its own."""
    settings = replace(read_settings(), home=tmp_path)
    monkeypatch.setattr(pace, "read_settings", lambda: settings)
    return tmp_path


def test_the_time_since_nothing_was_left_waiting_is_forgiven_across_a_restart(home: Path) -> None:
    Pace(Noted(0)).rest()
    past = time.time() - 1_000
    os.utime(home / "mqtt" / "at-rest", (past, past))
    limits = Noted(0)
    Pace(limits).resume()
    assert 999 < limits.forgiven < 1_100
    Pace(limits).rest()
    Pace(limits).resume()
    assert 0 <= limits.forgiven < 100


def test_a_door_that_never_was_at_rest_forgives_nothing(home: Path) -> None:
    limits = Noted(0)
    Pace(limits).resume()
    assert limits.forgiven == -1.0


def test_haste_is_told_once_a_second_with_how_often_it_was(
        home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [50.0]
    monkeypatch.setattr("streams.doors.pace.time.monotonic", lambda: now[0])
    one, hasty = Pace(Limits(0)), Admitted("a", refused=1, too_fast=True)
    assert [one.to_tell(hasty) for _ in range(4)] == [1, 0, 0, 0]
    assert one.to_tell(Admitted("a", refused=3)) == 3  # other refusals are told at once
    assert one.to_tell(Admitted("b", refused=1, too_fast=True)) == 1
    now[0] += 1.1
    assert [one.to_tell(hasty), one.to_tell(hasty)] == [4, 0]
