"""Test the search for the highest rate, and what makes a trial hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from infra.bench.sustained import Trial, find_highest, to_row
from schemas.errors import ComponentError

TRIAL = Trial(rate=1000, seconds=60, sent_rate=999, growth=5, lag_mean=2000, lag_most=4000,
              cores={"jvm": 0.1, "store": 0.05}, memory={"jvm": 1}, driver_cores=0.02,
              hopeless=False)


@pytest.mark.parametrize("start", [100.0, 5_000.0, 9_000.0, 60_000.0])
@pytest.mark.parametrize("limit", [7_300.0, 12_000.0])
def test_the_highest_rate_is_found_from_below_and_above(start: float, limit: float) -> None:
    tried: list[float] = []

    def holds(rate: float) -> bool:
        """Hold up to the limit."""
        assert rate not in tried
        tried.append(rate)
        return rate <= limit

    found = find_highest(holds, start, 0.05)
    assert limit / 1.05 <= found <= limit and found in tried


@pytest.mark.parametrize("answer", [True, False])
def test_a_limit_that_is_nowhere_is_an_error(answer: bool) -> None:
    with pytest.raises(ComponentError, match="hold"):
        find_highest(lambda _: answer, 1000, 0.05)


@pytest.mark.parametrize(("change", "holds"), [
    ({}, True), ({"growth": 20}, True), ({"growth": 21}, False), ({"growth": -50}, True),
    ({"sent_rate": 970}, False), ({"hopeless": True}, False)])
def test_a_trial_holds_when_its_lag_does_not_grow_and_all_was_sent(
        change: dict[str, float], holds: bool) -> None:
    assert replace(TRIAL, **change).holds is holds  # type: ignore[arg-type]


def test_a_slow_driver_is_told_from_a_slow_road() -> None:
    assert replace(TRIAL, sent_rate=900).is_driver_short
    assert not replace(TRIAL, growth=100).is_driver_short
    assert not replace(TRIAL, sent_rate=900, hopeless=True).is_driver_short


def test_cost_is_told_by_record_that_was_sent() -> None:
    row = to_row(replace(TRIAL, sent_rate=500))
    assert row["cpu_microseconds"] == pytest.approx({"jvm": 200, "store": 100})
    assert row["holds"] is False
