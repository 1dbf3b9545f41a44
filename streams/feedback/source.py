"""Read topics from some time ago on, those made later too, without a consumer group.

What is made of the records is a view of the recent past and begins anew with each start, so no
offset is worth committing, and nobody waits for a group to notice that a member was killed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from confluent_kafka import KafkaException, Message, TopicPartition

from streams.broker import open_consumer
from streams.metrics import ERRORS

# a fetch waits so long for so much: fewer, fuller answers cost a fraction of the processor
FETCH = {"fetch.wait.max.ms": 250, "fetch.min.bytes": 65_536}
BATCH = 5_000
ASK_SECONDS, PATIENCE_SECONDS = 10.0, 120.0
log = logging.getLogger(__name__)


class Source:
    """Read the topics that are wanted, each from the moment on that is wanted of it."""

    def __init__(self, account: str, since_of: Callable[[str], int | None]) -> None:
        """Take what tells from when on a topic is wanted (ms before now), None where it is not."""
        self._consumer = open_consumer(account, account, **FETCH)
        self._since_of = since_of
        self._known: set[tuple[str, int]] = set()
        # the ends that partitions had when their reading began, until they are reached
        self._behind: dict[tuple[str, int], int] = {}
        self._patient_until = 0.0

    @property
    def has_caught_up(self) -> bool:
        """Tell whether everything was read that was there when its reading began.

        What was deleted before it was read never comes, and is waited for only so long.
        """
        return bool(self._known) and (
            not self._behind or time.monotonic() > self._patient_until)

    def discover(self) -> None:
        """Begin to read what has been made since; while the broker is away, nothing is found."""
        try:
            topics = self._consumer.list_topics(timeout=ASK_SECONDS).topics
            for name, topic in topics.items():
                since = self._since_of(name)
                if since is not None and topic.error is None:
                    self._begin([TopicPartition(name, part) for part in topic.partitions
                                 if (name, part) not in self._known], since)
        except KafkaException as error:
            ERRORS.labels("feedback").inc()
            log.warning("topics: %s", error)

    def _begin(self, places: list[TopicPartition], since_ms: int) -> None:
        """Begin to read partitions from so long ago on."""
        if not places:
            return
        at = time.time_ns() // 1_000_000 - since_ms
        ends = {place.partition: self._consumer.get_watermark_offsets(place, ASK_SECONDS)
                for place in places}
        for place in places:
            place.offset = at
        found = self._consumer.offsets_for_times(places, ASK_SECONDS)
        behind = {}
        for place in found:
            low, high = ends[place.partition]
            place.offset = max(place.offset, low) if place.offset >= 0 else high
            if place.offset < high:
                behind[place.topic, place.partition] = high
        self._consumer.incremental_assign(found)
        self._behind |= behind
        self._known |= {(place.topic, place.partition) for place in found}
        self._patient_until = time.monotonic() + PATIENCE_SECONDS

    def read(self, seconds: float) -> list[Message]:
        """Read what comes within some seconds, a batch at most."""
        good = []
        for message in self._consumer.consume(BATCH, seconds):
            error = message.error()
            if error is not None:
                log.warning("broker: %s", error)
                continue
            place, offset = (message.topic() or "", message.partition() or 0), message.offset() or 0
            if self._behind and offset + 1 >= self._behind.get(place, offset + 2):
                del self._behind[place]
            good.append(message)
        return good

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()
