"""Build the data frame: judge, remove duplicates, group, keep windows, sink.

State lies in RocksDB with changelog topics, as it does unless told otherwise. The ids that a
vehicle sent within the horizon are kept beside it, since a state belongs to a key.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from quixstreams import Application, State
from quixstreams.dataframe import StreamingDataFrame
from quixstreams.kafka.configuration import ConnectionConfig

from tests.peers import window
from tests.peers.position import HORIZON_MS, Judge, RefusedError, read_judge
from tests.peers.quix_streams.sinks import Letters, Windows

LENGTHS = (10, 60)
# partitions are read one after the other: a window stays open as long as a record may be in time
GRACE_MS = 2 * HORIZON_MS
COMMIT_SECONDS = 1.0


class Teller:
    """Say once that the first record has been processed."""

    def __init__(self) -> None:
        """Nothing is said yet."""
        self._told = False

    def tell(self, _topic: str, _partition: int, _offset: int) -> None:
        """Take note of a record."""
        if not self._told:
            print("reading", flush=True)
            self._told = True


def open_app() -> Application:
    """Open an app that logs in."""
    return Application(
        ConnectionConfig(
            bootstrap_servers=os.environ["BENCH_BROKERS"], security_protocol="sasl_plaintext",
            sasl_mechanism="SCRAM-SHA-256", sasl_username=os.environ["BENCH_ACCOUNT"],
            sasl_password=os.environ["BENCH_PASSWORD"]),
        consumer_group=os.environ["BENCH_GROUP"], auto_offset_reset="earliest",
        commit_interval=COMMIT_SECONDS, loglevel="WARNING", on_message_processed=Teller().tell,
        state_dir=Path(os.environ["BENCH_AREAS"]).parent / "quix" / os.environ["BENCH_GROUP"])


def judge_one(judge: Judge, body: bytes, _key: bytes, appended_at: int,
              _headers: object) -> dict[str, Any]:
    """Give what counts of a record, or the dead letter."""
    try:
        one = judge.check(body, appended_at)
    except RefusedError as error:
        return {"letter": [error.kind, str(error), body.decode("utf-8", "replace")]}
    return {"id": one.id, "at": one.observed_at, "area": judge.place(one),
            "road_class": one.road_class, "speed": round(one.speed * 100)}


def is_new(told: dict[str, Any], _key: bytes, appended_at: int, _headers: object,
           state: State) -> bool:
    """Tell whether a vehicle's id did not come within the horizon, and take note of it."""
    known = {name: at for name, at in state.get("ids", {}).items()
             if appended_at - at <= HORIZON_MS}
    if told["id"] in known:
        return False
    state.set("ids", {**known, told["id"]: appended_at})
    return True


def build_app() -> Application:
    """Build the app."""
    app = open_app()
    source = app.topic(os.environ["BENCH_TOPIC"], key_deserializer="bytes",
                       value_deserializer="bytes")
    judged = app.dataframe(source).apply(
        partial(judge_one, read_judge(Path(os.environ["BENCH_AREAS"]))), metadata=True)
    judged.filter(lambda told: "letter" in told).sink(Letters())
    placed = judged.filter(lambda told: "letter" not in told).filter(
        is_new, stateful=True, metadata=True).filter(lambda told: told["area"])
    _keep_windows(placed.group_by(
        lambda told: f"{told['area']}|{told['road_class']}", name="placed"))
    return app


def _keep_windows(placed: StreamingDataFrame) -> None:
    """Keep windows of every length by the time of the records, and sink each change."""
    timed = placed.set_timestamp(lambda told, _key, _at, _headers: told["at"])
    for seconds in LENGTHS:
        timed.tumbling_window(seconds * 1000, GRACE_MS, name=f"windows{seconds}").reduce(
            reducer=lambda grown, told: window.add(grown, told["speed"]),
            initializer=lambda told: window.begin(told["speed"])).current().sink(Windows(seconds))
