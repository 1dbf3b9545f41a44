"""Read from clean events, dead letters and the gate's ledger what feedback needs, and no more."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from schemas.declare import Family, Field, Kind

# a value that stays the same: decimals for so many events and ms, counts of things for longer,
# since hardly a car moves in a car park at night
STUCK_DECIMAL = (30, 600_000)
STUCK_INTEGER = (60, 4 * 3_600_000)


class Letter(msgspec.Struct, gc=False, rename={"kind": "class"}):
    """Take what is told of a dead letter."""

    reason: str
    field: str
    value: str
    detail: str
    kind: str
    raw_topic: str
    raw_partition: int
    raw_offset: int
    event_id: str
    received_at: int
    observed_at: int | None = None


class LedgerRow(msgspec.Struct, gc=False):
    """Take what the gate made of one raw partition and minute so far."""

    raw_topic: str
    raw_partition: int
    minute: int
    records: int
    accepted: int
    refused: int
    late: int
    duplicates: int
    version: int


@dataclass(frozen=True, slots=True)
class Checked:
    """Describe a number that is watched; None is no bound, 0 events: it may stay the same.

    `limit` names the field that limits it, at which it may stay as well: full is full.
    """

    name: str
    lowest: float | None
    highest: float | None
    stuck_events: int
    stuck_ms: int
    limit: str


@dataclass(frozen=True, slots=True)
class Shape:
    """Hold how events of a family are read and watched.

    `values` gives the numbers of `checked`; `top_speed` is in m/s, infinite where none is declared.
    """

    family: Family
    decode: Callable[[bytes], Any]
    identify: Callable[[Any], str]
    values: Callable[[Any], tuple[float | None, ...]]
    checked: tuple[Checked, ...]
    top_speed: float

    def rests(self, number: int, values: tuple[float | None, ...]) -> bool:
        """Tell whether one of these values lies where it may stay: missing, zero, at its limit."""
        value, limit = values[number], self.checked[number].limit
        names = [one.name for one in self.checked]
        return not value or (limit in names and value == values[names.index(limit)])

    @property
    def horizon_ms(self) -> int:
        """Give how late an event may come."""
        return self.family.horizon_seconds * 1000


def _check(field: Field, limits: set[str]) -> Checked:
    """Say how a number is watched.

    Zero is where most things rest, so it is no bound that surprises. What limits other fields
    (capacity), directions, and counts that nothing limits (an interval) may well stay the same.
    """
    events, length = 0, 0
    if field.kind is Kind.DECIMAL and field.unit != "deg" and field.name not in limits:
        events, length = STUCK_DECIMAL
    elif field.not_above:
        events, length = STUCK_INTEGER
    fixed = field.kind is Kind.INTEGER and not field.not_above
    turning = field.unit == "deg"
    bounded = not fixed and not turning
    return Checked(field.name, field.ge if bounded and field.ge else None,
                   field.le if bounded else None, events, length, field.not_above)


def _getter(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """Give a function that takes attributes as a tuple, however many."""
    if not names:
        return lambda _: ()
    if len(names) == 1:
        only = attrgetter(names[0])
        return lambda event: (only(event),)
    return attrgetter(*names)


@cache
def shape_of(family: Family) -> Shape:
    """Make the shape of a family: a struct of its envelope, identity, place and numbers."""
    limits = {one.not_above for one in family.fields if one.not_above}
    place = family.place or ()
    numbers = [one for one in family.kept
               if one.kind in (Kind.INTEGER, Kind.DECIMAL) and one.name not in place]
    names = {"key": family.key.name}
    names |= {f"also{i}": name for i, name in enumerate(family.latest_by)}
    names |= dict(zip(("longitude", "latitude"), place, strict=False))
    names |= {f"number{i}": one.name for i, one in enumerate(numbers)}
    whole: list[Any] = [(name, int) for name in
                        ("observed_at", "received_at", "raw_partition", "raw_offset")]
    text: list[Any] = [("id", str), ("raw_topic", str), ("key", Any), ("area", str, "")]
    rest: list[Any] = [(name, Any, None) for name in names if name.startswith("also")]
    rest += [(name, float | None, None) for name in ("longitude", "latitude")]
    rest += [(f"number{i}", float | None, None) for i in range(len(numbers))]
    struct = msgspec.defstruct(f"{family.table}_watched", whole + text + rest, rename=names,
                               gc=False)
    speeds = [one.le for one in numbers if one.unit == "km/h" and one.le]
    also = _getter([name for name in names if name.startswith("also")])

    def identify(event: Any) -> str:
        """Name what an event is about."""
        return "·".join(map(str, (event.key, *also(event)))) if family.latest_by else str(event.key)

    return Shape(family, msgspec.json.Decoder(struct).decode, identify,
                 _getter([f"number{i}" for i in range(len(numbers))]),
                 tuple(_check(one, limits) for one in numbers),
                 max(speeds) / 3.6 if speeds else math.inf)


read_letter = msgspec.json.Decoder(Letter).decode
read_row = msgspec.json.Decoder(LedgerRow).decode


def split_topic(raw_topic: str) -> tuple[str, str] | None:
    """Give publisher and family of a raw topic; None for what is none."""
    publisher, found, family = raw_topic.removeprefix("raw-").partition("--")
    return (publisher, family) if found and raw_topic.startswith("raw-") else None
