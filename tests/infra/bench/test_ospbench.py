"""Test how the end of the pipeline of OSPBench is awaited, on a store that is told what to say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import cast

import pytest

from infra.bench import ospbench
from infra.bench.city import LANES
from streams.store import Store


class Told:
    """Answer with one row after the other, the last again and again."""

    def __init__(self, *rows: tuple[int, int]) -> None:
        """Take events that are rows, and lanes counted."""
        self._rows: Iterator[tuple[int, int]] = iter(rows)
        self._last = (0, 0)

    def query(self, _sql: str) -> list[dict[str, int]]:
        """Answer."""
        self._last = next(self._rows, self._last)
        return [{"events": self._last[0], "lanes": self._last[1]}]


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look without pause, and lose patience soon."""
    monkeypatch.setattr(ospbench, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(ospbench, "STUCK_SECONDS", 0.05)


def test_it_waits_for_rows_and_lanes_both() -> None:
    told = Told((0, 0), (50, 10), (100, 40), (100, 60))
    seen = ospbench._await(cast("Store", told), 100, 60)
    assert seen.rows == 100 and seen.warm_share == 40 / 60
    assert seen.windows_at >= seen.warm_at > 0


def test_it_gives_up_where_nothing_more_comes() -> None:
    seen = ospbench._await(cast("Store", Told((0, 0), (99, 60))), 100, 60)
    assert seen.rows == 99


def test_the_city_is_the_one_of_the_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    outcome = ospbench.Outcome(1, 1, 1.0, 1.0, 1.0, {}, {}, [])

    def run(*arguments: str, environment: object) -> tuple[int, list[str]]:
        """Note what is asked for."""
        asked.append((arguments, environment))
        return 0, ["progress", json.dumps(asdict(outcome))]

    monkeypatch.setattr(ospbench, "run_in_home", run)
    monkeypatch.setattr(ospbench, "make_added_home", lambda _settings, added: added)
    assert ospbench.start(20_000) == outcome
    assert asked == [(("infra.bench.ospbench", "--events", "20000"), LANES)]
