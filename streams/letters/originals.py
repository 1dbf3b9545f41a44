"""Fetch the originals of dead letters from the raw topics, under the account `vault`.

Originals hold personal data that the gate takes out of everything else: no other account of the
platform, but the gate itself, can read them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import ComponentError
from streams.broker import open_consumer
from streams.letters.letter import EXPIRED, NO_RAW_TOPIC, Letter, to_blob
from streams.queries.reader import Row

ACCOUNT = "vault"
PATIENCE_SECONDS = 30.0
BATCH = 500
# what lies nearer is read through; anything further is sought, which costs a round trip
FAR = 2_000


def to_letter(row: Row) -> Letter:
    """Make a letter of a row of `streams.queries.letters`, without its original."""
    plain: dict[str, Any] = {name: row[name] for name in (
        "raw_topic", "raw_partition", "raw_offset", "source", "family", "reason", "field", "value",
        "detail", "event_id")}
    return Letter(**plain, class_=row["class"], received_at=row["received_ms"],
                  observed_at=row["observed_ms"])


class Originals:
    """Read raw topics by coordinates."""

    def __init__(self) -> None:
        """Open the consumer; it joins no group and commits nothing."""
        self._consumer: Consumer = open_consumer(ACCOUNT, f"{ACCOUNT}-originals")
        self._held: deque[Message] = deque()

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def fill(self, letters: Iterable[Letter]) -> Iterator[Letter]:
        """Give letters, ordered by coordinates, with their originals or why they are gone."""
        for (topic, partition), some in groupby(
                letters, key=lambda one: (one.raw_topic, one.raw_partition)):
            there = list(some)
            if not topic.startswith("raw-"):
                for letter in there:
                    letter.gone = NO_RAW_TOPIC
                yield from there
                continue
            found = self._fetch(topic, partition, [one.raw_offset for one in there])
            for letter, message in zip(there, found, strict=True):
                _take(letter, message)
                yield letter

    def _fetch(self, topic: str, partition: int, offsets: Sequence[int]
               ) -> Iterator[Message | None]:
        """Give the record at each offset, None where it is gone; offsets grow."""
        low, high = self._bounds(topic, partition)
        position: int | None = None
        for offset in offsets:
            if not low <= offset < high:
                yield None
                continue
            if position is None or not 0 <= offset - position <= FAR:
                self._held.clear()
                self._consumer.assign([TopicPartition(topic, partition, offset)])
            position = offset
            yield self._next(topic, offset)

    def _bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Give first and end offset, both 0 where there is no such topic any more."""
        try:
            # asked first: of a topic that it may not read the client knows no offsets either
            error = self._consumer.list_topics(topic, timeout=10.0).topics[topic].error
            if error is not None and error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                return 0, 0
            if error is not None:
                raise KafkaException(error)
            low, high = self._consumer.get_watermark_offsets(
                TopicPartition(topic, partition), timeout=10.0)
            return low, high
        except KafkaException as error:
            raise ComponentError(f"{topic}[{partition}] cannot be read: {error}") from error

    def _next(self, topic: str, offset: int) -> Message | None:
        """Read on to an offset; None when the log goes on behind it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            while self._held and (self._held[0].offset() or 0) < offset:
                self._held.popleft()
            if self._held:
                return self._held[0] if self._held[0].offset() == offset else None
            if time.monotonic() > until:
                raise ComponentError(f"{topic}: nothing came for {PATIENCE_SECONDS:g} s")
            for message in self._consumer.consume(BATCH, 0.2):
                error = message.error()
                if error is not None:
                    raise ComponentError(f"{topic} cannot be read: {error.str()}")
                self._held.append(message)


def _take(letter: Letter, message: Message | None) -> None:
    """Put an original into its letter."""
    if message is None:
        letter.gone = EXPIRED
        return
    key, body = message.key(), message.value()
    headers = cast("dict[str, bytes | None]", dict(message.headers() or []))
    letter.key = None if key is None else to_blob(key)
    letter.body = None if body is None else to_blob(body)
    letter.headers = {name: to_blob(value or b"") for name, value in headers.items()}
