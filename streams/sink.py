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
from collections.abc import Callable
from threading import Event
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaException, Message
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_when_event_set
from tenacity.wait import wait_exponential

from schemas.declare import Lifetime
from schemas.errors import ComponentError, Reason
from streams.broker import open_consumer
from streams.metrics import AGE, ERRORS, LAG, ROWS, WRITE_SECONDS, serve
from streams.store import BadRowError, Store, connect
from streams.tables import APPENDED_AT, SYSTEM_ROWS, TableRows, find_rows

log = logging.getLogger("sink")
TOPICS = ["^event-.*", "^result-.*", *SYSTEM_ROWS]
GROUP = "sink"
BATCH_ROWS = 20_000
BATCH_SECONDS = 0.5
LAG_SECONDS = 5.0
# objects made and not freed between two searches for cycles: more than two full batches hold
CYCLES_AFTER = 100_000
LETTER_MS = Lifetime().topic_hours * 3_600_000
Record = dict[str, Any]
NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder(Record).decode


class Sink:
    """Read topics, gather rows, insert them, commit."""

    def __init__(self, consumer: Consumer, store: Store, ended: Event) -> None:
        """Take an unsubscribed consumer, the store and the signal to stop."""
        self._consumer, self._store, self._ended = consumer, store, ended
        self._rows: dict[str, TableRows | None] = {}
        self._gathered: dict[str, list[Record]] = defaultdict(list)
        self._count, self._since = 0, 0.0
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
        full = self._count >= BATCH_ROWS
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
        topic, value = message.topic() or "", message.value()
        if not self._rows.get(topic):
            self._rows[topic] = find_rows(topic)
        if value is None or self._rows[topic] is None:
            return
        if not self._count:
            self._since = time.monotonic()
        self._count += 1
        try:
            record = read_record(message)
        except NO_JSON as error:
            topic, record = "dead-letters", _letter(message, str(error))
            record[APPENDED_AT] = message.timestamp()[1]
        record["_at"] = (message.topic(), message.partition(), message.offset())
        self._gathered[topic].append(record)

    def _flush(self) -> None:
        """Insert what is gathered, retrying while the store is away; then commit."""
        for topic in list(self._gathered):
            rows = self._rows.get(topic) or find_rows(topic)
            records = self._gathered[topic]
            if rows is not None and records and not self._insert_patiently(rows, records):
                return  # told to stop while the store was away: nothing is committed
            del self._gathered[topic]
            if records:
                AGE.labels(topic).set(time.time() - records[-1][APPENDED_AT] / 1000)
        self._count = 0
        try:
            self._consumer.commit(asynchronous=False)
        except KafkaException as error:
            log.warning("commit: %s", error)  # inserted again after a restart, which is harmless

    def _insert_patiently(self, rows: TableRows, records: list[Record]) -> bool:
        """Insert until it works; False when told to stop before that."""
        retrying = Retrying(
            retry=retry_if_exception_type(ComponentError), wait=wait_exponential(0.2, max=5),
            stop=stop_when_event_set(self._ended), before_sleep=_tell,
            retry_error_callback=lambda _: False)
        done: bool = retrying(self._insert, rows, records)
        return done

    def _insert(self, rows: TableRows, records: list[Record]) -> bool:
        """Insert records, and set aside those that do not fit."""
        with WRITE_SECONDS.labels(rows.table).time():
            written = insert_fitting(self._store, rows, records, self._set_aside)
        ROWS.labels(rows.table).inc(written)
        return True

    def _set_aside(self, record: Record, detail: str) -> None:
        """Write a row that no column can hold as a dead letter."""
        topic, partition, offset = record["_at"]
        log.error("%s[%d]@%d does not fit its table: %s", topic, partition, offset, detail)
        letter = _letter_at(topic, partition, offset, record[APPENDED_AT], detail)
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


def read_record(message: Message) -> Record:
    """Read what becomes a row; raise one of NO_JSON on what does not."""
    record: Record = _decode(message.value() or b"")
    record[APPENDED_AT] = message.timestamp()[1]
    return record


def insert_fitting(store: Store, rows: TableRows, records: list[Record],
                   set_aside: Callable[[Record, str], None]) -> int:
    """Insert records, halving the batch around each that does not fit; give how many do."""
    try:
        store.insert(rows.table, rows.lay_out(records))
    except (BadRowError, KeyError, TypeError) as error:
        if len(records) == 1:
            set_aside(records[0], str(error))
            return 0
        middle = len(records) // 2
        return (insert_fitting(store, rows, records[:middle], set_aside)
                + insert_fitting(store, rows, records[middle:], set_aside))
    return len(records)


def _letter(message: Message, detail: str) -> Record:
    """Make a dead letter of a record that is no JSON."""
    return _letter_at(message.topic() or "", message.partition() or 0, message.offset() or 0,
                      message.timestamp()[1], detail)


def _letter_at(topic: str, partition: int, offset: int, at: int, detail: str) -> Record:
    """Make a dead letter about a record of one of our own topics."""
    ERRORS.labels("sink-row").inc()
    return {"reason": Reason.INTERNAL, "field": "$", "detail": detail[:500], "class": "internal",
            "raw_topic": topic, "raw_partition": partition, "raw_offset": offset,
            "received_at": at, "kept_until": at + LETTER_MS}


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
