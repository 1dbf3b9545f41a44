"""Kill components of the running city and watch them come back by themselves."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from infra.processes import Process
from infra.supervision import Supervisor
from schemas.errors import ComponentError
from streams.clock import now_ms
from streams.ledger import MINUTE_MS, Ledger, Row, settled

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 180.0
REST_SECONDS = 600.0
REST_POLL_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Kill:
    """Hold what came of one kill: seconds until the component was ready again."""

    name: str
    seconds: float


def kill(process: Process) -> Kill:
    """Kill one component with signal 9 and wait until another of its kind is ready."""
    supervisor = Supervisor()
    before = supervisor.states().get(process.name, {}).get("pid")
    if not before:
        raise ComponentError(f"{process.name} does not run: `citybrain up` starts the city")
    begun = time.monotonic()
    psutil.Process(before).kill()
    while time.monotonic() - begun < PATIENCE_SECONDS:
        time.sleep(POLL_SECONDS)
        state = supervisor.states().get(process.name, {})
        if (state.get("statename") == "RUNNING" and state["pid"] not in (0, before)
                and process.ready()):
            return Kill(process.name, time.monotonic() - begun)
    raise ComponentError(f"{process.name} is not back {PATIENCE_SECONDS:g} s after it was killed")


def await_rest(since_ms: int, report: Callable[[str], None]) -> list[Row]:
    """Wait until every minute from a moment (epoch ms) to now is at rest with residual 0.

    Give the rows that are not when the patience ends: none, where nothing was lost.
    """
    end, until = now_ms(), time.monotonic() + REST_SECONDS
    ledger = Ledger()
    while True:
        now = now_ms()
        rows = [row for row in ledger.count((now - since_ms) // MINUTE_MS + 2, now)
                if since_ms - MINUTE_MS < row.minute <= end]
        good = [row for row in settled(rows, now) if not row.residual]
        report(f"{len(good)} of {len(rows)} topic minutes at rest with residual 0")
        if len(good) == len(rows) or time.monotonic() > until:
            return [row for row in rows if row not in good]
        time.sleep(REST_POLL_SECONDS)
