"""Send events late, twice, from the future and in no order, and compare the windows that result.

Roads carry the run in their names, and the county is one that nobody else uses now, so that the
drill's rows can be told from those of a living city.
"""

from __future__ import annotations

import random
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import pandas as pd
from confluent_kafka import KafkaError, Message, Producer

from geo.tree import AreaTree
from infra.drills import shuffle, windows
from infra.drills.draft import LATITUDE, LONGITUDE
from infra.drills.stage import Report, await_balance, own_publishers
from schemas.errors import ComponentError
from schemas.render.kafka import raw_name
from streams.broker import open_producer
from streams.clock import now_ms
from streams.publishers import Registration
from streams.settings import read_settings
from streams.settlement import Settlement, read_offsets
from streams.store import connect

FAMILY = "vehicle-position"
SETTLE_SECONDS = 180.0
POLL_SECONDS = 2.0
COLUMNS = ("publisher", "number", "observed_at", "received_at", "partition", "offset", "vehicle",
           "speed", "road", "place")
_encode = msgspec.json.Encoder().encode


@dataclass
class Outcome:
    """Hold what the drill found; `statuses` counts rows by status, right away and in the end."""

    events: int = 0
    fates: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    rows: dict[str, int] = field(default_factory=dict)
    statuses_at_once: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    silent_behind_seconds: int = 0
    residual: int = 0
    failures: list[str] = field(default_factory=list)


