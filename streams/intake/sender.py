"""Send judged events to Kafka and tell of each whether the broker confirmed it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from threading import Event, Lock, Thread
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message

from streams.broker import open_producer
from streams.intake.judge import Ready
from streams.intake.measures import QUEUED
from streams.metrics import ERRORS

# the client gives a record up after this; the answer then says that its fate is unknown
CONFIRM_SECONDS = 10.0
# for the report of the last record to come through
PATIENCE_SECONDS = 2.0
POLL_SECONDS = 0.1
# how long a request waits for room in a full queue, and how often it looks
FULL_SECONDS = 2.0
LOOK_SECONDS = 0.02
log = logging.getLogger(__name__)


class Pending:
    """Collect what becomes of the records of one request; `done` is set when all is told."""

    def __init__(self, count: int) -> None:
        """Wait for so many records."""
        self.confirmed = [False] * count
        self.done: Future[None] = Future()
        self._left, self._lock = count, Lock()
        if count == 0:
            self.done.set_result(None)

    def tell(self, index: int, confirmed: bool) -> None:
        """Note the end of one record."""
        with self._lock:
            self.confirmed[index] = confirmed
            self._left -= 1
            last = self._left == 0
        # whoever waited may have given up
        if last and self.done.set_running_or_notify_cancel():
            self.done.set_result(None)


class Sender:
    """Produce with acks=all; a thread hears what the broker confirms."""

    def __init__(self, account: str, on_fatal: Callable[[], None],
                 confirm_seconds: float = CONFIRM_SECONDS, **settings: Any) -> None:
        """Connect as an account; `on_fatal` is called when the producer can go on no more."""
        self.confirm_seconds = confirm_seconds
        self._on_fatal, self._ended, self._told = on_fatal, Event(), ""
        self._producer = open_producer(account, **{
            "message.timeout.ms": round(confirm_seconds * 1000), "error_cb": self._hear,
            **settings})
        self._thread = Thread(target=self._poll, name="sender", daemon=True)
        self._thread.start()

    def send(self, topic: str, records: Sequence[Ready]) -> Pending:
        """Queue records, waiting where the queue is full; for threads, not for the event loop."""
        pending, until = Pending(len(records)), time.monotonic() + FULL_SECONDS
        for index, record in enumerate(records):
            if not self._queue(topic, record, partial(self._report, pending, index), until):
                pending.tell(index, confirmed=False)
        return pending

    def _queue(self, topic: str, record: Ready,
               report: Callable[[KafkaError | None, Message], None], until: float) -> bool:
        """Queue one record; tell whether it was taken before the time was up."""
        while True:
            try:
                self._producer.produce(topic, record.body, record.key, on_delivery=report,
                                       headers=record.headers)
                return True
            except BufferError:
                if time.monotonic() > until:
                    return False
                time.sleep(LOOK_SECONDS)
            except KafkaException as error:
                self._complain(str(error))
                return False

    def _report(self, pending: Pending, index: int, error: KafkaError | None, _: Message) -> None:
        """Hear what became of one record."""
        pending.tell(index, confirmed=error is None)
        if error is None:
            self._told = ""
        else:
            self._complain(error.str())

    def _complain(self, what: str) -> None:
        """Log a trouble once, not with every record."""
        ERRORS.labels("intake").inc()
        if what != self._told:
            log.error("Kafka does not take events: %s", what)
        self._told = what

    def _hear(self, error: KafkaError) -> None:
        """Hear an error of the connection; a fatal one ends the producer for good."""
        if error.fatal():
            log.critical("the producer can go on no more: %s", error.str())
            self._on_fatal()

    def _poll(self) -> None:
        """Serve reports until closed."""
        while not self._ended.is_set():
            self._producer.poll(POLL_SECONDS)
            QUEUED.set(len(self._producer))

    def close(self) -> None:
        """Wait for what is queued, then disconnect."""
        self._producer.flush(self.confirm_seconds + PATIENCE_SECONDS)
        self._ended.set()
        self._thread.join()
