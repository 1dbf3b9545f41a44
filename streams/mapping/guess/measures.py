"""Say how the numbers of a column become those of a declared field: unit, placeholders, bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from schemas.errors import MappingError
from schemas.fields import Field, Kind
from streams.mapping.guess.model import Column, Doubt
from streams.mapping.guess.words import read_name
from streams.mapping.units import FACTORS, get_conversion

# numbers that devices and databases write where they have none
SENTINELS = (-1, -9, -99, -999, -9999, 255, 999, 9999, 65535, 99999)
# units whose numbers do not give them away; those of shares and angles do
_TELLING = {"deg", "%"}
_AMBIGUOUS = {to for _, to in FACTORS} - _TELLING


@dataclass(slots=True)
class Fit:
    """Hold how well the values of a column fit a field (0 to 1), and the rule that maps them."""

    share: float
    rule: dict[str, Any]
    doubts: list[Doubt] = field(default_factory=list)


def fit_number(field: Field, column: Column) -> Fit:
    """Fit the numbers of a column to a field."""
    key, unit = f"fields.{field.name}", read_name(column.name).unit
    fit = Fit(column.numeric, {"column": column.name})
    if unit in ("%", "share") and field.not_above:
        return _part_of(fit, field, column, unit)
    unit = unit or _unit_by_range(fit, field, column)
    factor = None
    if unit and field.unit:
        try:
            factor = get_conversion(unit, field.unit)
        except MappingError:
            fit.doubts.append(Doubt(key, f"the name tells the unit {unit}, which does not convert"
                                    f" to {field.unit}", (), 0.3))
        else:
            if factor.factor != 1 or factor.formula:
                fit.rule["unit"] = unit
    elif field.unit in _AMBIGUOUS:
        _doubt_unit(fit, field, column)
    numbers = [factor(n) if factor else n for n in column.given_numbers]
    numbers = _leave_out(fit, field, column, numbers)
    if numbers:
        low, high = _bounds(field)
        fit.share *= sum(low <= n <= high for n in numbers) / len(numbers)
        if field.kind is Kind.INTEGER and any(n != int(n) for n in numbers):
            fit.rule["round"] = True
            fit.doubts.append(Doubt(key, "not all numbers are whole: they are rounded", (), 0.7))
    return fit


def _bounds(field: Field) -> tuple[float, float]:
    """Give the declared bounds."""
    return (float("-inf") if field.ge is None else field.ge,
            float("inf") if field.le is None else field.le)


def _unit_by_range(fit: Fit, field: Field, column: Column) -> str:
    """Tell shares from percentages: no number above 1, and not all of them whole."""
    numbers = column.given_numbers
    if field.unit == "%" and numbers and min(numbers) >= 0 and max(numbers) <= 1 \
            and not column.whole:
        fit.doubts.append(Doubt(f"fields.{field.name}", "no number is above 1, so they are read as"
                                " shares of one", ("%",), 0.75))
        return "share"
    return ""


def _doubt_unit(fit: Fit, field: Field, column: Column) -> None:
    """Tell that nothing says the unit."""
    others = tuple(source for source, to in FACTORS if to == field.unit)
    numbers = column.given_numbers
    shown = f"; the numbers go from {min(numbers):g} to {max(numbers):g}" if numbers else ""
    fit.doubts.append(Doubt(f"fields.{field.name}", f"the name does not tell the unit, taken for"
                            f" {field.unit}{shown}", others, 0.6))


def _leave_out(fit: Fit, field: Field, column: Column, numbers: list[float]) -> list[float]:
    """Read as not given what cannot be a value: beyond the bounds, or far from all others."""
    low, high = _bounds(field)
    raw = column.given_numbers
    found = []
    for sentinel in SENTINELS:
        others = [n for n in raw if n not in SENTINELS]
        here = [n for n, source in zip(numbers, raw, strict=True) if source == sentinel]
        if here and others and (not low <= here[0] <= high or _detached(sentinel, others)):
            found.append(sentinel)
    if not found:
        return numbers
    told = ", ".join(map(str, found))
    cells = sum(n in found for n in raw)
    fit.rule["missing"] = [str(one) for one in found]
    fit.doubts.append(Doubt(f"fields.{field.name}", f"{cells} cell(s) of the sample hold {told},"
                            " read as not given", ("leave out `missing`",), 0.8))
    return [n for n, source in zip(numbers, raw, strict=True) if source not in found]


def _detached(sentinel: int, others: list[float]) -> bool:
    """Tell whether a number lies far from all others."""
    spread = max(abs(n) for n in others)
    return abs(sentinel) > 5 * max(1.0, spread) or (sentinel < -1 and min(others) >= 0)


def _part_of(fit: Fit, field: Field, column: Column, unit: str) -> Fit:
    """Read a percentage of another field; the column of that is filled in when it is known."""
    numbers = [n for n in column.given_numbers if n not in SENTINELS]
    fit.rule |= {"unit": "%", "of": field.not_above}
    if unit == "share" or (numbers and max(numbers) <= 1 and not column.whole):
        fit.share = 0.0
        fit.doubts.append(Doubt(f"fields.{field.name}", f"{column.name!r} holds shares of one: the"
                                " mapper takes per cent of a whole", (), 0.2))
    elif numbers:
        fit.share *= sum(0 <= n <= 100 for n in numbers) / len(numbers)
    return fit
