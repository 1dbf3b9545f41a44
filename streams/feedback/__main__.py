"""Report to each publisher what became of what it sent: `python -m streams.feedback`."""

from __future__ import annotations

import logging
import signal
import time
from threading import Event

import msgspec
from confluent_kafka import KafkaError, Message, Producer

from streams.broker import open_producer
from streams.clock import now_ms
from streams.feedback.desk import Desk, since_of
from streams.feedback.report import TOPIC, Report, key_of
from streams.feedback.source import Source
from streams.metrics import ERRORS, serve

ACCOUNT = "feedback"
DISCOVER_SECONDS, TICK_SECONDS, READ_SECONDS = 5.0, 1.0, 0.25
log = logging.getLogger("feedback")
_encode = msgspec.json.Encoder().encode


class Writer:
    """Write reports to their topic; one that is not confirmed is followed by the next one."""

    def __init__(self, producer: Producer) -> None:
        """Take the producer."""
        self._producer = producer

    def write(self, report: Report) -> None:
        """Queue a report."""
        try:
            self._producer.produce(TOPIC, _encode(report), on_delivery=self._hear,
                                   key=key_of(report.publisher, report.family).encode())
        except BufferError:  # the broker is away: what is queued is old already
            ERRORS.labels("feedback").inc()

    def poll(self) -> None:
        """Hear what was confirmed."""
        self._producer.poll(0)

    @staticmethod
    def _hear(error: KafkaError | None, _: Message) -> None:
        """Count what was not taken."""
        if error is not None:
            ERRORS.labels("feedback").inc()
            log.warning("a report was not taken: %s", error.str())

    def close(self) -> None:
        """Wait a moment for what is queued."""
        self._producer.flush(5.0)


def run(ended: Event) -> None:
    """Read, and report once a second what is due, until told to stop.

    Nothing is reported before all is read that was there at the start: half a past looks like gaps.
    """
    source, desk = Source(ACCOUNT, since_of), Desk(now_ms())
    writer = Writer(open_producer(ACCOUNT, **{"linger.ms": 50, "message.timeout.ms": 30_000}))
    discovered = ticked = float("-inf")
    while not ended.is_set():
        if time.monotonic() - discovered > DISCOVER_SECONDS:
            discovered = time.monotonic()
            desk.refresh()
            source.discover()
        desk.take(source.read(READ_SECONDS))
        if source.has_caught_up and time.monotonic() - ticked > TICK_SECONDS:
            ticked = time.monotonic()
            for report in desk.reports(now_ms()):
                writer.write(report)
            writer.poll()
    writer.close()
    source.close()


def main() -> None:
    """Report until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    serve(ACCOUNT)
    run(ended)


if __name__ == "__main__":
    main()
