"""Read topics back at start, so that state is a function of the topics and nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import ComponentError
from streams.broker import open_consumer

BATCH = 2_000
BATCH_SECONDS = 0.2
PATIENCE_SECONDS = 30.0
LEADER_SECONDS = 10.0
_NO_LEADER_YET = {KafkaError.LEADER_NOT_AVAILABLE, KafkaError.NOT_LEADER_FOR_PARTITION}
log = logging.getLogger(__name__)
Positions = dict[tuple[str, int], int]


def open_reader(account: str, group: str) -> Consumer:
    """Open a consumer that tells where a partition ends."""
    return open_consumer(account, group, **{"enable.partition.eof": True})


def list_topics(consumer: Consumer) -> dict[str, int]:
    """List the topics that the account may see, with their number of partitions."""
    try:
        topics = consumer.list_topics(timeout=10.0).topics
    except KafkaException as error:
        raise ComponentError(f"Kafka does not list its topics: {error}") from error
    return {name: len(one.partitions) for name, one in topics.items() if one.error is None}


def wait_for_topics(consumer: Consumer, required: set[str], wished: set[str],
                    patience_seconds: float, sleep: Callable[[float], None] = time.sleep,
                    ) -> dict[str, int]:
    """Wait until the required topics exist, and a while for the wished ones; give those there."""
    began = time.monotonic()
    while True:
        try:
            there = list_topics(consumer)
        except ComponentError as error:
            log.warning("%s", error)
            there = {}
        missing = required - set(there)
        late = wished - set(there)
        if not missing and (not late or time.monotonic() - began > patience_seconds):
            return {name: n for name, n in there.items() if name in required | wished}
        sleep(2.0)


def is_untouched(consumer: Consumer, topic: str, partitions: int) -> bool:
    """Tell whether nothing was ever written to a topic."""
    return all(consumer.get_watermark_offsets(TopicPartition(topic, p), 10.0)[1] == 0
               for p in range(partitions))


def read_back(consumer: Consumer, topic: str, partitions: int, since_ms: int | None,
              positions: Positions) -> Iterator[Message]:
    """Give the records of a topic up to its present end, from `since_ms` or the beginning.

    Enters in `positions` the offset at which each partition ended. Raise ComponentError when the
    broker falls silent before the end.
    """
    starts = [TopicPartition(topic, p, 0) for p in range(partitions)]
    try:
        for start in starts:
            start.offset, end = _read_bounds(consumer, start)
            positions[topic, start.partition] = end
        if since_ms is not None:
            wanted = [TopicPartition(topic, p, max(0, since_ms)) for p in range(partitions)]
            for start, found in zip(starts, consumer.offsets_for_times(wanted, 10.0), strict=True):
                if found.offset >= 0:
                    start.offset = max(start.offset, found.offset)
                else:
                    start.offset = positions[topic, start.partition]
        left = {s.partition for s in starts if s.offset < positions[topic, s.partition]}
        consumer.assign([s for s in starts if s.partition in left])
        yield from _until_end(consumer, topic, left)
        consumer.unassign()
    except KafkaException as error:
        raise ComponentError(f"reading {topic} back failed: {error}") from error


def _read_bounds(consumer: Consumer, place: TopicPartition) -> tuple[int, int]:
    """Read first and end offset, patient with a topic that was made a moment ago."""
    until = time.monotonic() + LEADER_SECONDS
    while True:
        try:
            low, high = consumer.get_watermark_offsets(place, 10.0)
            return low, high
        except KafkaException as error:
            if error.args[0].code() not in _NO_LEADER_YET or time.monotonic() > until:
                raise
        time.sleep(0.2)


def _until_end(consumer: Consumer, topic: str, left: set[int]) -> Iterator[Message]:
    """Give records until each partition has told its end."""
    heard_at = time.monotonic()
    while left:
        # a call returns when its batch is full or its time is up: keep that short
        batch = consumer.consume(BATCH, BATCH_SECONDS)
        if batch:
            heard_at = time.monotonic()
        elif time.monotonic() - heard_at > PATIENCE_SECONDS:
            raise ComponentError(f"reading {topic} back: nothing came for {PATIENCE_SECONDS:g} s")
        for message in batch:
            error = message.error()
            if error is None:
                yield message
            elif error.code() == KafkaError._PARTITION_EOF:
                left.discard(message.partition() or 0)
            else:
                raise KafkaException(error)
