"""Test what of the map a frame carries, and how often its parts are read."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from dashboards.map import frame
from dashboards.map.geometry import Geometry

GEOMETRY = Geometry("v1", b"{}", ("s1", "s2", "s3"), ("r1", "r2", "r3"), (50.0, 60.0, 70.0),
                    {"370102": 40.0})


class Answers:
    """Be a store that answers everything with nothing."""

    def query(self, *_: Any) -> list[dict[str, Any]]:
        """Answer."""
        return []

    def close(self) -> None:
        """End."""


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what is read by one test from the next."""
    monkeypatch.setattr(frame, "read_geometry", lambda: GEOMETRY)
    monkeypatch.setattr(frame, "_store", Answers)
    monkeypatch.setattr(frame, "_good", {})
    monkeypatch.setattr(frame, "_read_at", {})


def test_a_segment_has_its_own_speed_or_else_that_of_its_road() -> None:
    told = frame.compose_frame({
        "answered": True, "roads": {"at": 7, "speeds": {"r1": 5.0, "r2": 30.0}},
        "traffic": {"segments": {"s1": 50.0}, "areas": {"370102": 20.0}}}, "en")["map"]
    assert list(base64.b64decode(told["ratios"])) == [100, 50, frame.NO_RATIO]
    assert (told["state"], told["areas"]) == (7, {"370102": 50})


def test_without_anything_read_no_segment_has_a_state() -> None:
    told = frame.compose_frame({"answered": False}, "zh")["map"]
    assert list(base64.b64decode(told["ratios"])) == [frame.NO_RATIO] * 3
    assert told["state"] is None and told["at"] is None


def test_roads_are_read_at_each_refresh_and_the_rest_at_every_second(
        monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def readers(*_: Any) -> dict[str, Any]:
        """Give the wall's own periods, and note what is read."""
        return {name: (period, lambda name=name: read.append(name))
                for name, (period, _read) in real(Answers(), "3701").items()}

    real = frame._readers
    monkeypatch.setattr(frame, "_readers", readers)
    for now in (1_000.0, 1_001.02, 1_001.98, 1_003.0):  # refreshes of a second, nearly
        assert frame._read_due(now)
    assert read.count("roads") == read.count("progress") == 4
    assert {read.count(name) for name in ("traffic", "dots", "alerts", "cases")} == {2}


def test_walls_share_a_reading_by_when_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[float] = []
    clock = [1_000.0]

    def read_slowly(now: float) -> bool:
        """Take most of a second."""
        begun.append(now)
        clock[0] += 0.6
        return True

    monkeypatch.setattr(frame, "_read_at", {})
    monkeypatch.setattr(frame, "_good", {})
    monkeypatch.setattr(frame, "_read_due", read_slowly)
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    for at in (1_000.0, 1_000.3, 1_001.0, 1_001.7, 1_002.0):
        clock[0] = at
        assert frame.read_parts()["answered"]
    assert begun == [1_000.0, 1_001.0, 1_002.0]