class Drill:
    """Run the drill."""

    def __init__(self, events: int, seed: int, report: Report,
                 final_lengths: Sequence[int] = windows.LENGTHS) -> None:
        """Take how many events, the seed, and for which windows to wait until they are final."""
        self._seed, self._report, self._final = seed, report, tuple(final_lengths)
        self._run, self._since, self._beats = f"{now_ms():x}", now_ms(), 0
        self._store = connect("reader")
        settings = read_settings()
        tree, chance = AreaTree.load(settings.areas), random.Random(f"{seed}/{self._run}")
        self._county = shuffle.find_county(tree, self._store, settings.city, chance)
        self._places = shuffle.draw_places(tree, self._county, chance)
        self._sent = {name: array("q") for name in COLUMNS}
        self._wanted: dict[str, pd.DataFrame] = {}
        self.outcome = Outcome(events)

    def run(self) -> Outcome:
        """Send, wait for the windows, compare."""
        topics = [raw_name(name, FAMILY) for name in shuffle.PUBLISHERS]
        with own_publishers(*(Registration(
                name, "Drill: disorder", "演练：乱序", families=[FAMILY], quota_events=0,
                quota_bytes=0) for name in shuffle.PUBLISHERS)):
            books = {name: Settlement(self._store, topic, read_offsets(name, topic))
                     for name, topic in zip(shuffle.PUBLISHERS, topics, strict=True)}
            producers = [open_producer(name, **{"linger.ms": 20}) for name in shuffle.PUBLISHERS]
            self._report(f"sending {self.outcome.events:,} events of county {self._county}")
            self._send(producers)
            self._compute()
            self._settle(books)  # however long the gate takes, as long as it goes on
            self._compare(SETTLE_SECONDS)
            self.outcome.statuses_at_once = self._statuses()
            self._await_final(producers[:len(shuffle.GOOD)])
            self._compare(0.0)
            self._compare_verdicts(books)
            left = await_balance(topics, self._since, self._report)
        self.outcome.residual = sum(abs(row.residual) for row in left)
        self.outcome.failures += [f"ledger: {row}" for row in left]
        self._store.close()
        return self.outcome

    def _send(self, producers: list[Producer]) -> None:
        """Send all events."""
        for one in shuffle.draw(self._seed, self.outcome.events):
            longitude, latitude, _ = self._places[one.place]
            body: dict[str, Any] = {
                "id": f"drill-{self._run}-{one.number}", "observed_at": one.observed_at,
                "vehicle_id": f"drill-{one.vehicle}", "longitude": longitude,
                "latitude": latitude}
            if one.speed >= 0:
                body["speed"] = one.speed / 100
            if one.road >= 0:
                body["road_id"] = self._road(one.road)
            self._produce(producers, one.publisher, body, partial(self._told, one))
        for producer in producers:
            if producer.flush(60.0):
                raise ComponentError("Kafka did not confirm all records")

    def _produce(self, producers: list[Producer], publisher: int, body: dict[str, Any],
                 told: Callable[[KafkaError | None, Message], None]) -> None:
        """Send one event, waiting for room."""
        producer, topic = producers[publisher], raw_name(shuffle.PUBLISHERS[publisher], FAMILY)
        while True:
            try:
                producer.produce(topic, value=_encode(body), key=body["vehicle_id"],
                                 on_delivery=told)
                break
            except BufferError:
                producer.poll(0.1)
        producer.poll(0)

    def _road(self, number: int) -> str:
        """Name a road of this run."""
        return f"drill-{self._run}-{number}"

    def _told(self, one: shuffle.Sent, error: KafkaError | None, message: Message) -> None:
        """Note when and where the broker appended an event."""
        if error is not None:
            self.outcome.failures.append(f"Kafka refused a record: {error.str()}")
            return
        row = (one.publisher, one.number, one.observed_at, message.timestamp()[1],
               message.partition() or 0, message.offset() or 0, one.vehicle, one.speed, one.road,
               one.place)
        for name, value in zip(COLUMNS, row, strict=True):
            self._sent[name].append(value)

    def _compute(self) -> None:
        """Compute what must be accepted, and its windows."""
        rows = windows.accepted(pd.DataFrame({
            name: pd.Series(column, dtype="int64") for name, column in self._sent.items()}))
        self.outcome.fates = {str(k): int(v) for k, v in rows["fate"].value_counts().items()}
        good = rows[rows["fate"] == "accepted"].reset_index(drop=True)
        good["leaf"] = good["place"].map({i: one[2] for i, one in enumerate(self._places)})
        good["road_id"] = good["road"].map(
            {-1: "", **{i: self._road(i) for i in range(shuffle.ROADS)}})
        self._wanted = {key: windows.compute(good, key) for key in ("road_id", "area")}
        newest = good.groupby("publisher")["observed_at"].max()
        silent = newest.get(shuffle.PUBLISHERS.index(shuffle.SILENT), 0)
        self.outcome.silent_behind_seconds = int(newest.max() - silent) // 1000

    def _compare(self, seconds: float) -> None:
        """Compare stored and computed windows cell by cell; give up when nothing changes more."""
        for key, wanted in self._wanted.items():
            until, last = time.monotonic() + seconds, -1
            while told := windows.differences(self._stored(key), wanted, key):
                if len(told) != last:
                    until, last = time.monotonic() + seconds, len(told)
                if time.monotonic() > until:
                    break
                time.sleep(POLL_SECONDS)
            self.outcome.rows[key] = len(wanted)
            self.outcome.failures += told[:50]
            self._report(f"{len(wanted):,} windows by {key}: {len(told)} differ")

    def _stored(self, key: str) -> pd.DataFrame:
        """Read the drill's own windows from the store."""
        result, mine = ("area_traffic", self._county) if key == "area" else (
            "road_state", f"drill-{self._run}-")
        names = windows.columns_of(key)
        asked = ", ".join("toUnixTimestamp(r.window_start) AS start" if name == "window_start"
                          else name for name in names)
        rows = self._store.query(
            f"SELECT {asked} FROM city.{result} AS r WHERE startsWith({key}, %(mine)s)"
            " AND r.window_start >= toDateTime(%(since)s)", {"mine": mine, "since": self._first()})
        found = pd.DataFrame(rows, columns=["start" if n == "window_start" else n for n in names])
        return found.rename(columns={"start": "window_start"})

    def _first(self) -> int:
        """Give the start of the earliest window in which the drill can have counted (epoch s)."""
        return (self._since - windows.HORIZON_MS) // 1000 - max(windows.LENGTHS)

    def _statuses(self) -> dict[str, int]:
        """Count the drill's windows, of the lengths that are waited for, by status."""
        asked = {"mine": f"drill-{self._run}-", "county": self._county, "since": self._first(),
                 "lengths": self._final}
        rows = self._store.query(" UNION ALL ".join(
            f"SELECT status, count() AS n FROM city.{result} AS r WHERE startsWith({key}, {mine})"
            " AND r.window_seconds IN %(lengths)s AND r.window_start >= toDateTime(%(since)s)"
            " GROUP BY status" for result, key, mine in (
                ("road_state", "road_id", "%(mine)s"), ("area_traffic", "area", "%(county)s"))),
            asked)
        found: dict[str, int] = {}
        for row in rows:
            found[row["status"]] = found.get(row["status"], 0) + row["n"]
        return found

    def _await_final(self, producers: list[Producer]) -> None:
        """Wait until every window is final, the good publishers going on meanwhile elsewhere."""
        until = time.monotonic() + max(self._final) + SETTLE_SECONDS
        while True:
            for number in range(len(shuffle.GOOD)):
                self._beats += 1
                self._produce(producers, number, {
                    "id": f"drill-{self._run}-beat-{self._beats}", "observed_at": now_ms(),
                    "vehicle_id": "drill-beat", "longitude": LONGITUDE, "latitude": LATITUDE},
                    _ignore)
            statuses = self.outcome.statuses = self._statuses()
            self._report(f"windows: {statuses}")
            if not statuses.get("provisional") or time.monotonic() > until:
                break
            time.sleep(POLL_SECONDS)
        for producer in producers:
            producer.flush(60.0)
        if open_ := statuses.get("provisional"):
            self.outcome.failures.append(f"{open_} windows did not become final")

    def _compare_verdicts(self, books: dict[str, Settlement]) -> None:
        """Compare the gate's own counts with the verdicts computed."""
        found = self.outcome.counted = self._settle(books)
        wanted = {name: self.outcome.fates.get(name, 0) for name in found}
        if found != wanted:
            self.outcome.failures.append(f"verdicts: computed {wanted}, the gate counted {found}")

    def _settle(self, books: dict[str, Settlement]) -> dict[str, int]:
        """Wait until the gate has passed what was sent; give its verdicts, without heartbeats."""
        found = {"accepted": -self._beats, "late": 0, "refused": 0, "duplicate": 0}
        for name, book in books.items():
            offsets = read_offsets(name, raw_name(name, FAMILY))
            ends = {part: high for part, (_, high) in offsets.items()}
            settled = book.settle(ends, lambda _: None)
            for fate, number in (("accepted", settled.accepted), ("late", settled.late),
                                 ("refused", settled.refused), ("duplicate", settled.duplicates)):
                found[fate] += number
        return found


def _ignore(_: KafkaError | None, __: Message) -> None:
    """Take no note of what became of a heartbeat; the ledger does."""
