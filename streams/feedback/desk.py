"""Sort what is read to the watches, and say which reports are new."""

from __future__ import annotations

import contextlib
import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from schemas import registry
from schemas.errors import DeclarationError
from streams.feedback.findings import make_report
from streams.feedback.read import (
    LedgerRow,
    Letter,
    Shape,
    read_letter,
    read_row,
    shape_of,
    split_topic,
)
from streams.feedback.report import Report, key_of
from streams.feedback.seen import Budget
from streams.feedback.watch import Watch
from streams.metrics import ERRORS

# the counts of an hour come from what is small; events are read for so long at a start
SINCE_MS = {"dead-letters": 3_600_000, "gate-ledger": 3_600_000}
EVENTS_SINCE_MS = 600_000
EVENT = "event-"
# families of one publisher are declared; so many watches at most, should somebody make up topics
MOST_WATCHES = 1_000
PERIOD_MS, UNCHANGED_MS = 2_000, 60_000
log = logging.getLogger(__name__)


class Taken(Protocol):
    """Give what is read of a record; see `confluent_kafka.Message`."""

    def topic(self) -> str | None:
        """Give the topic."""

    def partition(self) -> int | None:
        """Give the partition."""

    def offset(self) -> int | None:
        """Give the offset."""

    def timestamp(self) -> tuple[int, int]:
        """Give the kind of the topic's time, and the time (epoch ms)."""

    def value(self) -> bytes | None:
        """Give the value."""


def since_of(topic: str) -> int | None:
    """Say from when on a topic is read (ms before now); None where it is not."""
    return SINCE_MS.get(topic, EVENTS_SINCE_MS if topic.startswith(EVENT) else None)


class Desk:
    """Hold every watch; moments are epoch ms."""

    def __init__(self, now: int) -> None:
        """Begin with nothing at a moment."""
        self._watches: dict[str, Watch] = {}
        self._budget, self._since = Budget(), now - EVENTS_SINCE_MS
        self._shapes: dict[str, Shape | None] = {}
        self._newest = 0
        self._told: dict[str, Report] = {}

    def take(self, messages: Iterable[Taken]) -> None:
        """Take records of the topics that `since_of` wants; one that cannot be read is counted."""
        for message in messages:
            topic, body = message.topic() or "", message.value()
            if body is None:
                continue
            try:
                if topic.startswith(EVENT):
                    self._take_event(topic, message.partition() or 0, body)
                elif topic == "dead-letters":
                    letter = read_letter(body)
                    self._take_other(letter.raw_topic, letter, 0)
                else:
                    row = read_row(body)
                    self._take_other(row.raw_topic, row, message.timestamp()[1])
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                ERRORS.labels("feedback").inc()
                log.warning("%s[%s]@%s cannot be read: %s", topic, message.partition(),
                            message.offset(), error)

    def _take_event(self, topic: str, partition: int, body: bytes) -> None:
        """Take a clean event of a family that is declared."""
        shape = self._shapes.get(topic) or self._find_shape(topic)
        if shape is None:
            return
        event = shape.decode(body)
        self._newest = max(self._newest, event.received_at)
        watch = self._watches.get(event.raw_topic) or self._open(event.raw_topic)
        if watch is not None:
            watch.take_event(event, partition)

    def _take_other(self, raw_topic: str, record: Letter | LedgerRow, at: int) -> None:
        """Take a dead letter, or what the gate told of its counts at a moment."""
        watch = self._watches.get(raw_topic) or self._open(raw_topic)
        if watch is None:
            return
        if isinstance(record, Letter):
            self._newest = max(self._newest, record.received_at)
            watch.take_letter(record)
        else:
            watch.take_row(record, at)

    def _find_shape(self, topic: str) -> Shape | None:
        """Find how a topic's events are read; a family may be declared just now."""
        if topic not in self._shapes:
            name = topic.removeprefix(EVENT)
            if name not in registry.families():
                _read_declarations()
            self._shapes[topic] = _shape(name)
        return self._shapes[topic]

    def _open(self, raw_topic: str) -> Watch | None:
        """Begin to watch a publisher and family."""
        named = split_topic(raw_topic)
        if named is None or len(self._watches) >= MOST_WATCHES:
            return None
        publisher, family = named
        watch = Watch(publisher, family, self._find_shape(EVENT + family), self._budget,
                      self._since)
        self._watches[raw_topic] = watch
        return watch

    def refresh(self) -> None:
        """Follow the declarations; what changed is read anew, what was unknown is looked up."""
        _read_declarations()
        self._shapes = {}
        for watch in self._watches.values():
            shape = _shape(watch.family)
            if shape is not watch.shape:
                watch.reshape(shape, self._budget)

    def reports(self, now: int) -> Iterator[Report]:
        """Give the reports that are due: changed ones every 2 s, others once a minute."""
        by_family: dict[str, list[Watch]] = defaultdict(list)
        for watch in self._watches.values():
            by_family[watch.family].append(watch)
        for watch in self._watches.values():
            key = key_of(watch.publisher, watch.family)
            told = self._told.get(key)
            if told and now - told.made_at < PERIOD_MS:
                continue
            others = [one for one in by_family[watch.family] if one is not watch]
            report = make_report(watch, others, now, self._newest)
            if told is None or now - told.made_at >= UNCHANGED_MS or (
                    msgspec.structs.replace(told, made_at=now) != report):
                self._told[key] = report
                yield report


def _read_declarations() -> None:
    """Read the declarations again; a broken one is told by the registrar."""
    with contextlib.suppress(DeclarationError):
        registry.refresh()


def _shape(family: str) -> Shape | None:
    """Give the shape of a family by its name, None where none is declared."""
    declared = registry.families().get(family)
    return shape_of(declared) if declared else None
