"""Test that the living city drives on without telling while the disk is full."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from streams.city import pace
from streams.city.event import CityEvent
from streams.disk import Guard


class City:
    """Count how often it is told of and how often it drives in silence."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.told = self.silent = 0
        self.cases = SimpleNamespace(open=0)
        self.incidents, self.traffic = SimpleNamespace(active=[]), SimpleNamespace(teleports=0)

    def advance(self, _: int) -> list[CityEvent]:
        """Live a second aloud."""
        self.told += 1
        return []

    def skip(self, _: int) -> None:
        """Live a second in silence."""
        self.silent += 1


class Outlet:
    """Take nothing."""

    def send(self, events: list[CityEvent]) -> None:
        """Take nothing."""

    def close(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize(("limit", "told", "silent"), [(1, 0, 2), (0, 2, 0)])
def test_a_full_disk_silences_the_city(limit: int, told: int, silent: int, tmp_path: Path,
                                       monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "Guard", lambda: Guard(tmp_path, limit))
    city: Any = City()
    pace.live(city, Outlet(), 2)
    assert (city.told, city.silent) == (told, silent)
