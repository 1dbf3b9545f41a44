"""Build the functions that read one field out of a row, each knowing which columns it uses."""

from __future__ import annotations

import contextlib
import math
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.errors import MappingError
from schemas.fields import Field, Kind
from streams.mapping.declare import UNSET, FieldRule, Source, Texts, When
from streams.mapping.moments import MomentError, reader
from streams.mapping.units import get_conversion

Scope = dict[str, Any]
Read = Callable[[Scope], Any]
FREE = frozenset({"$line", "$index", "$observed_at", "$event"})


class RowError(ValueError):
    """Tell which column of a row cannot be mapped, with its value and why."""

    def __init__(self, field: str, value: Any, detail: str) -> None:
        """Hold what goes into the dead letter."""
        super().__init__(detail)
        self.field, self.value, self.detail = field, value, detail


@dataclass(frozen=True, slots=True)
class Getter:
    """Hold a reader of a row; None means that the value is not given."""

    read: Read
    uses: frozenset[str] = frozenset()


def column_getter(name: str, source: Source, more: Sequence[str] = ()) -> Getter:
    """Read one column; placeholders of missing values, and those in `more`, give None."""
    missing = frozenset((*source.missing, *more))

    def read(scope: Scope) -> Any:
        """Read the cell."""
        value = scope.get(name)
        if isinstance(value, str):
            value = value.strip()
            return None if value in missing else value
        return value

    if not more:
        return Getter(read, frozenset({name}))
    numbers = _numbers(more, source.decimal == ",")

    def read_number(scope: Scope) -> Any:
        """Read the cell; a number that stands for a missing one gives None."""
        value = read(scope)
        return None if numbers & _numbers([value], source.decimal == ",") else value

    return Getter(read_number, frozenset({name}))


def _numbers(texts: Sequence[Any], comma: bool) -> frozenset[float]:
    """Give those texts that are numbers, as numbers: 0, 0.0 and 0.000000 are one placeholder."""
    found = set()
    for text in texts:
        with contextlib.suppress(ValueError):
            found.add(to_number(text, comma))
    return frozenset(found)


def template_getter(templates: Texts, source: Source) -> Getter:
    """Read the first template whose columns are all given."""
    parsed = [_parse(one) for one in ([templates] if isinstance(templates, str) else templates)]
    columns = {name: column_getter(name, source).read for parts in parsed for _, name in parts
               if name}

    def read(scope: Scope) -> str | None:
        """Fill the first template that can be filled."""
        for parts in parsed:
            given = []
            for literal, name in parts:
                given.append(literal)
                if name:
                    value = columns[name](scope)
                    if value is None:
                        break
                    given.append(str(value))
            else:
                return "".join(given)
        return None

    return Getter(read, frozenset(columns))


def _parse(template: str) -> list[tuple[str, str]]:
    """Split a template into literals, each with the column that follows it."""
    try:
        parts = [(literal, name or "", form, how)
                 for literal, name, form, how in string.Formatter().parse(template)]
    except ValueError as error:
        raise MappingError(f"template {template!r}: {error}") from None
    if any(form or how for _, _, form, how in parts):
        raise MappingError(f"template {template!r}: columns stand in braces alone, without : or !")
    return [(literal, name) for literal, name, _, _ in parts]


def time_getter(when: When, source: Source) -> Getter:
    """Read when the event was observed, epoch ms."""
    read_text = reader(tuple(when.formats), when.zone, when.ambiguous, when.nonexistent)
    if when.start:
        try:
            start = reader(("iso",), when.zone, when.ambiguous, when.nonexistent)(when.start)
        except MomentError as error:
            raise MappingError(f"time.start = {when.start!r}: {error}") from None
        step = when.step_seconds * 1000
        return Getter(lambda scope: start + round(scope["$index"] * step))
    text = (column_getter(when.column, source, when.missing) if when.column
            else template_getter(when.template, source))
    label = when.column or when.template

    def read(scope: Scope) -> int | None:
        """Read the moment of one row."""
        value = text.read(scope)
        if value is None:
            return None
        try:
            return read_text(str(value))
        except MomentError as error:
            raise RowError(label, value, str(error)) from None

    return Getter(read, text.uses)


