"""Let the real road compete: gate, job, sink and store of a city of its own.

What it is to do beyond any city is in two added files, `infra/bench/city`. Each run begins in an
empty store, with empty topics behind the gate and without Flink's state.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from importlib.metadata import version

import pandas as pd
from confluent_kafka.admin import AdminClient

from infra.bench.contender import FAMILY, Course, Expected, read_table
from infra.bench.drain import START_SECONDS
from infra.launch import run_alone
from infra.orphans import stop_marked
from infra.processes import choose
from infra.readiness import jobs_run
from schemas.errors import ComponentError
from schemas.render.kafka import raw_name
from streams.broker import client_config
from streams.settings import read_settings
from streams.store import Store, connect

STANDING = ("clickhouse", "registrar", "jobmanager", "taskmanager", "sink")
BEHIND = ("event-", "result-", "gate-ledger", "dead-letters", "publisher-progress", "vault")
GROUP = "sink"
FORGET_SECONDS = 60.0
COUNTED = """
    SELECT least(sumIf(events, window_seconds = 10), sumIf(events, window_seconds = 60)) AS n
    FROM store.probe_window FINAL"""
STORED = """
    SELECT (SELECT count() FROM store.probe_position) AS events,
        (SELECT count() FROM store.dead_letters) AS letters"""
TABLE = """
    SELECT window_seconds, toUnixTimestamp(window_start) AS window_start, area, road_class, events,
        speed_sum, toInt64(round(speed_p85 * 100)) AS speed_p85, speed_min, speed_max
    FROM city.probe_window"""
FATES = """
    SELECT sum(late) AS late, sum(refused) AS malformed, sum(duplicates) AS duplicate
    FROM store.gate_ledger FINAL WHERE raw_topic = %(topic)s"""
PACKAGES = ("apache-flink", "pandas", "pyarrow", "msgspec", "confluent-kafka", "clickhouse-driver",
            "shapely", "numpy")


class Ours:
    """Run the road."""

    name = "ours"
    title = "City Brain: gate in PyFlink, windows in Flink SQL, sink, ClickHouse"
    share = 1.0
    cannot: Sequence[str] = ()
    does_more: Sequence[str] = (
        "keeps every clean event as a topic and as a table, and pseudonymises vehicles",
        "keeps dead letters with reason, field and coordinates, and a ledger that closes",
        "publishes windows as a topic, provisional values every two seconds, late ones too",
        "runs the queries of every family of a city beside this one",
    )

    def __init__(self) -> None:
        """Hold no connection yet."""
        self._store: Store | None = None

    @property
    def _open_store(self) -> Store:
        """Give the connection of this run."""
        if self._store is None:
            self._store = connect("migrator")
        return self._store

    @contextmanager
    def standing(self, course: Course) -> Iterator[None]:  # noqa: ARG002 (areas are in the tree)
        """Start everything but the job, in an emptied city."""
        forget()
        with ExitStack() as stack:
            stack.callback(stop_marked, "pyflink")
            for name in STANDING:
                stack.enter_context(run_alone(choose(name)[0]))
            try:
                yield
            finally:
                self._open_store.close()
                self._store = None

    @contextmanager
    def draining(self) -> Iterator[None]:
        """Start the keeper of the jobs, which submits them."""
        # to wait for the jobs is the measuring's own matter
        with run_alone(replace(choose("job")[0], ready=lambda: True)):
            yield

    def is_reading(self) -> bool:
        """Tell whether all tasks of the job run: from then on its source reads."""
        return jobs_run()

    def await_reading(self) -> None:
        """Wait until the job reads; raise ComponentError where it does not."""
        until = time.monotonic() + START_SECONDS
        while not self.is_reading():
            if time.monotonic() > until:
                raise ComponentError(f"nothing was read within {START_SECONDS:g} s")
            time.sleep(0.1)

    def counted(self) -> int:
        """Count the records that are in windows of both lengths."""
        return int(self._open_store.query(COUNTED)[0]["n"])

    def is_all_stored(self, expected: Expected) -> bool:
        """Tell whether every clean event and every dead letter is a row."""
        row = self._open_store.query(STORED)[0]
        return bool(row["events"] >= expected.good and row["letters"] >= expected.letters)

    def table(self) -> pd.DataFrame:
        """Read the windows."""
        return read_table(self._open_store, TABLE)

    def fates(self) -> dict[str, int]:
        """Read the gate's own counts."""
        row = self._open_store.query(
            FATES, {"topic": raw_name("city-probe", FAMILY)})[0]
        return {name: int(number) for name, number in row.items()}

    def versions(self) -> dict[str, str]:
        """Name what the road stands on."""
        return {name: version(name) for name in PACKAGES}


def forget() -> None:
    """Delete store, state, the topics behind the gate, and how far the sink has come."""
    home = read_settings().home
    for name in ("clickhouse", "flink"):
        shutil.rmtree(home / name, ignore_errors=True)
    admin = AdminClient(client_config("admin"))
    known = admin.list_topics(timeout=10).topics
    doomed = [name for name in known if name.startswith(BEHIND)]
    for future in admin.delete_topics(doomed).values() if doomed else ():
        future.result(FORGET_SECONDS)
    groups = {one.group_id for one in admin.list_consumer_groups().result(10).valid or ()}
    for future in admin.delete_consumer_groups([GROUP]).values() if GROUP in groups else ():
        future.result(FORGET_SECONDS)
    until = time.monotonic() + FORGET_SECONDS
    while set(doomed) & set(admin.list_topics(timeout=10).topics):
        if time.monotonic() > until:
            raise ComponentError("the broker did not delete the topics of an earlier run")
        time.sleep(0.3)
