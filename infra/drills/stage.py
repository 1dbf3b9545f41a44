"""Set the stage of a drill: publishers of its own, what must not crash, what must come to rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import psutil

from infra.orphans import list_marked
from jobs.cluster import Cluster
from schemas.errors import CityBrainError, ComponentError
from streams import rotation
from streams.clock import now_ms
from streams.ledger import MINUTE_MS, Ledger, Row
from streams.publishers import Registration, register

Report = Callable[[str], None]
REST_SECONDS = 300.0
POLL_SECONDS = 2.0
# a word of the command line of each component that bad input could crash
COMPONENTS = {
    "taskmanager": "TaskManagerRunner", "jobmanager": "StandaloneSessionClusterEntrypoint",
    "keeper of the jobs": "jobs.keeper", "sink": "streams.sink", "intake": "streams.intake",
    "finals": "streams.finals", "ledger": "streams.ledger"}


@contextmanager
def own_publishers(*wanted: Registration) -> Iterator[None]:
    """Register publishers for as long as a drill lasts; what they sent stays, as declared."""
    register(*wanted)
    try:
        yield
    finally:
        for one in wanted:
            with suppress(CityBrainError):  # the broker is away, or somebody was quicker
                rotation.remove(one.name)


def pulse() -> dict[str, str]:
    """Give what changes when a component crashes: its processes, and the restarts of its job."""
    found = {}
    for name, word in COMPONENTS.items():
        pids = [str(process.pid) for process in list_marked(word) if _is_parent(process, word)]
        if pids:
            found[name] = " ".join(sorted(pids))
    cluster = Cluster()
    for job in cluster.list_jobs():
        if job["state"] in {"RUNNING", "RESTARTING", "CREATED"}:
            told = cluster.get(f"/jobs/{job['jid']}/metrics?get=numRestarts")
            restarts = told[0]["value"] if told else "0"
            found[f"job {job['name']}"] = f"{job['jid']} after {restarts} restarts"
    return found


def _is_parent(process: psutil.Process, word: str) -> bool:
    """Tell whether a process is the component itself and no child that it forked."""
    try:
        above = process.parent()
        return above is None or not any(word in part for part in above.cmdline())
    except psutil.Error:
        return False


def crashes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Tell which components are not what they were."""
    return [f"{name}: {was}, now {after.get(name, 'gone')}"
            for name, was in before.items() if after.get(name) != was]


def await_balance(topics: Sequence[str], since_ms: int, report: Report,
                  seconds: float = REST_SECONDS) -> list[Row]:
    """Wait until the ledger of raw topics closes since a moment (epoch ms).

    Give the minutes whose residual is not 0, or in which something is still in flight, when the
    patience ends. Nobody else writes these topics, so no minute must pass before they are judged.
    """
    ledger, until = Ledger(), time.monotonic() + seconds
    while True:
        now = now_ms()
        rows = [row for row in count_since(ledger, since_ms, now)
                if row.raw_topic in topics and row.minute > since_ms - MINUTE_MS]
        open_ = [row for row in rows if row.residual or row.in_flight]
        report(f"{len(rows) - len(open_)} of {len(rows)} topic minutes at rest with residual 0")
        if (rows and not open_) or time.monotonic() > until:
            return open_
        time.sleep(POLL_SECONDS)


def count_since(ledger: Ledger, since_ms: int, now: int) -> list[Row]:
    """Count the ledger since a moment; nothing while the sink is away or far behind."""
    try:
        return ledger.count((now - since_ms) // MINUTE_MS + 2, now)
    except ComponentError:
        return []
