"""Judge raw records: decode, check, recognise duplicates, pseudonymise, locate. Never raises.

This pure function is the same at every door: the Flink job calls it on Arrow batches. One call
judges a batch of records of any families and gives one verdict a record:

    accepted   → clean JSON for `event-<family>`, the fields that queries need as slots, and for
                 the vault what was taken out
    refused    → dead letter with reason, field, masked value and the original's coordinates
    late       → the same, for events older than the family's horizon
    duplicate  → counted only
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice
from typing import Any

import msgspec
import numpy as np
from confluent_kafka import Message
from numpy.typing import NDArray

from schemas.declare import Lifetime
from schemas.errors import Reason, Refusal
from streams.duplicates import Duplicates, Recent
from streams.masking import mask_refusal
from streams.origin import refuse_header, refuse_payload
from streams.privacy import Pseudonyms
from streams.record import (
    Record,
    count_as,
    from_message,
    identify,
    observe,
    refuse_id,
    refuse_unmapped,
    refuse_untimely,
)
from streams.routes import ENVELOPE, Route, Routes

Coordinates = NDArray[np.float64]
Locate = Callable[[Coordinates, Coordinates], Sequence[str]]
ToWgs84 = Callable[[str, Coordinates, Coordinates], tuple[Coordinates, Coordinates]]
HOUR_MS = 3_600_000
log = logging.getLogger(__name__)


class Verdict(IntEnum):
    """Say what becomes of a record."""

    ACCEPTED = 0
    REFUSED = 1
    LATE = 2
    DUPLICATE = 3


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
    replayed: int = 0
    vault: bytes | None = None


class Gate:
    """Judge batches of raw records; one instance a worker."""

    def __init__(self, *, locate: Locate, to_wgs84: ToWgs84, datum_of: Callable[[str], str],
                 may_replay: Callable[[str], bool], pseudonyms: Pseudonyms,
                 clock: Callable[[], int],
                 open_consumer: Callable[[], Any] | None = None) -> None:
        """Take how to locate, convert, look up a publisher's datum and its right to replay.

        `clock` gives epoch ms.
        """
        self._locate, self._to_wgs84, self._datum_of = locate, to_wgs84, datum_of
        self._may_replay = may_replay
        self._clock, self._routes = clock, Routes(pseudonyms)
        self._duplicates = Duplicates(open_consumer, self._accept_again)
        self._encode = msgspec.json.Encoder().encode

    def judge(self, records: Sequence[Record]) -> list[Judged]:
        """Judge a batch in log order; one verdict a record, in the same order."""
        judged = [self._first(record) for record in records]
        routes: dict[Route, list[int]] = {}
        for i, one in enumerate(judged):
            if one.verdict is Verdict.ACCEPTED and one.route is not None:
                routes.setdefault(one.route, []).append(i)
        accepted = [i for rows in routes.values() for i in rows]
        areas = iter(self._areas([judged[i] for i in accepted], routes))
        for route, rows in routes.items():
            self._finish(route, [records[i] for i in rows], [judged[i] for i in rows],
                         list(islice(areas, len(rows))))
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
            record = from_message(message)
            route = self._routes.find(record.topic)
            if route is not None:
                self._check(record, route, recent)

    def _check(self, record: Record, route: Route, recent: Recent) -> Judged:
        """Judge one record of a known family against the ids accepted before it."""
        try:
            return self._check_openly(record, route, recent)
        except Exception as error:  # the gate never raises: a raising function ends the TaskManager
            # where, and not what: a message may quote the record, personal data included
            log.error("could not judge %s[%d]@%d: %s\n%s", record.topic, record.partition,
                      record.offset, type(error).__name__,
                      "".join(traceback.format_tb(error.__traceback__)))
            return self._refuse(record, route, Refusal(
                Reason.INTERNAL, "$", type(error).__name__, "the gate could not judge the record"))

    def _check_openly(self, record: Record, route: Route, recent: Recent) -> Judged:
        """Judge one record; see `_check`."""
        if record.map_error is not None:
            return self._refuse(record, route, refuse_unmapped(record.map_error))
        event = route.decode(record.body or b"")
        if isinstance(event, Refusal):
            return self._refuse(record, route, event)
        event_id = identify(record, event)
        refusal = refuse_id(record) or _refuse_foreign(record, route)
        if refusal is not None:
            return self._refuse(record, route, refusal, event_id)
        observed = observe(record, event)
        if isinstance(observed, Refusal):
            return self._refuse(record, route, observed, event_id)
        # the header excuses lateness only of those who are registered for it
        replayed = record.replay is not None and self._may_replay(route.publisher)
        refusal = refuse_untimely(observed, record, route.family.horizon_seconds,
                                  replayed=replayed)
        if refusal is not None:
            return self._refuse(record, route, refusal, event_id, observed)
        if not recent.enter(event_id, record.received_at):
            return Judged(Verdict.DUPLICATE, route, event_id=event_id, observed_at=observed)
        return Judged(Verdict.ACCEPTED, route, event, event_id, observed,
                      replayed=count_as(record, observed) if replayed else 0)

    def _areas(self, accepted: Sequence[Judged], routes: Mapping[Route, Sequence[int]]
               ) -> Sequence[str]:
        """Locate accepted events, in the order of their routes; no place → ""."""
        places, end = np.full((2, len(accepted)), np.nan), 0
        for route, rows in routes.items():
            begin, end = end, end + len(rows)
            if route.place is None:
                continue
            # what is None becomes NaN
            given = [route.place(one.event) for one in accepted[begin:end]]
            places[:, begin:end] = np.array(given, dtype=np.float64).T
            datum = self._datum_of(route.publisher)
            if datum != "wgs84":
                places[:, begin:end] = self._to_wgs84(datum, *places[:, begin:end])
                for one, place in zip(accepted[begin:end], places[:, begin:end].T, strict=True):
                    _move(one, place)
        return self._locate(places[0], places[1])

    def _finish(self, route: Route, records: Sequence[Record], judged: Sequence[Judged],
                areas: Sequence[str]) -> None:
        """Write the clean events of one route, their slots, and what goes to the vault."""
        events, observed = [one.event for one in judged], [one.observed_at or 0 for one in judged]
        columns, count = route.columns(events, observed), len(records)
        envelope: tuple[Sequence[Any], ...] = (
            [one.event_id for one in judged], [route.publisher] * count, observed,
            [one.received_at for one in records], [self._clock()] * count, areas,
            [one.topic for one in records], [one.partition for one in records],
            [one.offset for one in records])
        for one, area, key, numbers, texts, row in zip(
                judged, areas, columns[route.key], *route.slots(columns),
                zip(*envelope, *columns.values(), strict=True), strict=False):
            one.area, one.key, one.numbers, one.texts = area, str(key), numbers, texts
            one.body = self._encode(route.clean(*row))
        for i, originals in route.originals(events, columns):
            judged[i].vault = self._encode(
                dict(zip(ENVELOPE, (column[i] for column in envelope), strict=True))
                | {"family": route.family.name, "fields": originals})

    def _refuse(self, record: Record, route: Route | None, refusal: Refusal, event_id: str = "",
                observed_at: int | None = None) -> Judged:
        """Write the dead letter of one record."""
        late, refusal = refusal.reason is Reason.TOO_LATE, mask_refusal(
            route.family if route else None, refusal)
        lifetime = route.family.lifetime if route else Lifetime()
        letter = {
            "source": route.publisher if route else "",
            "family": route.family.name if route else "",
            "reason": refusal.reason, "field": refusal.field,
            "value": refusal.value, "detail": refusal.detail,
            "class": "late" if late else "refused",
            "raw_topic": record.topic, "raw_partition": record.partition,
            "raw_offset": record.offset, "event_id": event_id, "observed_at": observed_at,
            "received_at": record.received_at,
            "kept_until": record.received_at + lifetime.raw_hours * HOUR_MS}
        return Judged(Verdict.LATE if late else Verdict.REFUSED, route, event_id=event_id,
                      observed_at=observed_at, body=self._encode(letter))


def _refuse_foreign(record: Record, route: Route) -> Refusal | None:
    """Refuse an event that names another publisher than the one whose topic it came by."""
    if record.ce_source is not None and record.ce_source != route.source:
        refusal = refuse_header(record.ce_source, route.publisher)
        if refusal is not None:
            return refusal
    return refuse_payload(record.body or b"", route.publisher)


def _move(judged: Judged, place: Coordinates) -> None:
    """Put converted coordinates (degrees, WGS-84) into the event, to the declared decimals."""
    if judged.route is None or judged.route.family.place is None or np.isnan(place).any():
        return
    for name, value in zip(judged.route.family.place, place, strict=True):
        setattr(judged.event, name, round(float(value), 7))
