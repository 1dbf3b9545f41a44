"""Fill the store from topics: `python -m streams.sink`. Insert, then commit the offset.

Records are gathered by table and inserted as columns. While ClickHouse is away nothing more is
read, the same rows are tried again, and no offset is committed; what is inserted twice after a kill
falls together by key. A row that its column cannot hold is set aside as a dead letter, with its
coordinates, and holds nobody up.
"""

from __future__ import annotations

import gc
import logging
import signal
import time
from collections import defaultdict
from threading import Event

from confluent_kafka import Consumer, KafkaException, Message
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_when_event_set
from tenacity.wait import wait_exponential

from schemas.declare import Lifetime
from schemas.errors import ComponentError, Reason
from streams.broker import open_consumer
from streams.filling import Record, fill
from streams.metrics import AGE, ERRORS, LAG, ROWS, WRITE_SECONDS, serve
from streams.store import Store, connect
from streams.tables import SYSTEM_ROWS, TableRows, find_rows

log = logging.getLogger("sink")
TOPICS = ["^event-.*", "^result-.*", *SYSTEM_ROWS]
GROUP = "sink"
# a batch is full at so many rows or bytes, whichever comes first: a row may be a mebibyte
BATCH_ROWS, BATCH_BYTES = 20_000, 64 << 20
BATCH_SECONDS = 0.5
LAG_SECONDS = 5.0
# objects made and not freed between two searches for cycles: more than two full batches hold
CYCLES_AFTER = 100_000
LETTER_MS = Lifetime().topic_hours * 3_600_000


class Sink:
    """Read topics, gather rows, insert them, commit."""

    def __init__(self, consumer: Consumer, store: Store, ended: Event) -> None:
        """Take an unsubscribed consumer, the store and the signal to stop."""
        self._consumer, self._store, self._ended = consumer, store, ended
        self._rows: dict[str, TableRows | None] = {}
        self._gathered: dict[str, list[Message]] = defaultdict(list)
        self._count, self._bytes, self._since = 0, 0, 0.0
        self._lag_at = 0.0

    def run(self) -> None:
        """Work until told to stop; what is gathered is written on the way out."""
        self._consumer.subscribe(TOPICS)
        while not self._ended.is_set():
            self.step(BATCH_SECONDS / 3)
        self._flush()
        self._consumer.close()

    def step(self, seconds: float) -> None:
        """Read for a moment, and write when a batch is full or old enough."""
        for message in self._consumer.consume(5_000, seconds):
            self._take(message)
        full = self._count >= BATCH_ROWS or self._bytes >= BATCH_BYTES
        if self._count and (full or time.monotonic() - self._since >= BATCH_SECONDS):
            self._flush()
        if time.monotonic() - self._lag_at > LAG_SECONDS:
            self._lag_at = time.monotonic()
            self._measure_lag()

    def _take(self, message: Message) -> None:
        """Gather one record."""
        if message.error() is not None:
            log.warning("broker: %s", message.error())
            return
        topic = message.topic() or ""
        if not self._rows.get(topic):
            self._rows[topic] = find_rows(topic)
        if message.value() is None or self._rows[topic] is None:
            return
        if not self._count:
            self._since = time.monotonic()
        self._count += 1
        self._bytes += len(message)
        self._gathered[topic].append(message)

    def _flush(self) -> None:
        """Insert what is gathered, retrying while the store is away; then commit."""
        for topic in list(self._gathered):
            rows = self._rows.get(topic) or find_rows(topic)
            messages = self._gathered[topic]
            if rows is not None and messages and not self._insert_patiently(rows, messages):
                return  # told to stop while the store was away: nothing is committed
            del self._gathered[topic]
            if messages:
                AGE.labels(topic).set(time.time() - messages[-1].timestamp()[1] / 1000)
        self._count = self._bytes = 0
        try:
            self._consumer.commit(asynchronous=False)
        except KafkaException as error:
            log.warning("commit: %s", error)  # inserted again after a restart, which is harmless

    def _insert_patiently(self, rows: TableRows, messages: list[Message]) -> bool:
        """Insert until it works; False when told to stop before that."""
        retrying = Retrying(
            retry=retry_if_exception_type(ComponentError), wait=wait_exponential(0.2, max=5),
            stop=stop_when_event_set(self._ended), before_sleep=_tell,
            retry_error_callback=lambda _: False)
        done: bool = retrying(self._insert, rows, messages)
        return done

    def _insert(self, rows: TableRows, messages: list[Message]) -> bool:
        """Insert records, and set aside those that do not fit."""
        with WRITE_SECONDS.labels(rows.table).time():
            written = fill(self._store, rows, messages, self._set_aside)
        ROWS.labels(rows.table).inc(written)
        return True

    def _set_aside(self, message: Message, detail: str) -> None:
        """Write a record that no row can hold as a dead letter."""
        letter = _letter(message, detail)
        log.error("%s[%d]@%d does not fit its table: %s", letter["raw_topic"],
                  letter["raw_partition"], letter["raw_offset"], detail)
        rows = SYSTEM_ROWS["dead-letters"]
        self._store.insert(rows.table, rows.lay_out([letter]))

    def _measure_lag(self) -> None:
        """Measure what of each topic is not read yet, from the positions at hand."""
        lags: dict[str, int] = defaultdict(int)
        try:
            for place in self._consumer.position(self._consumer.assignment()):
                _, high = self._consumer.get_watermark_offsets(place, cached=True)
                lags[place.topic] += max(0, high - place.offset) if place.offset >= 0 else 0
        except KafkaException as error:
            log.warning("positions: %s", error)
        for topic, lag in lags.items():
            LAG.labels(topic).set(lag)


def _letter(message: Message, detail: str) -> Record:
    """Make a dead letter about a record of one of our own topics."""
    ERRORS.labels("sink-row").inc()
    at = message.timestamp()[1]
    return {"reason": Reason.INTERNAL, "field": "$", "detail": detail[:500], "class": "internal",
            "raw_topic": message.topic() or "", "raw_partition": message.partition() or 0,
            "raw_offset": message.offset() or 0, "received_at": at, "kept_until": at + LETTER_MS}


def _tell(state: RetryCallState) -> None:
    """Log that the store is away, and count it."""
    ERRORS.labels("clickhouse").inc()
    if state.outcome is not None:
        log.warning("%s; trying again", state.outcome.exception())


def main() -> None:
    """Fill the store until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    serve("sink")
    # rows live until their batch is written: to search them for cycles every few hundred finds none
    gc.freeze()
    gc.set_threshold(CYCLES_AFTER)
    consumer = open_consumer(GROUP, GROUP, **{
        "max.poll.interval.ms": 86_400_000, "session.timeout.ms": 10_000})
    Sink(consumer, connect("sink"), ended).run()


if __name__ == "__main__":
    main()
