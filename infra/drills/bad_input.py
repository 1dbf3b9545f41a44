"""Mix bad records with good events, send them by every door, and find each where it must be.

Records are drawn from a seed as a stream and sent in batches; each batch is compared with the
store, record by record, before the next one, so that memory is bounded and a drill can be resumed.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from infra.drills.calls import BARRED, CALLS
from infra.drills.doors import ClassDoor, KafkaDoor, Noted, fate_of, name_of
from infra.drills.draft import MARKED, Draft, draft
from infra.drills.kinds import COPY, KINDS, UNDECLARED, Door, Fate, Kind
from infra.drills.progress import BadInput, KindCount, forget, keep
from infra.drills.stage import Report, await_balance, crashes, own_publishers, pulse
from infra.drills.trace import Trace, read_trace
from infra.drills.web_door import HttpDoor
from schemas import registry
from schemas.render.kafka import raw_name, raw_topic
from streams import tokens
from streams.broker import open_admin
from streams.clock import now_ms
from streams.publishers import Registration
from streams.settlement import Settlement, read_offsets
from streams.store import Store, connect
from streams.topics import ensure_topics

NAME = "bad-input"
PUBLISHER = "drill-bad-input"
BATCH = 20_000
BAD_EVERY, HTTP_EVERY, CLASS_EVERY = 20, 5, 97
GOOD_FAMILIES = tuple(MARKED)
FAMILIES = (*GOOD_FAMILIES, "hotline-call")
SETTLE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Item:
    """Hold one record to send, the door, and its kind (None: good)."""

    door: Door
    kind: Kind | None
    record: Draft


def choose_bad(number: int) -> tuple[Kind, Door]:
    """Choose kind and door of the bad record of a number: all kinds in turn, by each door."""
    kind = KINDS[number % len(KINDS)]
    return kind, kind.doors[number // len(KINDS) % len(kind.doors)]


def draw(seed: int, first: int, size: int, marker: str, clock: Callable[[], int] = now_ms
         ) -> Iterator[Item]:
    """Draw the records of a batch; the seed and the number of the first decide all but the time."""
    chance, copied = random.Random(f"{seed}/{first}"), dict[Door, Draft]()
    for i in range(first, first + size):
        kind, door = None, Door.HTTP if i % HTTP_EVERY == 0 else Door.KAFKA
        if i % BAD_EVERY == BAD_EVERY - 1:
            kind, door = choose_bad(i // BAD_EVERY)
        elif i % CLASS_EVERY == 1:
            door = Door.CLASS
        family = kind.family if kind else GOOD_FAMILIES[i // HTTP_EVERY % len(GOOD_FAMILIES)]
        one = draft(family, f"{marker}-{i}", marker, PUBLISHER, chance, clock())
        if kind is not None and kind.fate == COPY:
            if door not in copied:
                continue  # nothing was sent by this door yet that could be repeated
            one.payload |= {name: copied[door].payload[name] for name in ("id", "vehicle_id")}
        elif kind is None and family == "vehicle-position":
            copied[door] = one
        elif kind is not None:
            kind.spoil(one)
        yield Item(door, kind, one)


def compare(noted: Noted, trace: Trace) -> None:
    """Compare each record that was sent with what the store has at its coordinates."""
    for place, kind in noted.at.items():
        found = trace.fates.pop(place, COPY)
        noted.judge(name_of(kind), fate_of(kind), found, "{}[{}]@{}".format(*place))
    by_id = {(place[0].rpartition("--")[2], event_id): place
             for place, event_id in trace.ids.items()}
    for key, kind in noted.by_id.items():
        found = trace.fates.pop(by_id[key], COPY) if key in by_id else Fate("nowhere")
        noted.judge(name_of(kind), fate_of(kind), found, f"{key[0]} {key[1]}")
    for place, fate in trace.fates.items():
        noted.wrong.append(f"nobody sent what is {fate} at {place}")
    noted.judge("all duplicates", noted.copies, trace.duplicates, "the gate's count")
    noted.judge("nothing in flight", 0, trace.in_flight, "the gate's offsets")


class Drill:
    """Run the drill batch by batch; what is found adds up in `state`."""

    def __init__(self, state: BadInput, report: Report) -> None:
        """Take the state, new or resumed."""
        self.state, self._report = state, report
        self._topics = [raw_name(PUBLISHER, name) for name in (*FAMILIES, UNDECLARED)]
        self._store: Store = connect("reader")

    def run(self) -> None:
        """Register the publisher, send and compare all batches, then look at the whole."""
        with own_publishers(Registration(PUBLISHER, "Drill: bad input", "演练：错误输入",
                                         families=list(FAMILIES), quota_events=0, quota_bytes=0)):
            with closing(open_admin()) as admin:
                undeclared = raw_topic(PUBLISHER, registry.get_family("hotline-call"))
                ensure_topics(admin, [type(undeclared)(
                    self._topics[-1], undeclared.partitions, undeclared.settings)])
            token, before = tokens.issue(PUBLISHER), pulse()
            keep(NAME, self.state)  # from now on there is something to resume
            while self.state.done < self.state.events:
                self._batch(token)
                keep(NAME, self.state)
            left = await_balance(self._topics, self.state.begun_ms, self._report)
            self.state.residual = sum(abs(row.residual) for row in left)
            for row in left:
                self.state.fail(f"ledger: {row.raw_topic} {row.minute}: residual {row.residual},"
                                f" in flight {row.in_flight}")
            self.state.crashes += crashes(before, pulse())
        self._store.close()
        if self.state.is_clean:
            forget(NAME)
        else:
            keep(NAME, self.state)

    def _batch(self, token: str) -> None:
        """Send one batch and compare it with the store."""
        noted, first, since = Noted(), self.state.done, now_ms()
        size = min(BATCH, self.state.events - first)
        marker = f"drill-{since:x}-{first}"
        starts = {topic: read_offsets(PUBLISHER, topic) for topic in self._topics}
        books = {topic: Settlement(self._store, topic, start, SETTLE_SECONDS)
                 for topic, start in starts.items()}
        self._send(noted, draw(self.state.seed, first, size, marker), token, marker)
        ranges, passed = {}, Trace()
        for topic, book in books.items():
            ends = {part: high for part, (_, high) in read_offsets(PUBLISHER, topic).items()}
            settled = book.settle(ends, lambda _: None, SETTLE_SECONDS)
            ranges[topic] = {part: (starts[topic][part][1], end) for part, end in ends.items()}
            passed.add(settled)
        trace = read_trace(self._store, ranges, since, passed, SETTLE_SECONDS)
        compare(noted, trace)
        self._compare_results(noted, marker, since)
        self._add_up(noted, size)

    def _send(self, noted: Noted, items: Iterator[Item], token: str, marker: str) -> None:
        """Send by all doors."""
        log, web = KafkaDoor(PUBLISHER, noted), HttpDoor(PUBLISHER, token, noted)
        code = ClassDoor(PUBLISHER, noted)
        doors: dict[Door, KafkaDoor | HttpDoor | ClassDoor] = {
            Door.KAFKA: log, Door.HTTP: web, Door.CLASS: code}
        try:
            for item in items:
                doors[item.door].send(item.kind, item.record)
            for door in doors.values():
                door.flush()
            log.try_barred()
            web.try_calls(draft("vehicle-position", f"{marker}-call", marker, PUBLISHER,
                                random.Random(0), now_ms()))
        finally:
            web.close()
            code.close()

    def _compare_results(self, noted: Noted, marker: str, since: int) -> None:
        """Compare what results count with what was accepted."""
        wanted: dict[tuple[str, str], int] = {}
        for family, (column, result) in MARKED.items():
            wanted[column, result] = wanted.get((column, result), 0) + noted.accepted[family]
        for (column, result), number in wanted.items():
            until, last, found = time.monotonic() + SETTLE_SECONDS, -1, -1
            while found != number and time.monotonic() < until:
                found = self._store.query(
                    f"SELECT sum(events) AS n FROM city.{result} WHERE window_seconds = 60"
                    f" AND window_start >= toDateTime(%(since)s) AND {column} = %(marker)s",
                    {"marker": marker, "since": since // 1000 - 3600})[0]["n"]
                if found != last:
                    until, last = time.monotonic() + SETTLE_SECONDS, found
                time.sleep(0 if found == number else 0.5)
            noted.judge(f"counted in {result}", number, found, marker)
            self.state.counted_in_results += found

    def _add_up(self, noted: Noted, size: int) -> None:
        """Add what was found in a batch to the whole."""
        state = self.state
        for name, number in noted.sent.items():
            count = state.kinds.setdefault(name, KindCount()) if name else state.good
            count.expected += number
            count.found += noted.fared[name]
        for what in noted.wrong:
            state.fail(what)
        state.done += size
        self._report(f"{state.done:,} of {state.events:,} records sent and compared,"
                     f" {len(state.failures)} failures")


def tell(state: BadInput) -> dict[str, Any]:
    """Give the figures of a drill as plain data."""
    return {
        "sent": state.good.expected + state.bad, "good": state.good.expected,
        "good_found": state.good.found, "bad": state.bad,
        "bad_found": sum(one.found for one in state.kinds.values()),
        "kinds": {name: {"expected": one.expected, "found": one.found}
                  for name, one in state.kinds.items()},
        "kinds_declared": len(KINDS) + len(CALLS) + len(BARRED),
        "counted_in_results": state.counted_in_results, "residual": state.residual,
        "crashes": state.crashes, "failures": state.failures}
