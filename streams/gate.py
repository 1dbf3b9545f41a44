"""Judge raw records: decode, check, recognise duplicates, pseudonymise, locate. Never raises.

This pure function is the same at every door: the Flink job calls it on Arrow batches. One call
judges a batch of records of any families and gives one verdict a record:

    accepted   → clean JSON for `event-<family>`, and the fields that queries need as slots
    refused    → dead letter with reason, field, masked value and the original's coordinates
    late       → the same, for events older than the family's horizon
    duplicate  → counted only
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, cast

import msgspec
import numpy as np
from confluent_kafka import Message
from numpy.typing import NDArray
from xxhash import xxh3_128_hexdigest

from schemas.errors import Reason, Refusal
from schemas.wire import Moment, decode, to_milliseconds
from streams.duplicates import AHEAD_MS, Duplicates, Recent
from streams.privacy import Pseudonyms
from streams.routes import Route, Routes

Coordinates = NDArray[np.float64]
Locate = Callable[[Coordinates, Coordinates], Sequence[str]]
ToWgs84 = Callable[[str, Coordinates, Coordinates], tuple[Coordinates, Coordinates]]
_HEADERS = ("ce_id", "ce_time", "replay", "map_error")
log = logging.getLogger(__name__)
_moment = msgspec.json.Decoder(Moment)


class Verdict(IntEnum):
    """Say what becomes of a record."""

    ACCEPTED = 0
    REFUSED = 1
    LATE = 2
    DUPLICATE = 3


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


@dataclass(slots=True)
class Judged:
    """Hold the verdict on one record; `body` is clean JSON or the dead letter."""

    verdict: Verdict
    route: Route | None = None
    event: Any = None
    event_id: str = ""
    observed_at: int | None = None
    key: str = ""
    area: str = ""
    body: bytes = b""
    numbers: tuple[int | None, ...] = ()
    texts: tuple[str | None, ...] = ()
    replayed: bool = False


class Gate:
    """Judge batches of raw records; one instance a worker."""

    def __init__(self, *, locate: Locate, to_wgs84: ToWgs84, datum_of: Callable[[str], str],
                 pseudonyms: Pseudonyms, clock: Callable[[], int],
                 open_consumer: Callable[[], Any] | None = None) -> None:
        """Take how to locate, convert, look up a publisher's datum, and the clock (epoch ms)."""
        self._locate, self._to_wgs84, self._datum_of = locate, to_wgs84, datum_of
        self._clock, self._routes = clock, Routes(pseudonyms)
        self._duplicates = Duplicates(open_consumer, self._accept_again)
        self._encode = msgspec.json.Encoder().encode

    def judge(self, records: Sequence[Record]) -> list[Judged]:
        """Judge a batch in log order; one verdict a record, in the same order."""
        judged = [self._first(record) for record in records]
        accepted = [i for i, one in enumerate(judged) if one.verdict is Verdict.ACCEPTED]
        areas = self._areas([judged[i] for i in accepted])
        now = self._clock()
        for i, area in zip(accepted, areas, strict=True):
            self._finish(records[i], judged[i], area, now)
        return judged

    def _first(self, record: Record) -> Judged:
        """Decode, check and recognise duplicates; whatever goes wrong is a verdict."""
        route = self._routes.find(record.topic)
        if route is None:
            return self._refuse(record, None, Refusal(
                Reason.UNKNOWN_FAMILY, "$topic", record.topic, "no such family is declared"))
        recent = self._duplicates.at(record.topic, record.partition, record.offset,
                                     record.received_at, route.family.horizon_seconds)
        return self._check(record, route, recent)

    def _accept_again(self, recent: Recent, messages: Iterable[Message]) -> None:
        """Enter the ids of records read back, judged as they were the first time."""
        for message in messages:
            # the client gives bytes; its annotation allows what it takes for sending, too
            headers = cast("dict[str, bytes]", dict(message.headers() or []))
            record = Record(
                message.topic() or "", message.partition() or 0, message.offset() or 0,
                message.timestamp()[1], message.value(), *(headers.get(n) for n in _HEADERS))
            route = self._routes.find(record.topic)
            if route is not None:
                self._check(record, route, recent)

    def _check(self, record: Record, route: Route, recent: Recent) -> Judged:
        """Judge one record of a known family against the ids accepted before it."""
        try:
            return self._check_openly(record, route, recent)
        except Exception as error:  # the gate never raises: a raising function ends the TaskManager
            log.exception("could not judge %s[%d]@%d", record.topic, record.partition,
                          record.offset)
            return self._refuse(record, route, Refusal(
                Reason.INTERNAL, "$", type(error).__name__, "the gate could not judge the record"))

    def _check_openly(self, record: Record, route: Route, recent: Recent) -> Judged:
        """Judge one record; see `_check`."""
        if record.map_error is not None:
            return self._refuse(record, route, _not_mapped(record.map_error))
        event = decode(route.family, record.body or b"")
        if isinstance(event, Refusal):
            return self._refuse(record, route, event)
        event_id = _identity(record, event)
        observed = _observed(record, event)
        if isinstance(observed, Refusal):
            return self._refuse(record, route, observed, event_id)
        refusal = _timely(observed, record, route.family.horizon_seconds)
        if refusal is not None:
            return self._refuse(record, route, refusal, event_id, observed)
        if recent.seen(event_id, record.received_at):
            return Judged(Verdict.DUPLICATE, route, event_id=event_id, observed_at=observed)
        recent.add(event_id, record.received_at)
        return Judged(Verdict.ACCEPTED, route, event, event_id, observed,
                      replayed=record.replay is not None)

    def _areas(self, accepted: Sequence[Judged]) -> Sequence[str]:
        """Locate accepted events, each converted from its publisher's datum; no place → ""."""
        places = np.full((2, len(accepted)), np.nan)
        foreign: dict[str, list[int]] = {}
        for i, one in enumerate(accepted):
            route = one.route
            if route is None or route.family.place is None:
                continue
            for row, name in enumerate(route.family.place):
                value = getattr(one.event, name)
                if value is not None:
                    places[row, i] = value
            datum = self._datum_of(route.publisher)
            if datum != "wgs84":
                foreign.setdefault(datum, []).append(i)
        for datum, rows in foreign.items():
            places[0, rows], places[1, rows] = self._to_wgs84(datum, *places[:, rows])
            for i in rows:
                _move(accepted[i], places[:, i])
        return self._locate(places[0], places[1])

    def _finish(self, record: Record, judged: Judged, area: str, now: int) -> None:
        """Write the clean event and its slots."""
        route = judged.route
        if route is None:
            return
        values = route.values(judged.event, record.received_at)
        judged.area, judged.key = area, str(values[route.family.key.name])
        judged.numbers, judged.texts = route.slots(values)
        judged.body = self._encode({
            "id": judged.event_id, "source": route.publisher, "observed_at": judged.observed_at,
            "received_at": record.received_at, "computed_at": now, "area": area,
            "raw_topic": record.topic, "raw_partition": record.partition,
            "raw_offset": record.offset, **values})

    def _refuse(self, record: Record, route: Route | None, refusal: Refusal, event_id: str = "",
                observed_at: int | None = None) -> Judged:
        """Write the dead letter of one record."""
        late = refusal.reason is Reason.TOO_LATE
        letter = {
            "source": route.publisher if route else "",
            "family": route.family.name if route else "",
            "reason": refusal.reason, "field": refusal.field, "value": refusal.value,
            "detail": refusal.detail, "class": "late" if late else "refused",
            "raw_topic": record.topic, "raw_partition": record.partition,
            "raw_offset": record.offset, "event_id": event_id, "observed_at": observed_at,
            "received_at": record.received_at}
        return Judged(Verdict.LATE if late else Verdict.REFUSED, route, event_id=event_id,
                      observed_at=observed_at, body=self._encode(letter))


