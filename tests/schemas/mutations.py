"""Break a valid payload in one field at a time, as its declaration says it may be broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from schemas.declare import Family, Field, Kind
from schemas.errors import Reason

Mutation = tuple[str, dict[str, Any], Reason, str]
WRONG_TYPE: dict[Kind, Any] = {
    Kind.TEXT: 7, Kind.CODE: 7, Kind.INTEGER: "seven", Kind.DECIMAL: "seven", Kind.FLAG: "yes",
    Kind.INSTANT: True,
}


def _of_field(family: Family, field: Field) -> Iterator[tuple[str, Any, Reason]]:
    """Give label, bad value and expected reason for one field."""
    yield "wrong type", WRONG_TYPE[field.kind], Reason.WRONG_TYPE
    yield "a list", [1], Reason.WRONG_TYPE
    if field.required:
        yield "null", None, Reason.MISSING_FIELD
    match field.kind:
        case Kind.TEXT:
            yield "too long", "路" * (field.max_length + 1), Reason.TOO_LONG
            yield "empty", "", Reason.EMPTY
            yield "nul character", "a\x00b", Reason.CONTROL_CHARACTER
            yield "backspace", "a\bb", Reason.CONTROL_CHARACTER
            yield "form feed", "a\fb", Reason.CONTROL_CHARACTER
        case Kind.CODE:
            yield "not in list", "no-such-code", Reason.NOT_IN_LIST
        case Kind.INTEGER | Kind.DECIMAL:
            assert field.ge is not None and field.le is not None
            yield "below minimum", field.ge - 1, Reason.BELOW_MINIMUM
            yield "above maximum", field.le + 1, Reason.ABOVE_MAXIMUM
            yield "far above", 10 ** 30, Reason.ABOVE_MAXIMUM
            if field.kind is Kind.INTEGER:
                yield "a fraction", field.ge + 0.5, Reason.WRONG_TYPE
            if field.not_above:
                limit = family.example[field.not_above]
                yield "above another field", limit + 1, Reason.ABOVE_FIELD
        case Kind.INSTANT:
            yield "no zone", "2026-11-24T08:00:00", Reason.BAD_TIME
            yield "not a time", "tomorrow", Reason.BAD_TIME
            yield "year 1", "0001-01-01T00:00:00Z", Reason.BAD_TIME
            yield "a time beyond storing", 10 ** 17, Reason.BAD_TIME
        case Kind.FLAG:
            yield "a number", 1, Reason.WRONG_TYPE


def mutations(family: Family) -> Iterator[Mutation]:
    """Give label, broken payload, expected reason and expected field."""
    for field in family.fields:
        if field.required:
            rest = {name: one for name, one in family.example.items() if name != field.name}
            yield f"{field.name}: missing", rest, Reason.MISSING_FIELD, field.name
        for label, value, reason in _of_field(family, field):
            broken = {**family.example, field.name: value}
            yield f"{field.name}: {label}", broken, reason, field.name
    if family.place:
        nowhere = {**family.example, **dict.fromkeys(family.place, 0)}
        yield "null island", nowhere, Reason.NULL_ISLAND, family.place[0]
    yield "id: empty", {**family.example, "id": ""}, Reason.EMPTY, "id"
    yield "id: bell", {**family.example, "id": "\x07"}, Reason.CONTROL_CHARACTER, "id"
    yield "observed_at: no zone", {
        **family.example, "observed_at": "2026-11-24T08:00:00"}, Reason.BAD_TIME, "observed_at"
