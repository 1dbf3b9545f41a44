"""Recognise duplicates exactly, from the log itself.

Copies of an event carry its key, so they meet in one partition of one raw topic, and that partition
is read by one gate worker. The worker keeps the ids it accepted there, with their append times. The
set is a function of the log: where a worker meets a partition anew, or not where it left it, the
set is rebuilt by reading the partition back over the horizon. Nothing is kept in Flink's state.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from xxhash import xxh3_128_intdigest

from schemas.errors import ComponentError

AHEAD_MS = 60_000
# into so many dictionaries a span is divided: more of them cost a look each, fewer hold ids longer
SHARES = 4
_READ_BACK_BATCH = 5_000
_READ_BACK_WAIT_SECONDS = 0.1
_READ_BACK_PATIENCE_SECONDS = 10.0


class Recent:
    """Hold the accepted ids of one partition, with when each came, for a span.

    They lie in dictionaries by age, so that they are forgotten a share of the span at a time. An id
    takes 93 bytes: its hash is a number, and ids of one moment share that moment.
    """

    def __init__(self, span_ms: int, next_offset: int = -1) -> None:
        """Hold no id yet."""
        self.span_ms, self.next_offset = span_ms, next_offset
        self._begun = self._moment = 0
        self._held: list[dict[int, int]] = [{}]
        # when the last id came into each but the first
        self._closed: list[int] = []

    def __len__(self) -> int:
        """Count the ids that are held."""
        return sum(map(len, self._held))

    def enter(self, event_id: str, received_at: int) -> bool:
        """Enter an accepted id; False where it was accepted within the span before (epoch ms)."""
        digest = xxh3_128_intdigest(event_id.encode())
        for ids in self._held:
            first = ids.get(digest)
            if first is not None and received_at - first <= self.span_ms:
                return False
        if received_at != self._moment:
            if received_at - self._begun > self.span_ms // SHARES:
                self._begin(received_at)
            self._moment = received_at
        self._held[0][digest] = self._moment
        return True

    def _begin(self, moment: int) -> None:
        """Begin a dictionary, and forget those whose last id came longer ago than the span."""
        closed = [self._moment, *self._closed]
        kept = sum(moment - last <= self.span_ms for last in closed)
        self._closed, self._held = closed[:kept], [{}, *self._held[:kept]]
        self._begun = moment


Accept = Callable[[Recent, Iterable[Message]], None]


class Duplicates:
    """Keep the recent ids of every partition that this worker reads."""

    def __init__(self, open_consumer: Callable[[], Consumer] | None, accept: Accept) -> None:
        """Take how to open a consumer (None: never read back) and how to judge what it reads."""
        self._open = open_consumer
        self._accept = accept
        self._consumer: Consumer | None = None
        self._partitions: dict[tuple[str, int], Recent] = {}

    def at(self, topic: str, partition: int, offset: int, received_at: int,
           horizon_seconds: int) -> Recent:
        """Get the ids of a partition, as they stand just before `offset`."""
        place = (topic, partition)
        recent = self._partitions.get(place)
        if recent is None or recent.next_offset != offset:
            recent = Recent(span_ms=horizon_seconds * 1000 + AHEAD_MS)
            self._partitions[place] = recent
            if offset > 0 and self._open is not None:
                self._read_back(recent, topic, partition, offset, received_at)
        recent.next_offset = offset + 1
        return recent

    def _read_back(self, recent: Recent, topic: str, partition: int, offset: int,
                   received_at: int) -> None:
        """Fill the set from the partition, from one span before `received_at` up to `offset`."""
        if self._consumer is None and self._open is not None:
            self._consumer = self._open()
        consumer = self._consumer
        if consumer is None:
            return
        try:
            since = max(0, received_at - recent.span_ms)
            found = consumer.offsets_for_times([TopicPartition(topic, partition, since)], 10.0)
            start = found[0].offset
            if start < 0 or start >= offset:
                return
            consumer.assign([TopicPartition(topic, partition, start)])
            self._feed(consumer, recent, offset)
            consumer.unassign()
        except KafkaException as error:
            raise ComponentError(f"reading {topic}[{partition}] back failed: {error}") from error

    def _feed(self, consumer: Consumer, recent: Recent, end: int) -> None:
        """Hand what is read to the judge, record by record before `end`."""
        position, heard_at = -1, time.monotonic()
        while position < end - 1:
            # a call returns when its batch is full or its time is up: keep that short
            batch = consumer.consume(_READ_BACK_BATCH, _READ_BACK_WAIT_SECONDS)
            if not batch:
                if time.monotonic() - heard_at > _READ_BACK_PATIENCE_SECONDS:
                    raise ComponentError(f"reading back stopped at offset {position} before {end}")
                continue
            heard_at = time.monotonic()
            good = [one for one in batch if one.error() is None and (one.offset() or 0) < end]
            self._accept(recent, good)
            position = max(one.offset() or 0 for one in batch)
