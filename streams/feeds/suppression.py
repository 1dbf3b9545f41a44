"""Keep small counts out of what is published.

Where a result declares `suppress`, a row whose count is below k = 5 shows no figure at all, not
even the count and never 0. Of the other rows only the count, rounded to 5, and the derived means
are shown: sums, extremes and numbers of samples would let one subtract, or are one vehicle's.
"""

from __future__ import annotations

from typing import Any

from schemas.declare import Field, ResultTable

K = 5
ROUNDED_TO = 5


def is_small(result: ResultTable, row: dict[str, Any]) -> bool:
    """Tell whether a row's count is below k; an unknown count is small."""
    return bool(result.suppress) and (row.get(result.suppress) or 0) < K


def rounded(count: int) -> int:
    """Round a count to the nearest multiple of 5, half upwards."""
    return (count + ROUNDED_TO // 2) // ROUNDED_TO * ROUNDED_TO


def shown_fields(result: ResultTable) -> tuple[Field, ...]:
    """List the figures of a result that may be published."""
    if not result.suppress:
        return (*result.numbers, *result.derived)
    return (*(f for f in result.numbers if f.name == result.suppress), *result.derived)


def figures(result: ResultTable, row: dict[str, Any]) -> dict[str, Any]:
    """Give the figures of a row in natural units, nulls where they are suppressed."""
    fields = shown_fields(result)
    if is_small(result, row):
        return {field.name: None for field in fields}
    shown = {field.name: _natural(field, row[field.name]) for field in fields}
    if result.suppress:
        shown[result.suppress] = rounded(row[result.suppress])
        return shown
    return {"events": row["events"]} | shown


def _natural(field: Field, value: float | None) -> float | int | None:
    """Convert a scaled measure to natural units; round a derived figure as declared."""
    if value is None:
        return None
    if field.sql:
        return round(float(value), field.decimals) if value == value else None
    return round(value / 10 ** field.decimals, field.decimals) if field.decimals else int(value)
