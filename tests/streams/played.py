"""Play a broker and its records in memory, for tests of what reads topics."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

import msgspec
from confluent_kafka import KafkaError, TopicPartition

OFFSET_END = -1
Place = tuple[str, int]


class Told:
    """Play one record of a topic, or what comes in place of one."""

    def __init__(self, topic: str, at: int, key: object = None, value: object = None, *,
                 offset: int = 0, partition: int = 0, error: KafkaError | None = None) -> None:
        """Hold a record; a value that is not bytes becomes JSON, None is a tombstone."""
        self._topic, self._partition, self._offset, self.at = topic, partition, offset, at
        self._key, self._error = msgspec.json.encode(key), error
        self._value = value if isinstance(value, bytes) or value is None else (
            msgspec.json.encode(value))

    def topic(self) -> str:
        """Give the topic."""
        return self._topic

    def partition(self) -> int:
        """Give the partition."""
        return self._partition

    def offset(self) -> int:
        """Give the offset."""
        return self._offset

    def key(self) -> bytes:
        """Give the key."""
        return self._key

    def value(self) -> bytes | None:
        """Give the value."""
        return self._value

    def __len__(self) -> int:
        """Give the number of bytes of the value."""
        return len(self._value or b"")

    def error(self) -> KafkaError | None:
        """Give the error that came in place of a record."""
        return self._error

    def timestamp(self) -> tuple[int, int]:
        """Give the kind of time and the time, epoch ms."""
        return 2, self.at


class Broker:
    """Play the broker and one consumer of it."""

    def __init__(self, records: Iterable[Told] = ()) -> None:
        """Append the records, each at the offset it names."""
        self.logs: dict[Place, list[Told]] = {}
        self.low: dict[Place, int] = {}
        self.done: dict[Place, int] = {}
        self.commits: list[dict[Place, int]] = []
        self.asked: list[int] = []
        self._at: dict[Place, int] = {}
        for one in records:
            self.logs.setdefault((one.topic(), one.partition()), []).append(one)

    def delete_before(self, topic: str, partition: int, offset: int) -> None:
        """Delete the records before an offset, as retention does."""
        place = topic, partition
        self.low[place] = offset
        self.logs[place] = [one for one in self.logs[place] if one.offset() >= offset]

    def list_topics(self, timeout: float) -> Any:  # noqa: ARG002
        """List the topics with their partitions."""
        topics: dict[str, Any] = {}
        for topic, partition in self.logs:
            topics.setdefault(topic, SimpleNamespace(partitions={}, error=None)).partitions[
                partition] = None
        return SimpleNamespace(topics=topics)

    def get_watermark_offsets(self, place: TopicPartition, **_: Any) -> tuple[int, int]:
        """Give first and end offset."""
        key = place.topic, place.partition
        low = self.low.get(key, 0)
        return low, self.logs[key][-1].offset() + 1 if self.logs[key] else low

    def offsets_for_times(self, places: list[TopicPartition], _: float) -> list[TopicPartition]:
        """Give the first offset at or after a time, the end where there is none."""
        found = []
        for p in places:
            self.asked.append(p.offset)
            later = [one.offset() for one in self.logs[p.topic, p.partition] if one.at >= p.offset]
            found.append(TopicPartition(p.topic, p.partition, later[0] if later else OFFSET_END))
        return found

    def committed(self, places: list[TopicPartition], **_: Any) -> list[TopicPartition]:
        """Give what is committed, a negative offset where nothing is."""
        return [TopicPartition(p.topic, p.partition, self.done.get((p.topic, p.partition), -1001))
                for p in places]

    def subscribe(self, _: list[str]) -> None:
        """Read everything from its beginning."""
        self._at = {place: self.low.get(place, 0) for place in self.logs}

    def assign(self, places: list[TopicPartition]) -> None:
        """Read from the offsets given."""
        self._at = {(p.topic, p.partition): p.offset for p in places}

    def unassign(self) -> None:
        """Read nothing."""
        self._at = {}

    def assignment(self) -> list[TopicPartition]:
        """Give what is read."""
        return [TopicPartition(*place) for place in self._at]

    def position(self, places: list[TopicPartition]) -> list[TopicPartition]:
        """Give how far each partition is read."""
        return [TopicPartition(p.topic, p.partition, self._at[p.topic, p.partition])
                for p in places]

    def consume(self, number: int, _: float) -> list[Told]:
        """Give the next records."""
        found = [one for place, at in self._at.items() for one in self.logs[place]
                 if one.offset() >= at][:number]
        for one in found:
            self._at[one.topic(), one.partition()] = one.offset() + 1
        return found

    def commit(self, **_: Any) -> None:
        """Commit what is read."""
        self.done.update(self._at)
        self.commits.append(dict(self._at))

    def close(self) -> None:
        """Leave."""