def _identity(record: Record, event: Any) -> str:
    """Give the event id: header, else payload, else a hash of the payload."""
    if record.ce_id is not None:
        return record.ce_id[:256].decode("utf-8", "replace")
    return event.id or xxh3_128_hexdigest(record.body or b"")


def _observed(record: Record, event: Any) -> int | Refusal:
    """Give when the event was observed (epoch ms): header, else payload."""
    moment: int | dt.datetime | None = event.observed_at
    if record.ce_time is not None:
        try:
            moment = _moment.decode(b'"' + record.ce_time + b'"')
        except msgspec.DecodeError as error:
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


def _timely(observed: int, record: Record, horizon_seconds: int) -> Refusal | None:
    """Refuse what is more than 60 s ahead of the broker's clock, or older than the horizon."""
    if observed > record.received_at + AHEAD_MS:
        return Refusal(Reason.FROM_THE_FUTURE, "observed_at", str(observed),
                       f"{(observed - record.received_at) / 1000:.0f} s after it was received")
    if record.replay is None and record.received_at - observed > horizon_seconds * 1000:
        return Refusal(Reason.TOO_LATE, "observed_at", str(observed),
                       f"{(record.received_at - observed) / 1000:.0f} s old; the family's horizon"
                       f" is {horizon_seconds} s")
    return None


def _not_mapped(header: bytes) -> Refusal:
    """Read why a replayed row could not be mapped from its header."""
    try:
        told = msgspec.json.decode(header, type=dict[str, Any])
    except msgspec.DecodeError:
        told = {}
    return Refusal(Reason.NOT_MAPPED, str(told.get("field", "$")), str(told.get("value", ""))[:64],
                   f"line {told.get('line', '?')}: {told.get('detail', 'not mapped')}")


def _move(judged: Judged, place: Coordinates) -> None:
    """Put converted coordinates (degrees, WGS-84) into the event, to the declared decimals."""
    if judged.route is None or judged.route.family.place is None or np.isnan(place).any():
        return
    for name, value in zip(judged.route.family.place, place, strict=True):
        setattr(judged.event, name, round(float(value), 7))
