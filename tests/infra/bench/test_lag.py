"""Test the line that is laid through a lag."""

from __future__ import annotations

import pytest

from infra.bench.lag import Lag, slope


def looks(*totals: int, every: float = 1.0) -> list[Lag]:
    """Give looks at a lag."""
    return [Lag(100 + i * every, 0, total, 0) for i, total in enumerate(totals)]


@pytest.mark.parametrize(("totals", "grows"), [
    ((0, 10, 20, 30), 10), ((30, 20, 10, 0), -10), ((7, 7, 7), 0), ((0, 4, 4, 0), 0),
    ((0, 3, 1, 5), 1.3), ((5,), 0), ((), 0)])
def test_the_slope_is_that_of_least_squares(totals: tuple[int, ...], grows: float) -> None:
    assert slope(looks(*totals)) == pytest.approx(grows)


def test_it_is_a_second_s_growth_however_often_was_looked() -> None:
    assert slope(looks(0, 10, 20, every=0.5)) == pytest.approx(20)


def test_both_places_where_records_wait_count() -> None:
    assert slope([Lag(0, 0, 0, 0), Lag(1, 0, 0, 5), Lag(2, 0, 6, 4)]) == pytest.approx(5)
