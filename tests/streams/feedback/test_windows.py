"""Test that windows count exactly what lies in them, and that delays are near the true ones."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from streams.feedback.windows import Counts, read_delay, to_bin
from tests.streams.feedback.streams import AT


@pytest.mark.parametrize("seed", range(5))
def test_windows_hold_what_happened_in_them_and_a_step_more_at_most(seed: int) -> None:
    dice, counts, happened, now = random.Random(seed), Counts[str](), [], AT
    for _ in range(2_000):
        now += dice.randrange(10_000)
        what, at = dice.choice("abc"), now - dice.randrange(3_000)
        happened.append((what, at))
        counts.add(what, at)
        counts.roll(now)
        for total, span, step in ((counts.minute, 60_000, 5_000), (counts.hour, 3_600_000, 60_000)):
            least = Counter(one for one, at in happened if at > now - span)
            most = Counter(one for one, at in happened if at > now - span - step)
            assert all(least[one] <= total[one] <= most[one] for one in "abc")
            assert min(total.values()) > 0


def test_what_lies_before_the_window_leaves_nothing_behind() -> None:
    counts = Counts[int]()
    for i in range(10_000):
        counts.add(i, AT + i)
    counts.roll(AT + 3_800_000)
    assert not counts.minute
    assert not counts.hour


@pytest.mark.parametrize("delay", [0, 1, 31, 32, 33, 1_000, 59_999, 3_600_000, 10**9])
def test_a_delay_is_off_by_a_thirty_second_at_most(delay: int) -> None:
    for signed in (delay, -delay):
        assert abs(to_bin(signed) - signed) <= delay / 32


def test_there_are_few_bins() -> None:
    assert len({to_bin(delay) for delay in range(-86_400_000, 86_400_000, 997)}) < 1_000


def test_percentiles_are_those_of_the_ranked_delays() -> None:
    delays = list(range(1, 21))
    found = read_delay(Counter(map(to_bin, delays)))
    assert found is not None
    assert (found.min, found.p50, found.p95, found.max) == (1, 10, 19, 20)
    assert read_delay(Counter()) is None
