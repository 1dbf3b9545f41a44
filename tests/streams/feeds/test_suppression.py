"""Test that no small count, and nothing from which one follows, is published."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import registry
from schemas.declare import ResultTable
from streams.feeds.documents import window_record
from streams.feeds.suppression import K, figures, rounded, shown_fields

SUPPRESSED = [one for one in registry.own_results() if one.suppress]
COUNTS = st.none() | st.integers(0, 10_000)


def row_of(result: ResultTable, count: int | None) -> dict[str, Any]:
    """Make a row as the view gives it, with a count."""
    row: dict[str, Any] = {f.name: 7 for f in result.measures}
    row |= {f.name: 31.25 for f in result.derived} | {f.name: "x" for f in result.keys}
    return row | {
        result.suppress: count, "events": 40, "window_seconds": 60, "window_start_ms": 60_000,
        "computed_at_ms": 125_000, "status": "revised", "revision": 2}


def test_the_public_results_about_vehicles_are_suppressed() -> None:
    assert {one.name for one in SUPPRESSED} == {"road-state", "area-traffic"}
    for one in registry.own_results():
        if one.public and any(f.combine == "distinct" for f in one.measures):
            assert one.suppress, one.name


@given(st.sampled_from(SUPPRESSED), COUNTS)
def test_a_small_count_leaves_no_figure(result: ResultTable, count: int | None) -> None:
    record = window_record(result, row_of(result, count))
    small = count is None or count < K
    shown = {name: record[name] for name in figures(result, row_of(result, count))}
    assert record["suppressed"] is small
    assert all(value is None for value in shown.values()) == small
    assert (record["revision"] is None) == small
    if small:
        figured = {"events", *(f.name for f in (*result.measures, *result.derived))}
        assert {record[name] for name in figured & set(record)} == {None}


@given(st.sampled_from(SUPPRESSED), st.integers(K, 10_000))
def test_a_shown_count_is_rounded_and_its_parts_are_kept_back(result: ResultTable, count: int
                                                               ) -> None:
    shown = figures(result, row_of(result, count))
    assert set(shown) == {result.suppress} | {f.name for f in result.derived}
    assert shown[result.suppress] % 5 == 0
    assert abs(shown[result.suppress] - count) <= 2
    assert shown[result.suppress] >= K


@pytest.mark.parametrize(("count", "shown"), [(5, 5), (7, 5), (8, 10), (12, 10), (13, 15)])
def test_rounding(count: int, shown: int) -> None:
    assert rounded(count) == shown


def test_results_without_suppression_show_natural_units() -> None:
    result = registry.results()["air-quality"]
    row = row_of(result, None) | {"events": 3, "value_sum": 30_500, "value_min": 9_000,
                                  "value_max": None, "mean_value": 10.16666}
    assert shown_fields(result) == (*result.measures, *result.derived)
    assert figures(result, row) == {"events": 3, "value_sum": 30.5, "value_min": 9.0,
                                    "value_max": None, "mean_value": 10.167}
