"""Keep everything that writes still while a city is copied, and start it again afterwards."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from infra import clickhouse
from infra.launch import ALIVE, STOP_SECONDS, Report, Start, run_alone
from infra.processes import Process, choose, list_processes
from infra.readiness import port_answers
from infra.supervision import Supervisor
from schemas.errors import ComponentError
from streams.settings import read_settings

# they read the store or hold nothing that lasts
READERS = {"clickhouse", "jobmanager", "taskmanager", "wall", "console", "feed"}


def check_ours() -> None:
    """Raise ComponentError where settings name engines that were not started here."""
    settings = read_settings()
    for name, value in (("CITYBRAIN_BROKERS", settings.brokers),
                        ("CITYBRAIN_CLICKHOUSE", settings.clickhouse),
                        ("CITYBRAIN_FLINK_STORAGE", settings.flink_storage)):
        if value:
            raise ComponentError(f"{name} names {value}: a cluster of its own is backed up by its"
                                 " own means; this copies what `citybrain up` starts")


@contextmanager
def quiet_city(report: Report) -> Iterator[None]:
    """Stop what writes, the jobs with a savepoint and the broker last; start it again at the end.

    Where the city is down already, it stays so.
    """
    supervisor = Supervisor()
    states = supervisor.states()
    writers = tuple(one for one in list_processes() if one.name not in READERS
                    and states.get(one.name, {}).get("statename") in ALIVE)
    if not any(one.name == "kafka" for one in writers) and port_answers("kafka")():
        raise ComponentError("a broker runs that was not started by `citybrain up`: stop it first")
    try:
        if writers:
            report("stopping what writes; publishers wait meanwhile, the jobs leave a savepoint")
            _stop(supervisor, writers)
        yield
    finally:
        if writers:
            _start_again(writers, report)


def _stop(supervisor: Supervisor, writers: tuple[Process, ...]) -> None:
    """Stop processes, each when all that depend on it have stopped."""
    names, asked = {one.name for one in writers}, set[str]()
    until = time.monotonic() + STOP_SECONDS
    while True:
        alive = {name for name, row in supervisor.states().items()
                 if name in names and row["statename"] in ALIVE}
        if not alive:
            return
        if time.monotonic() > until:
            raise ComponentError(f"not stopped after {STOP_SECONDS:g} s: {', '.join(alive)}")
        for name in sorted(alive - asked):
            if not any(name in one.depends and one.name in alive for one in writers):
                supervisor.stop(name)
                asked.add(name)
        time.sleep(0.1)


def _start_again(writers: tuple[Process, ...], report: Report) -> None:
    """Start what was stopped; Ctrl-C must not leave a city half stopped."""
    report("starting again what was stopped")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        Start(writers, lambda _: None).run()
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def store_running() -> Iterator[None]:
    """Have ClickHouse run for the length of a block; one that runs already goes on."""
    if clickhouse.is_ready():
        yield
        return
    with run_alone(choose("clickhouse")[0]):
        yield