def field_getter(field: Field, rule: FieldRule, when: When | None, source: Source) -> Getter:
    """Read one declared field as its rule says."""
    if rule.constant is not UNSET:
        value = _constant(field, rule.constant)
        return Getter(lambda _: value)
    if field.kind is Kind.INSTANT:
        base = when or When()
        return time_getter(When(
            column=rule.column, template=rule.template if isinstance(rule.template, str) else "",
            formats=rule.formats or base.formats, zone=rule.zone or base.zone,
            ambiguous=base.ambiguous, nonexistent=base.nonexistent, missing=rule.missing), source)
    text = (column_getter(rule.column, source, rule.missing) if rule.column
            else template_getter(rule.template, source))
    label = rule.column or str(rule.template)
    convert, more = _converter(field, rule, source)

    def read(scope: Scope) -> Any:
        """Read and convert the value of one row."""
        value = text.read(scope)
        if value is None:
            return None
        try:
            return convert(value, scope)
        except (ValueError, OverflowError) as error:
            raise RowError(label, value, str(error)) from None

    return Getter(read, text.uses | more)


def _constant(field: Field, value: Any) -> Any:
    """Check a constant against the declaration."""
    if field.kind is Kind.CODE and value not in {code for code, _ in field.values}:
        raise MappingError(f"constant {value!r} is not in the list of {field.name}:"
                           f" {', '.join(code for code, _ in field.values)}")
    wanted: dict[Kind, tuple[type, ...]] = {
        Kind.TEXT: (str,), Kind.CODE: (str,), Kind.INTEGER: (int,), Kind.DECIMAL: (int, float),
        Kind.FLAG: (bool,), Kind.INSTANT: (str, int)}
    flag_for_number = isinstance(value, bool) and field.kind is not Kind.FLAG
    if not isinstance(value, wanted[field.kind]) or flag_for_number:
        raise MappingError(f"constant {value!r} is no {field.kind.value}")
    return value


def _converter(field: Field, rule: FieldRule, source: Source
               ) -> tuple[Callable[[Any, Scope], Any], frozenset[str]]:
    """Give the conversion of a field's value and the further columns it uses."""
    if rule.values is not None:
        table = {str(key): _constant(field, value) for key, value in rule.values.items()}
        return (lambda value, _: _translate(table, rule.otherwise, value)), frozenset()
    if field.kind in (Kind.TEXT, Kind.CODE):
        return (lambda value, _: str(value)), frozenset()
    if field.kind is Kind.FLAG:
        return (lambda value, _: _flag(value)), frozenset()
    comma = source.decimal == ","
    if rule.of:
        whole = column_getter(rule.of, source)
        return (lambda value, scope: _part(to_number(value, comma), whole.read(scope), rule.of)
                ), whole.uses
    conversion = get_conversion(rule.unit, rule.to or field.unit) if rule.unit else None
    finish = _finish(field, rule.round)
    if conversion is None:
        return (lambda value, _: finish(to_number(value, comma))), frozenset()
    known = conversion
    return (lambda value, _: finish(known(to_number(value, comma)))), frozenset()


def _translate(table: dict[str, Any], otherwise: Any, value: Any) -> Any:
    """Translate a value, or say that nothing is known of it."""
    found = table.get(str(value), otherwise)
    if found is UNSET:
        raise ValueError("has no translation in values")
    return found


def _flag(value: Any) -> bool:
    """Read yes or no."""
    found = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(
        str(value).lower())
    if found is None:
        raise ValueError("is neither true nor false")
    return found


def _part(percent: float, whole: Any, of: str) -> int:
    """Give a percentage of a count, rounded half to even."""
    if whole is None:
        raise ValueError(f"{of} is not given, of which it is a percentage")
    return round(to_number(whole, False) * percent / 100)


def _finish(field: Field, rounded: bool) -> Callable[[float], float | int]:
    """Give the last step: whole numbers must be whole, or rounded half to even where allowed."""
    if field.kind is Kind.DECIMAL:
        return lambda value: value

    def whole(value: float) -> int:
        """Give a whole number."""
        if not rounded and value != int(value):
            raise ValueError("is no whole number")
        return round(value)

    return whole


def to_number(value: Any, comma: bool) -> float:
    """Read a finite number; `comma` tells that it stands for the decimal point."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("is no number")
    text = value
    if isinstance(text, str):
        if "_" in text or not text.isascii():
            raise ValueError("is no number")
        text = text.replace(".", "").replace(",", ".") if comma else text
    try:
        found = float(text)
    except (ValueError, OverflowError):
        raise ValueError("is no number") from None
    if not math.isfinite(found):
        raise ValueError("is no finite number")
    return found
