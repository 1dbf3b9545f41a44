"""Declare windows final: `python -m streams.finals`.

A window of a result is final when it ended longer ago than the grace, none of its rows changed for
that long, and the accepted time of every live publisher of the result's inputs has passed its end.
A publisher that has been silent for a minute is left out, so that it neither blocks nor falsely
closes a window. Each statement is made once and kept in the topic `window-final`.
"""

from __future__ import annotations

import logging
import signal
import time
from dataclasses import dataclass, field
from threading import Event

import msgspec
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition

from schemas import registry
from schemas.errors import DeclarationError
from streams.broker import open_consumer, open_producer
from streams.metrics import ERRORS, EVENTS, serve

log = logging.getLogger("finals")
SILENT_MS = 60_000
LOOK_BACK_MS = 3 * 3_600_000
FORGET_MS = 6 * 3_600_000
PERIOD_SECONDS = 1.0
BATCH = 5_000
TOPICS = ["^result-.*", "publisher-progress", "window-final"]


class Window(msgspec.Struct, frozen=True):
    """Name a window of a result; `window_start` is epoch ms."""

    window_seconds: int
    window_start: int
    result: str = ""

    @property
    def end(self) -> int:
        """Give the end of the window, epoch ms."""
        return self.window_start + self.window_seconds * 1000


class Progress(msgspec.Struct, frozen=True):
    """Hold how far a publisher's accepted time of a family has come, epoch ms."""

    source: str
    family: str
    observed_at: int


@dataclass
class Finals:
    """Decide which windows are final; all times are epoch ms."""

    progress: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    changed_at: dict[Window, int] = field(default_factory=dict)
    final: dict[Window, int] = field(default_factory=dict)

    def see_progress(self, told: Progress, at: int) -> None:
        """Note a publisher's progress, told at a time; it never goes back."""
        observed, heard = self.progress.get((told.source, told.family), (0, 0))
        self.progress[told.source, told.family] = max(observed, told.observed_at), max(heard, at)

    def see_row(self, window: Window, at: int) -> None:
        """Note that a row of a window changed."""
        if window not in self.final:
            self.changed_at[window] = max(at, self.changed_at.get(window, 0))

    def see_final(self, window: Window, at: int) -> None:
        """Note a statement that was made before."""
        self.final[window] = at
        self.changed_at.pop(window, None)

    def declare(self, now: int) -> list[Window]:
        """Give the windows that became final, and forget statements that nothing can repeat."""
        done = [one for one, changed in self.changed_at.items()
                if self._is_final(one, changed, now)]
        for window in done:
            self.see_final(window, now)
        for window in [one for one, at in self.final.items() if now - at > FORGET_MS]:
            del self.final[window]
        return done

    def _is_final(self, window: Window, changed: int, now: int) -> bool:
        """Tell whether a window is final."""
        result = registry.results().get(window.result)
        if result is None:
            return False
        grace = result.grace_seconds * 1000
        if now < max(window.end, changed) + grace:
            return False
        live = [observed for (_, family), (observed, at) in self.progress.items()
                if family in result.inputs and now - at <= SILENT_MS]
        return all(observed >= window.end for observed in live)


class Reader:
    """Read the topics, and know whether all that stood in them has been read.

    Until then nothing may be declared: a publisher whose progress is not read yet blocks nothing,
    and a statement that is not read yet would be made again.
    """

    def __init__(self, consumer: Consumer) -> None:
        """Take a consumer that tells where a partition ends, and subscribe it."""
        self._consumer = consumer
        self._unread: set[tuple[str, int]] = set()
        consumer.subscribe(TOPICS, on_assign=self._start_at)

    def _start_at(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        """Read results from some hours ago, what tells of progress and finality from the start."""
        since = time.time_ns() // 1_000_000 - LOOK_BACK_MS
        results = [TopicPartition(p.topic, p.partition, since) for p in places
                   if p.topic.startswith("result-")]
        others = [TopicPartition(p.topic, p.partition, OFFSET_BEGINNING) for p in places
                  if not p.topic.startswith("result-")]
        self._unread = {(p.topic, p.partition) for p in places}
        consumer.assign((consumer.offsets_for_times(results, 10.0) if results else []) + others)

    def read(self, finals: Finals, seconds: float = 0.3) -> bool:
        """Read for a moment; tell whether nothing is left that was there at the start."""
        messages = self._consumer.consume(BATCH, seconds)
        for message in messages:
            error = message.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                self._unread.discard((message.topic() or "", message.partition() or 0))
            take(finals, message)
        return not self._unread and len(messages) < BATCH


def take(finals: Finals, message: Message) -> None:
    """Take one record of any of the topics; one that cannot be used is told and passed over."""
    topic, key, value = message.topic() or "", message.key(), message.value()
    if message.error() is not None or value is None:
        return
    try:
        _take(finals, topic, key, value, message.timestamp()[1])
    except msgspec.DecodeError as error:
        ERRORS.labels("finals").inc()
        log.warning("unusable record on %s: %s", topic, error)


def _take(finals: Finals, topic: str, key: bytes | None, value: bytes, at: int) -> None:
    """Take a record's key and value, appended at a moment (epoch ms)."""
    if topic == "publisher-progress":
        finals.see_progress(msgspec.json.decode(value, type=Progress), at)
    elif topic == "window-final":
        finals.see_final(msgspec.json.decode(value, type=Window), at)
    elif key is not None:
        window = msgspec.json.decode(key, type=Window)
        result = topic.removeprefix("result-")
        finals.see_row(msgspec.structs.replace(window, result=result), at)


def main() -> None:
    """Declare windows final until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    serve("finals")
    finals, producer = Finals(), open_producer("agents")
    consumer = open_consumer("agents", "agents-finals", **{"enable.partition.eof": True})
    reader, declared_at = Reader(consumer), time.monotonic()
    while not ended.is_set():
        if not reader.read(finals) or time.monotonic() - declared_at < PERIOD_SECONDS:
            continue
        declared_at, now = time.monotonic(), time.time_ns() // 1_000_000
        _refresh()
        for window in finals.declare(now):
            EVENTS.labels("window-final", "declared").inc()
            statement = {**msgspec.structs.asdict(window), "final_at": now}
            producer.produce("window-final", value=msgspec.json.encode(statement),
                             key=msgspec.json.encode(window))
        producer.poll(0)
    consumer.close()
    producer.flush(10)


def _refresh() -> None:
    """Learn of results declared meanwhile."""
    try:
        registry.refresh()
    except DeclarationError as error:
        log.error("%s", error)


if __name__ == "__main__":
    main()
