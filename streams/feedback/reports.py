"""Know the newest report of every publisher, as the topic holds them."""

from __future__ import annotations

import logging
from contextlib import suppress
from threading import Event, Thread

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaException, TopicPartition

from streams.broker import open_consumer
from streams.feedback.report import TOPIC, key_of
from streams.metrics import ERRORS

BATCH, READ_SECONDS, RETRY_SECONDS = 500, 0.2, 2.0
log = logging.getLogger(__name__)


class Reports:
    """Follow the topic of reports in a thread of its own, record by record.

    Reports change every other second, so that reading the whole topic after each change, as
    `streams.kept.Follower` does for what changes rarely, would cost a hundred times as much.
    """

    def __init__(self, account: str) -> None:
        """Start to follow as an account that may read the topic."""
        self._account = account
        self._ended, self._ready = Event(), Event()
        self._records: dict[str, bytes] = {}
        self._thread = Thread(target=self._run, name="follow-feedback", daemon=True)
        self._thread.start()

    @property
    def is_ready(self) -> bool:
        """Tell whether all was read that the topic held at the start."""
        return self._ready.is_set()

    def find(self, publisher: str) -> dict[str, bytes]:
        """Give the reports of one publisher, JSON by family."""
        prefix, records = key_of(publisher, ""), self._records.copy()
        return {key.removeprefix(prefix): records[key] for key in sorted(records)
                if key.startswith(prefix)}

    def close(self) -> None:
        """Stop following."""
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        """Open the topic, patient with a broker that is away, and take what comes."""
        consumer = open_consumer(self._account, f"{self._account}-{TOPIC}")
        end = self._open(consumer)
        while not self._ended.is_set():
            self._take(consumer)
            with suppress(KafkaException):
                if not self._ready.is_set() and self._position(consumer) >= end:
                    self._ready.set()
        with suppress(KafkaException):
            consumer.close()

    def _open(self, consumer: Consumer) -> int:
        """Assign the topic from its beginning; give where it ends now."""
        place = TopicPartition(TOPIC, 0, OFFSET_BEGINNING)
        while not self._ended.is_set():
            try:
                low, high = consumer.get_watermark_offsets(place, timeout=10.0)
                consumer.assign([place])
                return high if high > low else 0
            except KafkaException as error:
                ERRORS.labels("follow-feedback").inc()
                log.warning("%s cannot be read: %s", TOPIC, error)
                self._ended.wait(RETRY_SECONDS)
        return 0

    @staticmethod
    def _position(consumer: Consumer) -> int:
        """Give the offset that is read next."""
        return max(0, consumer.position([TopicPartition(TOPIC, 0)])[0].offset)

    def _take(self, consumer: Consumer) -> None:
        """Take what comes within a moment; a key without value is forgotten."""
        for message in consumer.consume(BATCH, READ_SECONDS):
            if message.error() is not None:
                log.warning("%s: %s", TOPIC, message.error())
                continue
            key, value = (message.key() or b"").decode(errors="replace"), message.value()
            if value is None:
                self._records.pop(key, None)
            else:
                self._records[key] = value
