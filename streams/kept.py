"""Read and follow the small topics that keep the newest record of each key for good."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from threading import Event, Thread

from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.errors import ComponentError
from streams.agents.history import open_reader, read_back
from streams.broker import open_producer
from streams.metrics import ERRORS

LOOK_SECONDS = 2.0
CONFIRM_SECONDS = 20.0
log = logging.getLogger(__name__)


def _read(consumer: Consumer, topic: str) -> dict[str, bytes]:
    """Read what a topic of one partition keeps now; a key without value is forgotten."""
    found: dict[str, bytes] = {}
    for message in read_back(consumer, topic, 1, None, {}):
        key, value = (message.key() or b"").decode(errors="replace"), message.value()
        found.pop(key, None)
        if value is not None:
            found[key] = value
    return found


def read_kept(account: str, topic: str) -> dict[str, bytes]:
    """Read what a topic keeps, by key; raise ComponentError when the broker does not give it."""
    consumer = open_reader(account, f"{account}-{topic}")
    try:
        return _read(consumer, topic)
    finally:
        consumer.close()


def write_kept(account: str, topic: str, records: Mapping[str, bytes | None],
               seconds: float = CONFIRM_SECONDS) -> None:
    """Write records by key, None forgets one; raise ComponentError on what is not confirmed."""
    failures: list[str] = []
    producer = open_producer(account)
    try:
        for key, value in records.items():
            producer.produce(
                topic, key=key.encode(), value=value,
                on_delivery=lambda error, _: failures.append(error.str()) if error else None)
        left = producer.flush(seconds)
    except KafkaException as error:
        raise ComponentError(f"{topic} were not written: {error}") from error
    if failures or left:
        reason = failures[0] if failures else f"not confirmed after {seconds:g} s"
        raise ComponentError(f"{topic} were not written: {reason}")


class Follower:
    """Follow a kept topic in a thread of its own: `records` is what it held moments ago.

    The topic is read whole whenever its end has moved, so that what is known is a function of the
    topic, forgotten keys included. While the broker is away, what was known last stays.
    """

    def __init__(self, account: str, topic: str, period_seconds: float = LOOK_SECONDS) -> None:
        """Start to follow; look at the end of the topic once a period."""
        self._account, self._topic, self._period = account, topic, period_seconds
        self._ended, self._read_once = Event(), Event()
        self._end = -1
        self.records: Mapping[str, bytes] = {}
        self._thread = Thread(target=self._run, name=f"follow-{topic}", daemon=True)
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Tell whether the topic was read at least once."""
        return self._read_once.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait until the topic was read once; tell whether it was."""
        return self._read_once.wait(seconds)

    def close(self) -> None:
        """Stop following."""
        self._ended.set()
        self._thread.join()

    def take(self, records: Mapping[str, bytes]) -> None:
        """Take what the topic holds now."""
        self.records = records

    def _run(self) -> None:
        """Look again and again; what goes wrong is told once and tried again."""
        consumer, told = open_reader(self._account, f"{self._account}-{self._topic}"), ""
        while not self._ended.is_set():
            try:
                self._look(consumer)
                told = ""
            except (KafkaException, ComponentError) as error:
                ERRORS.labels(f"follow-{self._topic}").inc()
                if str(error) != told:
                    log.warning("%s cannot be read: %s", self._topic, error)
                told = str(error)
            self._ended.wait(self._period)
        with suppress(KafkaException):
            consumer.close()

    def _look(self, consumer: Consumer) -> None:
        """Read the topic when its end has moved."""
        end = consumer.get_watermark_offsets(TopicPartition(self._topic, 0), timeout=10.0)[1]
        if end != self._end:
            self.take(_read(consumer, self._topic))
            self._end = end
        self._read_once.set()
