"""Split a body into events, each with its own bytes, so that one bad event spoils no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from schemas.errors import Reason, Refusal
from streams.intake import cloudevents
from streams.intake.media import Form
from streams.problems import Problem

MAX_EVENTS = 10_000
# no event has so many members on average; an array of commas would cost far more than its bytes
MAX_COMMAS = 50 * MAX_EVENTS
_array = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(slots=True)
class Item:
    """Hold one event as sent: its payload and attributes, or why it could not be read."""

    body: bytes = b""
    attributes: Mapping[str, str] = field(default_factory=dict)
    refusal: Refusal | None = None


def split(form: Form, headers: Mapping[str, str], body: bytes) -> list[Item]:
    """Split a body by its form; refuse more events than one request may carry (413)."""
    match form:
        case Form.BINARY:
            return [_read(cloudevents.from_headers(headers), body)]
        case Form.STRUCTURED:
            return [_open(body)]
        case Form.LINES:
            return [Item(line) for line in _lines(body)]
        case Form.BATCH:
            return [one if isinstance(one, Item) else _open(one) for one in _elements(body)]
        case Form.JSON if body.lstrip()[:1] == b"[":
            return [one if isinstance(one, Item) else Item(one) for one in _elements(body)]
        case _:
            return [Item(body)]


def _read(attributes: Mapping[str, str] | Refusal, body: bytes) -> Item:
    """Make an item of attributes and payload, if the attributes are good."""
    if isinstance(attributes, Refusal):
        return Item(refusal=attributes)
    return Item(body, attributes)


def _open(envelope: bytes) -> Item:
    """Take attributes and payload out of a CloudEvents envelope."""
    opened = cloudevents.from_envelope(envelope)
    return Item(refusal=opened) if isinstance(opened, Refusal) else Item(opened[1], opened[0])


def _too_many() -> Problem:
    """Say that one request carries too many events."""
    return Problem(413, "too-many-events", f"one request may carry {MAX_EVENTS} events at most",
                   f"一次最多发送 {MAX_EVENTS} 条事件", limit=MAX_EVENTS)


def _lines(body: bytes) -> list[bytes]:
    """List the lines that are not blank."""
    if body.count(b"\n") > 2 * MAX_EVENTS:
        raise _too_many()
    lines = [stripped for line in body.split(b"\n") if (stripped := line.strip())]
    if len(lines) > MAX_EVENTS:
        raise _too_many()
    return lines


def _elements(body: bytes) -> list[bytes | Item]:
    """List the elements of an array, or the one reason for which it is none."""
    if body.count(b",") > MAX_COMMAS:
        raise _too_many()
    try:
        elements = _array.decode(body)
    except msgspec.ValidationError:
        return [Item(refusal=Refusal(Reason.WRONG_TYPE, "$", f"{len(body)} bytes",
                                     "expected an array of events"))]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        return [Item(refusal=Refusal(Reason.NOT_JSON, "$", f"{len(body)} bytes",
                                     str(error) or type(error).__name__))]
    if len(elements) > MAX_EVENTS:
        raise _too_many()
    return [bytes(element) for element in elements]
