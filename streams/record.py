"""Read what a raw record says of itself: which event it is, when it was observed, why unmapped."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, cast

import msgspec
from confluent_kafka import Message
from xxhash import xxh3_128_hexdigest

from schemas.errors import Reason, Refusal
from schemas.wire import Moment, shown, to_milliseconds
from streams.duplicates import AHEAD_MS

_HEADERS = ("ce_id", "ce_time", "replay", "map_error", "ce_source")
# what a header `replay` begins with where a dead letter is sent again
REPAIRED = b"repair"
# the longest horizon of a family: results are made to change for so long, and no longer
CLOSED_MS = 3_600_000
MAX_ID_BYTES = 256
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError)
_moment = msgspec.json.Decoder(Moment)


@dataclass(slots=True)
class Record:
    """Hold one raw record; `received_at` is epoch ms, absent headers are None."""

    topic: str
    partition: int
    offset: int
    received_at: int
    body: bytes | None
    ce_id: bytes | None = None
    ce_time: bytes | None = None
    replay: bytes | None = None
    map_error: bytes | None = None
    ce_source: bytes | None = None


def from_message(message: Message) -> Record:
    """Take a record as the client read it; the client gives headers as bytes."""
    headers = cast("dict[str, bytes]", dict(message.headers() or []))
    return Record(
        message.topic() or "", message.partition() or 0, message.offset() or 0,
        message.timestamp()[1], message.value(), *(headers.get(name) for name in _HEADERS))


def identify(record: Record, event: Any) -> str:
    """Give the event id: header, else payload, else a hash of the payload."""
    if record.ce_id is not None:
        return record.ce_id[:256].decode("utf-8", "replace")
    return event.id or xxh3_128_hexdigest(record.body or b"")


def refuse_id(record: Record) -> Refusal | None:
    """Refuse an id in the header that is none: what is cut or replaced might be another's id."""
    header = record.ce_id
    if header is None:
        return None
    if not header or len(header) > MAX_ID_BYTES:
        return Refusal(Reason.TOO_LONG if header else Reason.EMPTY, "ce_id", f"{len(header)} bytes",
                       f"an id has 1 to {MAX_ID_BYTES} bytes")
    try:
        text = header.decode()
    except UnicodeDecodeError:
        return Refusal(Reason.BAD_HEADER, "ce_id", header.decode("utf-8", "replace"),
                       "an id is UTF-8")
    if text.isprintable() or not any(c < " " for c in text):
        return None
    return Refusal(Reason.CONTROL_CHARACTER, "ce_id", shown(None, text),
                   "control characters are not allowed")


def observe(record: Record, event: Any) -> int | Refusal:
    """Give when the event was observed (epoch ms): header, else payload."""
    moment: int | dt.datetime | None = event.observed_at
    if record.ce_time is not None:
        try:
            moment = _moment.decode(b'"' + record.ce_time + b'"')
        except _UNREADABLE as error:
            value = record.ce_time[:64].decode("utf-8", "replace")
            return Refusal(Reason.BAD_TIME, "ce_time", value, str(error))
    if moment is None:
        return Refusal(Reason.MISSING_TIME, "observed_at", "",
                       "neither the header ce_time nor the payload says when it was observed")
    observed = to_milliseconds(moment)
    if not 0 <= observed < 1 << 43:
        return Refusal(Reason.BAD_TIME, "observed_at", str(moment),
                       "not within 1970 to 2248; whole numbers are milliseconds")
    return observed


def refuse_untimely(observed: int, record: Record, horizon_seconds: int, *, replayed: bool
                    ) -> Refusal | None:
    """Refuse what is more than 60 s ahead of the broker's clock, or older than the horizon.

    What is replayed may be of any age.
    """
    if observed > record.received_at + AHEAD_MS:
        return Refusal(Reason.FROM_THE_FUTURE, "observed_at", str(observed),
                       f"{(observed - record.received_at) / 1000:.0f} s after it was received")
    if not replayed and record.received_at - observed > horizon_seconds * 1000:
        return Refusal(Reason.TOO_LATE, "observed_at", str(observed),
                       f"{(record.received_at - observed) / 1000:.0f} s old; the family's horizon"
                       f" is {horizon_seconds} s")
    return None


def count_as(record: Record, observed: int) -> int:
    """Say how results count what is replayed: 1 as a recording's, 0 as live, 2 in no window.

    A repaired dead letter belongs to the windows of live events. Where they may still change it is
    one more late event; where they no longer do, their state is gone and a new count would stand in
    place of the whole: it is kept as an event, and no window hears of it.
    """
    if record.replay is None or not record.replay.startswith(REPAIRED):
        return 1
    return 0 if record.received_at - observed <= CLOSED_MS else 2


def refuse_unmapped(header: bytes) -> Refusal:
    """Read why a replayed row could not be mapped from its header."""
    try:
        told = msgspec.json.decode(header, type=dict[str, Any])
    except _UNREADABLE:
        told = {}
    return Refusal(Reason.NOT_MAPPED, str(told.get("field", "$")), str(told.get("value", ""))[:64],
                   f"line {told.get('line', '?')}: {told.get('detail', 'not mapped')}")
