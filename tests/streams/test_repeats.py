"""Test that repeated ids are counted exactly, in memory and over files."""

from __future__ import annotations

import random

import pytest

from streams.repeats import Repeats


@pytest.mark.parametrize("held", [1, 7, 1000, 5000])
def test_repeats_are_counted_exactly_wherever_they_are_held(held: int) -> None:
    drawn = random.Random(5)
    ids = [f"案件-{drawn.randrange(1500)}" for _ in range(4000)]
    repeats, seen, lines = Repeats(held), set[str](), []
    for line, one in enumerate(ids, 2):
        repeats.add(one, line)
        if one in seen:
            lines.append(line)
        seen.add(one)
    assert repeats.count(10) == (len(ids) - len(seen), lines[:10])


def test_nothing_repeats_in_nothing() -> None:
    assert Repeats().count() == (0, [])
