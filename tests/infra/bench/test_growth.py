"""Test that one factor differs at a time, and that a ratio is told of right tables only."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from infra.bench.growth import BASELINE, FACTORS, QUICK, compare, plan, read_figures
from infra.bench.start import OURS


@pytest.mark.parametrize("factors", [FACTORS, QUICK])
def test_one_factor_differs_at_a_time(factors: dict[str, tuple[int, ...]]) -> None:
    (name, first), *others = plan(factors)
    usual = msgspec.structs.asdict(BASELINE)
    assert name == "baseline" and first == BASELINE
    assert len(others) == sum(map(len, factors.values()))
    for told, variation in others:
        changed = {key: value for key, value in msgspec.structs.asdict(variation).items()
                   if value != usual[key]}
        assert told == ",".join(f"{key}={value}" for key, value in changed.items())
        assert len(changed) == 1


def test_ratios_are_to_the_baseline_and_none_where_a_figure_lacks() -> None:
    rows: list[dict[str, Any]] = [{"cpu_microseconds": one} for one in (100.0, 150.0, None)]
    assert [one["ratio"] for one in compare(rows)] == [1.0, 1.5, None]
    assert [one["ratio"] for one in compare(rows[::-1])] == [None] * 3


def report(*failures: str) -> dict[str, Any]:
    """Give a drain's report."""
    return {"runs": [{"failures": list(failures)}], "summary": {OURS: {
        "cpu_microseconds_all": {"median": 170.0}, "rate": {"median": 9000.0},
        "cpu_microseconds": {"jvm": {"median": 90.0}}}}}


def test_figures_are_read_of_a_right_drain() -> None:
    row = read_figures("baseline", BASELINE, report(), 0)
    assert (row["cpu_microseconds"], row["rate"], row["parts"]) == (170.0, 9000.0, {"jvm": 90.0})
    assert row["failures"] == [] and row["variation"]["areas"] == BASELINE.areas


@pytest.mark.parametrize(("told", "said"), [
    (report("5 rows are missing"), "rows are missing"), (None, "ended with 1")])
def test_a_wrong_or_failed_drain_has_no_figure(told: dict[str, Any] | None, said: str) -> None:
    row = read_figures("areas=10000", BASELINE, told, 1)
    assert row["cpu_microseconds"] is None and said in row["failures"][0]
