"""Read one topic from offset to offset, as what fills tables reads it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.errors import ComponentError
from streams.agents.history import list_topics, open_reader
from streams.sink import GROUP

ACCOUNT = "rebuild"
PATIENCE_SECONDS = 30.0
Offsets = dict[int, int]


class TopicLog:
    """Read the partitions of one topic, and see how far the sink has come in them."""

    def __init__(self, name: str) -> None:
        """Open a consumer that only reads; it names the sink's group to see its offsets."""
        self.name = name
        self._consumer: Consumer = open_reader(ACCOUNT, GROUP)
        found = list_topics(self._consumer)
        if name not in found:
            raise ComponentError(f"the topic {name} is not there; is the registrar up?")
        self._partitions = range(found[name])

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def bounds(self) -> tuple[Offsets, Offsets]:
        """Give first and end offset of each partition."""
        try:
            both = {part: self._consumer.get_watermark_offsets(
                TopicPartition(self.name, part), timeout=10.0) for part in self._partitions}
        except KafkaException as error:
            raise ComponentError(f"{self.name} cannot be read: {error}") from error
        return ({part: low for part, (low, _) in both.items()},
                {part: high for part, (_, high) in both.items()})

    def passed(self) -> Offsets:
        """Give how far the sink has come; negative where it has not begun."""
        try:
            found = self._consumer.committed(
                [TopicPartition(self.name, part) for part in self._partitions], timeout=10.0)
        except KafkaException as error:
            raise ComponentError(f"the sink's offsets cannot be read: {error}") from error
        return {place.partition: place.offset for place in found}

    def read(self, starts: Offsets, ends: Offsets) -> Iterator[Message]:
        """Give the records between offsets, without those that say that a key is gone."""
        left = {part for part, end in ends.items() if starts[part] < end}
        self._consumer.assign([TopicPartition(self.name, part, starts[part]) for part in left])
        heard_at = time.monotonic()
        while left:
            # a call returns when its batch is full or its time is up: keep that short
            batch = self._consumer.consume(2_000, 0.2)
            if batch:
                heard_at = time.monotonic()
            elif time.monotonic() - heard_at > PATIENCE_SECONDS:
                raise ComponentError(f"{self.name}: nothing came for {PATIENCE_SECONDS:g} s")
            for message in batch:
                part = message.partition() or 0
                if part not in left:
                    continue
                if self._is_past(message, ends[part]):
                    left.discard(part)
                else:
                    if message.value() is not None:
                        yield message
                    if (message.offset() or 0) == ends[part] - 1:
                        left.discard(part)
        self._consumer.unassign()

    def _is_past(self, message: Message, end: int) -> bool:
        """Tell whether a partition has come to its end; compaction may have taken the last."""
        error = message.error()
        if error is None:
            return (message.offset() or 0) >= end
        if error.code() != KafkaError._PARTITION_EOF:
            raise ComponentError(f"{self.name} cannot be read: {error.str()}")
        return True
