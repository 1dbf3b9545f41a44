"""Hold one event of the living city before it is published."""

from __future__ import annotations

import random
from typing import Any, NamedTuple


class CityEvent(NamedTuple):
    """Hold family, payload and envelope of one event; `observed_at` in epoch milliseconds."""

    family: str
    payload: dict[str, Any]
    key: str
    event_id: str
    observed_at: int


class Numbered:
    """Number the events of one source: run id, letters of the source, counter."""

    def __init__(self, run: str, letters: str) -> None:
        """Start at one."""
        self._prefix, self._count = f"{run}-{letters}-", 0

    def next(self) -> str:
        """Give the next id."""
        self._count += 1
        return f"{self._prefix}{self._count}"


def choose(chance: random.Random, weighted: tuple[tuple[str, float], ...]) -> str:
    """Draw one of the words given with their weights."""
    return chance.choices([word for word, _ in weighted], [weight for _, weight in weighted])[0]
