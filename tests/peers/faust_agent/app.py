"""Build the app: one agent judges, one counts, a timer inserts.

Tables are split as the topic of the agent that writes them is, so records are sent on by area and
class of road, and known ids are kept beside the vehicles; each table has its changelog topic, from
which a worker that takes over a partition reads it back.
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import Any

import faust

from tests.peers import rows, window
from tests.peers.position import HORIZON_MS, Judge, RefusedError, read_judge

LENGTHS = (10, 60)
HORIZON_SECONDS = HORIZON_MS / 1000
# a window expires by the clock, whatever is read: a topic may have waited for hours to be drained
EXPIRES_SECONDS = 6 * 3600.0
INSERT_SECONDS = 1.0
SOURCE_PARTITIONS, PLACED_PARTITIONS = 4, 2
Touched = dict[tuple[int, int, str], window.Window]


class Placed(faust.Record, serializer="json"):
    """Hold what is counted of a record: when (epoch s), and hundredths of km/h."""

    at: float
    speed: int


def open_app() -> faust.App:
    """Open an app that logs in and serves no page."""
    return faust.App(
        os.environ["BENCH_GROUP"],
        broker=[f"kafka://{one}" for one in os.environ["BENCH_BROKERS"].split(",")],
        broker_credentials=faust.SASLCredentials(
            username=os.environ["BENCH_ACCOUNT"], password=os.environ["BENCH_PASSWORD"],
            mechanism="SCRAM-SHA-256"),
        consumer_auto_offset_reset="earliest", topic_replication_factor=1,
        topic_disable_leader=True, producer_linger=0.02, store="memory://", web_enabled=False,
        autodiscover=False, datadir=Path(os.environ["BENCH_AREAS"]).parent / "faust",
        origin="tests.peers.faust_agent")


class Rows:
    """Hold what is to be inserted."""

    def __init__(self) -> None:
        """Start with nothing, and open the store."""
        self.touched: Touched = {}
        self.letters: list[tuple[str, str, str]] = []
        self._store = rows.open_store()

    async def insert(self) -> None:
        """Insert, in a thread, the newest state of windows that changed, and dead letters."""
        touched, letters = self.touched, self.letters
        self.touched, self.letters = {}, []
        await asyncio.get_running_loop().run_in_executor(None, self._insert, touched, letters)

    def _insert(self, touched: Touched, letters: list[tuple[str, str, str]]) -> None:
        """Insert."""
        rows.insert(self._store, rows.WINDOWS, [
            (seconds, start, *key.split("|"), *window.measures(one))
            for (seconds, start, key), one in touched.items()])
        rows.insert(self._store, rows.LETTERS, letters)


def build_app() -> faust.App:
    """Build the app."""
    app, waiting = open_app(), Rows()
    placed = app.topic(f"bench-placed-{app.conf.id}", key_type=str, value_type=Placed,
                       partitions=PLACED_PARTITIONS)
    _judge(app, placed, read_judge(Path(os.environ["BENCH_AREAS"])), waiting)
    _count(app, placed, waiting)

    @app.timer(INSERT_SECONDS)
    async def insert() -> None:
        """Insert what has gathered."""
        await waiting.insert()

    return app


def _judge(app: faust.App, placed: Any, judge: Judge, waiting: Rows) -> None:
    """Give the app the agent that judges, and its table of known ids."""
    source = app.topic(os.environ["BENCH_TOPIC"], key_type=bytes, value_type=bytes,
                       key_serializer="raw", value_serializer="raw", internal=False)
    known = app.Table("known", partitions=SOURCE_PARTITIONS, value_type=float).tumbling(
        HORIZON_SECONDS, expires=EXPIRES_SECONDS).relative_to_stream()

    def is_new(name: str, event: Any) -> bool:
        """Tell whether an id did not come within the horizon, and take note of it."""
        now = event.message.timestamp
        for look in (known[name].current, partial(known[name].delta, HORIZON_SECONDS)):
            try:
                if now - look(event) <= HORIZON_SECONDS:
                    return False
            except KeyError:
                continue
        known[name] = now
        return True

    @app.agent(source, name="judge")
    async def judge_all(stream: Any) -> None:
        """Judge each record, and send on what counts."""
        told = False
        async for event in stream.events():
            if not told:
                # a line of its own: the worker has written codes for the terminal before
                print("\nreading", flush=True)
                told = True
            try:
                one = judge.check(event.value, round(event.message.timestamp * 1000))
            except RefusedError as error:
                waiting.letters.append(
                    (error.kind, str(error), event.value.decode("utf-8", "replace")))
                continue
            if is_new(one.id, event) and (area := judge.place(one)):
                await placed.send(key=f"{area}|{one.road_class}", value=Placed(
                    at=one.observed_at / 1000, speed=round(one.speed * 100)))


def _count(app: faust.App, placed: Any, waiting: Rows) -> None:
    """Give the app the agent that counts, and its windows."""
    at: Any = Placed.at
    tables = {seconds: app.Table(f"windows{seconds}", partitions=PLACED_PARTITIONS).tumbling(
        seconds, expires=EXPIRES_SECONDS).relative_to_field(at) for seconds in LENGTHS}

    @app.agent(placed, name="count")
    async def count_all(stream: Any) -> None:
        """Count each record in its windows."""
        async for key, one in stream.items():
            for seconds, table in tables.items():
                try:
                    grown = window.add(table[key].value(), one.speed)
                except KeyError:
                    grown = window.begin(one.speed)
                table[key] = grown
                start = int(one.at) // seconds * seconds
                waiting.touched[seconds, start, key] = grown
