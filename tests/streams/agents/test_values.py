"""Compute declared values as the store's views do, and nothing but arithmetic."""

from __future__ import annotations

from dataclasses import replace

import pytest

from schemas import registry
from schemas.declare import ResultTable
from schemas.errors import DeclarationError
from streams.agents.values import to_value, value_names

ROAD = registry.results()["road-state"]


def with_expression(sql: str) -> ResultTable:
    """Give road-state with another expression in its first derived column."""
    first = ROAD.derived[0]
    return replace(ROAD, fields=tuple(
        replace(f, sql=sql) if f.name == first.name else f for f in ROAD.fields))


@pytest.mark.parametrize("result", sorted(registry.results()))
def test_every_declared_value_can_be_computed(result: str) -> None:
    declared = registry.results()[result]
    row = dict.fromkeys(["events", "late", *(f.name for f in declared.measures)], 100)
    for name in value_names(declared):
        assert isinstance(to_value(declared, name)(row), int | float), name


def test_measures_are_given_in_natural_units() -> None:
    assert to_value(ROAD, "speed_max")({"speed_max": 4150}) == 41.5
    assert to_value(ROAD, "events")({"events": 7}) == 7


def test_a_derived_column_is_computed_by_its_own_expression() -> None:
    assert to_value(ROAD, "mean_speed")({"speed_sum": 9000, "speed_samples": 3}) == 30.0


@pytest.mark.parametrize("row", [
    {}, {"speed_sum": None, "speed_samples": 3}, {"speed_sum": 9, "speed_samples": 0},
    {"speed_sum": 9, "speed_samples": None}])
def test_no_figure_is_no_value(row: dict[str, int | None]) -> None:
    assert to_value(ROAD, "mean_speed")(row) is None


@pytest.mark.parametrize("sql", [
    "__import__('os').getpid()", "speed_sum.__class__", "nosuch / 2", "2 ** 3", "'a'",
    "nullIf(speed_sum)", "max(speed_sum, 1)", "speed_sum; 1", "lambda: 1", "True",
    "multiIf(1, 2, 3)", "1 if 1 else 2"])
def test_anything_but_arithmetic_is_refused(sql: str) -> None:
    with pytest.raises(DeclarationError):
        to_value(with_expression(sql), ROAD.derived[0].name)
