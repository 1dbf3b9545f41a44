"""Test how renewals are compared with pictures."""

from __future__ import annotations

import math

from infra.bench.watching import judge

MADE = [1_000, 2_000, 3_000, 4_000, 5_000]


def test_all_renewals_are_held_when_each_was_in_a_picture() -> None:
    found = judge(MADE, [(one, one + 400) for one in MADE], 1_000, 6_000)
    assert (found.renewals, found.held, found.share) == (5, 5, 1.0)
    assert (found.longest_gap, found.age_p50, found.age_p95) == (1.0, 0.4, 0.4)


def test_a_renewal_that_was_passed_over_is_not_held_and_makes_a_gap() -> None:
    found = judge(MADE, [(1_000, 1_300), (3_000, 3_300), (5_000, 5_900)], 1_000, 6_000)
    assert (found.held, found.share, found.longest_gap) == (3, 0.6, 2.6)
    assert (found.age_p50, found.age_p95) == (0.3, 0.9)


def test_what_lies_outside_of_the_time_or_was_never_made_does_not_count() -> None:
    pictures = [(500, 900), (1_000, 1_200), (2_500, 2_600), (7_000, 7_100)]
    found = judge([*MADE, 7_000], pictures, 1_000, 6_000)
    assert (found.renewals, found.held) == (5, 1)


def test_a_still_picture_is_one_gap() -> None:
    found = judge(MADE, [], 1_000, 6_000)
    assert (found.held, found.longest_gap) == (0, 5.0) and math.isinf(found.age_p95)
    assert judge([], [], 1_000, 6_000).share == 0.0
