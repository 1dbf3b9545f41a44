"""Replay a recording through the door of a real publisher, at its own pace or as fast as it goes.

Records carry the header `replay` (the run's id), so that the gate does not refuse them as too late,
and ids made by the mapping's rule, so that a second replay within the horizon is all duplicates.
"""

from __future__ import annotations

import heapq
import json
import pickle
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

import msgspec

from streams.mapping.declare import MapFile
from streams.mapping.mapper import Event, Mapper, Unmapped
from streams.mapping.source import Rows
from streams.publisher import Publisher

MAX_SPEED = float("inf")
_RUN_LENGTH = 200_000
_LONGEST_BODY = 200_000
Progress = Callable[[int, float], None]
_encode = msgspec.json.Encoder().encode


@dataclass(slots=True)
class Sent:
    """Hold what a replay read and made; `skipped` tells what is no event, by rule or by gap."""

    rows: int = 0
    events: int = 0
    unmapped: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """Hold one record ready to be sent; `at` is the recorded time, epoch ms (0: unknown)."""

    at: int
    key: str
    body: bytes
    map_error: bytes = b""


class Recording:
    """Give the messages of one recording, shifted in time where asked."""

    def __init__(self, path: Path, declared: MapFile, *, run: str, limit: int = 0) -> None:
        """Take file and mapping; `limit` bounds the number of events (0: none).

        `share` tells how much of the file has been read, `made` how many messages it gave.
        """
        self._path, self._declared, self._run, self._limit = path, declared, run, limit
        self.mapper = Mapper(declared, path.parent)
        self.shift_ms = 0
        self.share = 0.0
        self.made = 0

    def span(self) -> tuple[int, int]:
        """Read the file once for the first and last time in it, epoch ms."""
        times = [0, 0]
        for one in self._items(Mapper(self._declared, self._path.parent)):
            if isinstance(one, Event):
                at = one.observed_at
                times = [min(times[0], at), max(times[1], at)] if times[1] else [at, at]
        return times[0], times[1]

    def messages(self) -> Iterator[Message]:
        """Give the messages in the order of the file."""
        return (message for _, message in self.numbered())

    def numbered(self) -> Iterator[tuple[int, Message]]:
        """Give the messages in the order of the file, each with the line its row ends on."""
        for one in self._items(self.mapper):
            self.made += 1
            yield one.line, self._message(one)

    def _items(self, mapper: Mapper) -> Iterator[Event | Unmapped]:
        """Map the file, up to the limit."""
        with Rows(self._path, self._declared.source) as rows:
            for number, one in enumerate(mapper.map(rows), 1):
                yield one
                if number % 1000 == 0:
                    self.share = rows.position / max(1, rows.size)
                if number == self._limit:
                    return

    def _message(self, one: Event | Unmapped) -> Message:
        """Write one event as a record."""
        if isinstance(one, Unmapped):
            return unmapped_message(one)
        at = one.observed_at
        if self.shift_ms:
            self.mapper.shift(one, self.shift_ms)
            one.id = f"{one.id}~{self._run}"
        key = str(one.payload.get(self.mapper.family.key.name, ""))
        one.payload["id"], one.payload["observed_at"] = one.id, one.observed_at
        try:
            return Message(at, key, _encode(one.payload))
        except UnicodeEncodeError:
            return unmapped_message(Unmapped(
                one.line, "$row", "", f"is not {self._declared.source.encoding}", one.payload))


def unmapped_message(one: Unmapped) -> Message:
    """Write a row that cannot be mapped as a record that the gate refuses as not-mapped."""
    told = {"line": one.line, "field": one.field, "value": one.value, "detail": one.detail}
    body = json.dumps(one.cells, default=str).encode()
    if len(body) > _LONGEST_BODY:
        body = json.dumps({"$text": body[:1000].decode()}).encode()
    return Message(0, f"line-{one.line}", body, json.dumps(told).encode())


def in_time_order(messages: Iterable[Message], run_length: int = _RUN_LENGTH
                  ) -> Iterator[Message]:
    """Sort by recorded time in bounded memory: sorted runs on disk, merged as they are read."""
    with ExitStack() as stack:
        runs: list[Iterable[Message]] = []
        held: list[Message] = []
        for message in messages:
            held.append(message)
            if len(held) == run_length:
                runs.append(_spill(held, stack))
                held = []
        runs.append(sorted(held, key=attrgetter("at")))
        yield from heapq.merge(*runs, key=attrgetter("at"))


def _spill(held: list[Message], stack: ExitStack) -> Iterator[Message]:
    """Write one sorted run to a temporary file and give it back as it is read."""
    file: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 (it is one)
    for message in sorted(held, key=attrgetter("at")):
        pickle.dump((message.at, message.key, message.body, message.map_error), file)
    file.seek(0)

    def read() -> Iterator[Message]:
        """Give the messages as they were written."""
        while True:
            try:
                yield Message(*pickle.load(file))  # noqa: S301 (written by ourselves just now)
            except EOFError:
                return

    return read()


def shift_to_now(recording: Recording, speed: float, now_ms: int) -> None:
    """Shift a recording so that its last event is observed when it will be sent, never ahead."""
    first, last = recording.span()
    recording.shift_ms = now_ms + round((last - first) / speed) - last


def send(recording: Recording, publisher: Publisher, *, run: str, speed: float,
         progress: Progress, live: bool = False) -> Sent:
    """Send a recording; Ctrl-C ends it early and is told in what is returned.

    The header `replay` excuses lateness, and keeps what it marks out of publishers' progress; a
    recording shifted to now and sent at its own pace is `live` and needs neither.
    """
    sent, family = Sent(), recording.mapper.family.name
    plain = {"ce_specversion": b"1.0", "ce_type": family.encode(),
             "ce_source": publisher.account.encode()}
    if not live:
        plain["replay"] = run.encode()
    messages = recording.messages()
    paced = speed != MAX_SPEED
    try:
        for message in _pace(in_time_order(messages), speed) if paced else messages:
            headers = {**plain, "map_error": message.map_error} if message.map_error else plain
            publisher.send_raw(family, message.body, key=message.key, headers=headers)
            sent.events += 1
            sent.unmapped += bool(message.map_error)
            if paced:
                progress(sent.events, sent.events / recording.made)
            elif sent.events % 1000 == 0:
                progress(sent.events, recording.share)
    except KeyboardInterrupt:
        sent.interrupted = True
    publisher.flush()
    sent.rows, sent.skipped = recording.mapper.rows, recording.mapper.skipped
    return sent


def closing_line(counts: Mapping[str, Any]) -> str:
    """Say in one line what became of rows and events; duplicates that nobody counted are None."""
    duplicates, in_flight = counts["duplicates"], counts.get("in_flight")
    return (f"rows read {counts['rows']:,}; events made {counts['events']:,} ="
            f" accepted {counts['accepted']:,} + refused {counts['refused']:,}"
            + (" (duplicates among them are not known yet)" if duplicates is None
               else f" + duplicates {duplicates:,}")
            + (f" + in flight {in_flight:,}" if in_flight else ""))


def _pace(messages: Iterable[Message], speed: float) -> Iterator[Message]:
    """Hold each message back until its recorded distance from the first, divided by speed."""
    begun, first = time.monotonic(), 0
    for message in messages:
        if message.at:
            first = first or message.at
            wait = begun + (message.at - first) / 1000 / speed - time.monotonic()
            if wait > 0:
                time.sleep(wait)
        yield message
