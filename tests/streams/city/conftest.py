"""Let one real city live for two minutes, for all tests of this folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from streams.city.event import CityEvent
from streams.city.life import City, Plan

START = 1_795_478_400_000  # 2026-11-24 08:00 in Jinan
SECONDS = 120


@dataclass(frozen=True)
class Lived:
    """Hold what a city told, second by second, and the truth it wrote."""

    plan: Plan
    seconds: list[list[CityEvent]]
    truth: list[dict[str, Any]]

    @property
    def events(self) -> list[CityEvent]:
        """Give all events in order."""
        return [event for second in self.seconds for event in second]


def let_live(plan: Plan, seconds: int) -> Lived:
    """Let a city live and end it."""
    with closing(City(plan)) as city:
        told = [city.advance(plan.start + 1000 * second) for second in range(1, seconds + 1)]
    truth = [json.loads(line) for line in plan.truth.read_text(encoding="utf-8").splitlines()]
    return Lived(plan, told, truth)


@pytest.fixture(scope="session")
def city_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("city")


@pytest.fixture(scope="session")
def lived(city_home: Path) -> Iterator[Lived]:
    yield let_live(Plan(city_home, seed=7, rate=1100, run="one", start=START, hour=8.0, warm_up=40),
                   SECONDS)
