"""Repair the originals of dead letters by small declarative steps.

Steps are kept in the letter beside its original, and what is repaired is always computed from both:
the same repair given again changes nothing. Whatever order they are given in, fields are dropped
first, then renamed, their values mapped, fields set, and last the moments shifted. The header
`ce_time` is repaired under its name like a field.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas import registry
from schemas.declare import Family, Kind
from streams.letters.letter import Letter, LetterError, to_blob, to_bytes

KINDS = ("drop", "rename", "map-value", "set", "shift-time")
TIME_HEADER = "ce_time"
_encode = msgspec.json.Encoder().encode
Payload = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Repair:
    """Hold one step: `field` is what it works on, `old` and `new` as written in the command."""

    kind: str
    field: str = ""
    old: str = ""
    new: str = ""

    def __str__(self) -> str:
        """Write the step as it is kept in a letter."""
        words = {"drop": self.field, "shift-time": self.new,
                 "map-value": f"{self.field}:{self.old}={self.new}"}
        return f"{self.kind} {words.get(self.kind, f'{self.field}={self.new}')}"


def parse(kind: str, text: str) -> Repair:
    """Read one step; raise LetterError on what is none."""
    left, equals, new = text.partition("=")
    if kind == "drop" and text:
        return Repair(kind, text)
    if kind == "shift-time":
        try:
            return Repair(kind, new=f"{int(text):+d}")
        except ValueError:
            raise LetterError(f"--shift-time {text}: not a whole number of seconds") from None
    if kind in ("rename", "set") and left and equals and (new or kind == "set"):
        return Repair(kind, left, new=new)
    if kind == "map-value":
        field, colon, old = left.partition(":")
        if field and colon and equals:
            return Repair(kind, field, old, new)
    raise LetterError(f"--{kind} {text}: cannot be read; see --help")


def read_repairs(kept: Iterable[str]) -> list[Repair]:
    """Read the steps kept in a letter."""
    return [parse(*text.partition(" ")[::2]) for text in kept]


def repair(letter: Letter, steps: Sequence[Repair]) -> str:
    """Repair a letter from its original and all steps known; say why where it cannot be."""
    known = read_repairs(letter.repairs)
    known += [one for one in steps if one not in known]
    if letter.gone:
        return f"the original is gone: {letter.gone}"
    try:
        payload = msgspec.json.decode(letter.original)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "the original is no JSON"
    if not isinstance(payload, dict):
        return "the original is no object"
    if TIME_HEADER in letter.headers:
        payload[TIME_HEADER] = to_bytes(letter.headers[TIME_HEADER]).decode(errors="replace")
    family = registry.families().get(letter.family)
    for step in sorted(known, key=lambda one: KINDS.index(one.kind)):
        _STEPS[step.kind](payload, step, family)
    time = payload.pop(TIME_HEADER, None)
    letter.repairs = [str(one) for one in known]
    letter.repaired = to_blob(_encode(payload))
    letter.repaired_time = None if time is None else str(time)
    return ""


def _typed(family: Family | None, name: str, text: str) -> Any:
    """Read a value as the field's kind has it: texts as they are, all else as JSON."""
    kinds = {one.name: one.kind for one in family.fields} if family else {}
    if name in ("id", TIME_HEADER) or kinds.get(name) in (Kind.TEXT, Kind.CODE):
        return text
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _drop(payload: Payload, step: Repair, _: Family | None) -> None:
    """Leave a field out."""
    payload.pop(step.field, None)


def _rename(payload: Payload, step: Repair, _: Family | None) -> None:
    """Give a field's value to another name."""
    if step.field in payload:
        payload[step.new] = payload.pop(step.field)


def _map_value(payload: Payload, step: Repair, family: Family | None) -> None:
    """Give a field another value where it has the one named."""
    value = payload.get(step.field)
    shown = value if isinstance(value, str) else _encode(value).decode()
    if step.field in payload and shown == step.old:
        payload[step.field] = _typed(family, step.field, step.new)


def _set(payload: Payload, step: Repair, family: Family | None) -> None:
    """Give a field a value."""
    payload[step.field] = _typed(family, step.field, step.new)


def _shift(payload: Payload, step: Repair, family: Family | None) -> None:
    """Shift every moment of the event by whole seconds; what is no moment stays as it is."""
    moments = [one.name for one in family.fields if one.kind is Kind.INSTANT] if family else []
    for name in ("observed_at", TIME_HEADER, *moments):
        if name in payload:
            payload[name] = _shifted(payload[name], int(step.new))


def _shifted(value: Any, seconds: int) -> Any:
    """Shift one moment: whole milliseconds since 1970, or RFC 3339 with a zone."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value + seconds * 1000
    try:
        moment = dt.datetime.fromisoformat(value) + dt.timedelta(seconds=seconds)
    except (TypeError, ValueError, OverflowError):
        return value
    return value if moment.tzinfo is None else moment.isoformat()


_STEPS = {"drop": _drop, "rename": _rename, "map-value": _map_value, "set": _set,
          "shift-time": _shift}
