"""Test when a lag counts as back."""

from __future__ import annotations

import pytest

from infra.bench.lag import Lag
from infra.bench.recovery import find_back


@pytest.mark.parametrize(("totals", "back"), [
    # rises, comes back and stays
    ((50, 200, 900, 300, 90, 80, 70, 60), 4),
    # comes back for one look only, then for good
    ((50, 200, 90, 300, 90, 80, 70), 4),
    # never rose: the first look
    ((50, 60, 70, 80), 0),
    # came back too late to tell whether it stays
    ((50, 200, 300, 90, 80), None), ((200, 300, 400), None), ((), None)])
def test_a_lag_is_back_when_it_stays(totals: tuple[int, ...], back: int | None) -> None:
    lags = [Lag(float(i), 0, total, 0) for i, total in enumerate(totals)]
    assert find_back(lags, 100) == back
