"""Draft one record that a publisher might send, good at first, and spoil it in one way.

A drafted event is observed now, lies outside every area, and carries the marker of its batch where
its result is grouped, so that a drill can tell its own rows from those of a living city.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from schemas import registry

# outside of every area of the tree: in the Atlantic
LONGITUDE, LATITUDE = -30.5, 36.5
# by which field of a family the rows of its result are told apart, and in which result
MARKED: dict[str, tuple[str, str]] = {
    "vehicle-position": ("road_id", "road_state"),
    "traffic-flow": ("road_id", "road_state"),
    "parking-occupancy": ("car_park_id", "parking_state"),
    "grid-case": ("department", "grid_caseload"),
}
Header = tuple[str, bytes | None]
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Draft:
    """Hold a record while it is made; a body or key that is set stands instead of the payload's."""

    family: str
    payload: dict[str, Any]
    chance: random.Random
    now_ms: int
    publisher: str
    headers: list[Header] = field(default_factory=list)
    spoilt_body: bytes | None = None
    spoilt_key: bytes | None = None
    is_tombstone: bool = False
    has_own_key: bool = False

    @property
    def event_id(self) -> str:
        """Give the id under which the payload goes, "" where it has no proper one."""
        value = self.payload.get("id")
        return value if isinstance(value, str) else ""

    def encoded(self) -> bytes:
        """Give the payload as JSON."""
        return _encode(self.payload)

    @property
    def body(self) -> bytes | None:
        """Give the body as it is sent."""
        if self.is_tombstone:
            return None
        return self.spoilt_body if self.spoilt_body is not None else self.encoded()

    @property
    def key(self) -> bytes | None:
        """Give the key as it is sent."""
        if self.has_own_key:
            return self.spoilt_key
        return str(self.payload.get(registry.get_family(self.family).key.name, "")).encode()


Spoil = Callable[[Draft], None]


def draft(family: str, event_id: str, marker: str, publisher: str, chance: random.Random,
          now_ms: int) -> Draft:
    """Draft a good event observed now (epoch ms)."""
    payload: dict[str, Any] = {
        **registry.get_family(family).example, "longitude": LONGITUDE + chance.random() / 10,
        "latitude": LATITUDE + chance.random() / 10, "id": event_id, "observed_at": now_ms}
    if family == "vehicle-position":
        payload |= {"vehicle_id": f"鲁D{chance.randrange(100_000):05d}",
                    "speed": chance.randrange(8_000) / 100}
    if family in MARKED:
        payload[MARKED[family][0]] = marker
    return Draft(family, payload, chance, now_ms, publisher)


def put(**fields: Any) -> Spoil:
    """Set fields of the payload."""
    def spoil(one: Draft) -> None:
        """Set them."""
        one.payload |= fields
    return spoil


def drop(*names: str) -> Spoil:
    """Leave fields of the payload out."""
    def spoil(one: Draft) -> None:
        """Leave them out."""
        for name in names:
            del one.payload[name]
    return spoil


def at(offset_ms: Callable[[int], Any]) -> Spoil:
    """Set when it was observed, as a function of now (epoch ms)."""
    def spoil(one: Draft) -> None:
        """Set it."""
        one.payload["observed_at"] = offset_ms(one.now_ms)
    return spoil


def text(change: Callable[[bytes], bytes]) -> Spoil:
    """Change the encoded payload as text."""
    def spoil(one: Draft) -> None:
        """Change it."""
        one.spoilt_body = change(one.encoded())
    return spoil


def body(raw: bytes) -> Spoil:
    """Send other bytes altogether."""
    return text(lambda _: raw)


def written(name: str, value: bytes) -> Spoil:
    """Write a field's value as these bytes of JSON, valid or not."""
    def spoil(one: Draft) -> None:
        """Take the field out and write it again at the end."""
        one.payload.pop(name, None)
        one.spoilt_body = one.encoded()[:-1] + b',"' + name.encode() + b'":' + value + b"}"
    return spoil


def head(name: str, value: bytes | None, *also: Header) -> Spoil:
    """Add record headers."""
    def spoil(one: Draft) -> None:
        """Add them."""
        one.headers += [(name, value), *also]
    return spoil


def key(value: bytes | None) -> Spoil:
    """Send under another key, or under none."""
    def spoil(one: Draft) -> None:
        """Set it."""
        one.spoilt_key, one.has_own_key = value, True
    return spoil


def tombstone(one: Draft) -> None:
    """Send no value at all."""
    one.is_tombstone = True
