"""Decode what publishers send and say exactly why something is refused.

The fast path is one typed msgspec decode for each event; only an event that fails it is looked at
again, to name the field, the value and the reason. Nothing here raises on bad input.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Literal

import msgspec

from schemas.declare import Family, Field, Kind, Personal
from schemas.errors import Reason, Refusal

MAX_BYTES = 262_144
EARLIEST_MS = -2_208_988_800_000
LATEST_MS = 10_413_791_999_999
_SHOWN = 64
_ESCAPED_CONTROL = re.compile(rb"\\(?:u00[01]|[bf])")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING = re.compile(r"missing required field `([^`]+)`")
_RULES: tuple[tuple[re.Pattern[str], Reason], ...] = (
    (re.compile(r"of length <="), Reason.TOO_LONG),
    (re.compile(r"of length >="), Reason.EMPTY),
    (re.compile(r"` >=?"), Reason.BELOW_MINIMUM),
    (re.compile(r"` <=?"), Reason.ABOVE_MAXIMUM),
    (re.compile(r"Invalid enum value"), Reason.NOT_IN_LIST),
    (re.compile(r"Expected `object`, got .*\$`$|^Expected `object`, got"), Reason.NOT_AN_OBJECT),
    (re.compile(r"RFC3339|timezone"), Reason.BAD_TIME),
    (re.compile(r"out of range"), Reason.ABOVE_MAXIMUM),
    (re.compile(r"Expected|Invalid"), Reason.WRONG_TYPE),
)

Moment = int | Annotated[dt.datetime, msgspec.Meta(tz=True)]


def _wire_type(field: Field) -> Any:
    """Give the Python type under which msgspec decodes a field, bounds included."""
    meta = msgspec.Meta
    match field.kind:
        case Kind.TEXT:
            inner: Any = Annotated[str, meta(min_length=1, max_length=field.max_length)]
        case Kind.CODE:
            inner = Literal[tuple(value for value, _ in field.values)]
        case Kind.INTEGER:
            inner = Annotated[int, meta(ge=int(field.ge or 0), le=int(field.le or 0))]
        case Kind.DECIMAL:
            inner = Annotated[float, meta(ge=field.ge, le=field.le)]
        case Kind.FLAG:
            inner = bool
        case Kind.INSTANT:
            inner = Moment
    return inner if field.required else inner | None


@cache
def wire_struct(family: Family) -> type[msgspec.Struct]:
    """Build the struct of a family's payload: its fields, `id` and `observed_at`."""
    needed: list[Any] = [(f.name, _wire_type(f)) for f in family.fields if f.required]
    optional: list[Any] = [(f.name, _wire_type(f), None) for f in family.fields if not f.required]
    short = Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    envelope: list[Any] = [("id", short | None, None), ("observed_at", Moment | None, None)]
    return msgspec.defstruct(f"{family.table}_wire", needed + optional + envelope, gc=False)


def to_milliseconds(moment: int | dt.datetime) -> int:
    """Convert a decoded instant to whole milliseconds since 1970 UTC (floor)."""
    if isinstance(moment, int):
        return moment
    delta = moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def shown(field: Field | None, value: Any) -> str:
    """Show a refused value, shortened; personal ones only by their length."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if field is None or field.personal is Personal.NONE:
        clean = "".join(c if c.isprintable() else "�" for c in text[:_SHOWN])
        return clean + ("…" if len(text) > _SHOWN else "")
    return f"*** ({len(text)} characters)"


class Wire:
    """Decode and check the payloads of one family."""

    def __init__(self, family: Family) -> None:
        """Prepare what does not change from one payload to the next."""
        self._family = family
        self._decode = msgspec.json.Decoder(wire_struct(family)).decode
        self._limited = [f for f in family.fields if f.not_above]
        self._instants = [f for f in family.fields if f.kind is Kind.INSTANT]
        self._place = attrgetter(*family.place) if family.place else None

    def decode(self, body: bytes) -> Any | Refusal:
        """Decode one payload into its wire struct, or say why not."""
        if not body:
            return Refusal(Reason.EMPTY, "$", "", "the record has no payload")
        if len(body) > MAX_BYTES:
            return Refusal(Reason.TOO_LARGE, "$", f"{len(body)} bytes", f"the limit is {MAX_BYTES}")
        try:
            event = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
            return _explain(self._family, body, error)
        if b"\\" in body and _ESCAPED_CONTROL.search(body):
            refusal = _find_control_character(self._family, event)
            if refusal is not None:
                return refusal
        return self._cross_check(event) or event

    def _cross_check(self, event: Any) -> Refusal | None:
        """Check what no type says: limits by another field, storable times, the null island."""
        for field in self._limited:
            value, limit = getattr(event, field.name), getattr(event, field.not_above)
            if value is not None and limit is not None and value > limit:
                return Refusal(Reason.ABOVE_FIELD, field.name, shown(field, value),
                               f"above {field.not_above}={limit}")
        for field in self._instants:
            value = getattr(event, field.name)
            if value is not None and not EARLIEST_MS <= to_milliseconds(value) <= LATEST_MS:
                return Refusal(Reason.BAD_TIME, field.name, shown(field, value),
                               "outside the years 1900 to 2299, which is what the store can keep")
        if self._place is not None and self._family.place and self._place(event) == (0, 0):
            return Refusal(Reason.NULL_ISLAND, self._family.place[0], "0, 0",
                           "a missing position must be left out, not sent as zero")
        return None


@cache
def wire_of(family: Family) -> Wire:
    """Give what decodes a family's payloads."""
    return Wire(family)


def decode(family: Family, body: bytes) -> Any | Refusal:
    """Decode one payload into its wire struct, or say why not."""
    return wire_of(family).decode(body)


def check(family: Family, body: bytes) -> Refusal | None:
    """Say why a payload is refused, or None when it is good."""
    found = decode(family, body)
    return found if isinstance(found, Refusal) else None


def _find_control_character(family: Family, event: Any) -> Refusal | None:
    """Name the text that holds a control character; tab and line breaks are allowed in text."""
    by_name: dict[str, Field | None] = {"id": None, **{f.name: f for f in family.fields}}
    for name, field in by_name.items():
        value = getattr(event, name)
        if isinstance(value, str) and any(c < " " and c not in "\t\r\n" for c in value):
            return Refusal(Reason.CONTROL_CHARACTER, name, shown(field, value),
                           "control characters are not allowed")
    return None


def _explain(family: Family, body: bytes, error: Exception) -> Refusal:
    """Turn a decoding error into reason, field and value."""
    if not isinstance(error, msgspec.ValidationError):
        return Refusal(Reason.NOT_JSON, "$", f"{len(body)} bytes",
                       str(error) or type(error).__name__)
    message = str(error)
    missing = _MISSING.search(message)
    if missing:
        return Refusal(Reason.MISSING_FIELD, missing[1], "", "the field is required")
    path = _PATH.search(message)
    name = path[1] if path else "$"
    field = next((f for f in family.fields if f.name == name), None)
    value = _value(body, name)
    reason = next((reason for rule, reason in _RULES if rule.search(message)), Reason.WRONG_TYPE)
    if name == "observed_at":
        reason = Reason.BAD_TIME
    if "got `null`" in message and field is not None:
        return Refusal(Reason.MISSING_FIELD, name, "null", "the field is required")
    return Refusal(reason, name or "$", shown(field, value), _PATH.sub("", message))


def _value(body: bytes, name: str) -> Any:
    """Find the value of one field in a payload that failed its typed decoding."""
    try:
        whole = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError):
        return None
    return whole.get(name) if isinstance(whole, dict) else whole
