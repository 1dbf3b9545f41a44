"""Let the city live for hours, kill a component every few minutes, and watch memory and wall.

Memory is judged by the processes that lived long enough: the slope of the second half of their
samples must stay below GROWTH an hour. It is the median of the slopes between all pairs (Theil and
Sen), which a single step does not move. An engine fills the heap and the caches that its profile
gives it, and is judged above that; the TaskManager's Python workers are judged apart from it. The
ledger must have residual 0 in every minute that is at rest, whenever one looks.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import httpx
import msgspec
import numpy as np
import psutil

from infra.drills.blows import WORKER, Blow, Way, list_targets, look, strike
from infra.drills.kills import plan
from infra.drills.progress import forget, keep
from infra.drills.stage import Report, count_since
from infra.processes import list_processes
from infra.profiles import sizes
from infra.status import list_status
from infra.supervision import Supervisor
from streams.clock import now_ms
from streams.ledger import Ledger, settled
from streams.tls import address, trust

NAME = "soak"
SAMPLE_SECONDS = 30.0
# share of its memory, and at least so many MiB, by which a process may grow in an hour
GROWTH, GROWTH_MIB = 0.05, 5.0
# so long a process must live to be judged: JVMs fill their heaps before
LEAST_MINUTES = 20.0
# what was struck so lately may be silent or old
GRACE_SECONDS = 180.0
# the store must not be older than this (s) while nothing was struck lately
STORE_SECONDS = 60.0
MEBIBYTE = 1 << 20


class Soak(msgspec.Struct):
    """Hold what was seen so far; samples are (minutes lived, process, MiB) by component."""

    seed: int
    minutes: float
    every: float
    lived: float = 0.0
    strikes: int = 0
    samples: dict[str, list[tuple[float, int, float]]] = {}
    wall_asked: int = 0
    wall_silent: int = 0
    oldest_seconds: float = 0.0
    failures: list[str] = []

    def note(self, name: str, pid: int, size: int) -> None:
        """Note the memory (bytes) of a component's process now."""
        self.samples.setdefault(name, []).append((round(self.lived, 2), pid, size / MEBIBYTE))


class Drill:
    """Run the drill; Ctrl-C ends it, and another run adds to it."""

    def __init__(self, state: Soak, report: Report) -> None:
        """Take the state, new or resumed."""
        self.state, self._report = state, report
        self._targets = list_targets(list_processes(), Supervisor())
        rounds = 1 + int(state.minutes / state.every) // len(self._targets)
        self._plan = list(plan(list(self._targets), [Way.KILL], rounds, state.seed))
        self._struck_at = -GRACE_SECONDS

    def run(self) -> None:
        """Live, look and strike until the minutes are over."""
        look(self._targets.values())
        begun, lived = now_ms(), self.state.lived
        started, ledger = time.monotonic(), Ledger()
        while self.state.lived < self.state.minutes:
            time.sleep(SAMPLE_SECONDS)
            self.state.lived = lived + (time.monotonic() - started) / 60
            self._look(ledger, begun)
            if self.state.lived >= (self.state.strikes + 1) * self.state.every:
                self._strike(self._plan[self.state.strikes % len(self._plan)])
            keep(NAME, self.state)
        if not self.state.failures + grew(self.state):
            forget(NAME)

    def _strike(self, blow: Blow) -> None:
        """Kill one component, and wait until it is back."""
        seconds = strike(blow, self._targets)
        self._struck_at = time.monotonic()
        self.state.strikes += 1
        self._report(f"{self.state.lived:5.1f} min: killed {blow.names[0]}, back after"
                     f" {seconds:.1f} s")

    def _look(self, ledger: Ledger, begun: int) -> None:
        """Sample memory, ask the wall, and read the ledger."""
        calm = time.monotonic() - self._struck_at > GRACE_SECONDS
        workers = measure_memory(
            self._targets[WORKER].pids() if WORKER in self._targets else set())
        for row in list_status():
            if row.pid and row.memory_bytes:
                apart = sum(workers.values()) if row.name == "taskmanager" else 0
                self.state.note(row.name, row.pid, row.memory_bytes - apart)
            if row.name == "clickhouse" and calm:
                age = row.data_age_seconds if row.data_age_seconds is not None else float("inf")
                self.state.oldest_seconds = max(age, self.state.oldest_seconds)
                if age > STORE_SECONDS:
                    self._fail(f"the newest vehicle position was {age:.0f} s old")
        for pid, size in workers.items():
            self.state.note(WORKER, pid, size)
        self.state.wall_asked += 1
        if not wall_answers():
            self.state.wall_silent += 1
            if calm:
                self._fail("the wall did not answer")
        now = now_ms()
        for one in settled(count_since(ledger, begun, now), now):
            if one.residual and one.minute >= begun:
                self._fail(f"ledger: {one.raw_topic} {one.minute}: residual {one.residual}")

    def _fail(self, what: str) -> None:
        """Note what is wrong, once."""
        if what not in self.state.failures:
            self.state.failures.append(what)
            self._report(what)


def measure_memory(pids: Iterable[int]) -> dict[int, int]:
    """Give the resident bytes of processes, of those that are still there."""
    found = {}
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            found[pid] = psutil.Process(pid).memory_info().rss
    return found


def wall_answers() -> bool:
    """Tell whether the wall's server says that it is well."""
    try:
        return httpx.get(f"{address('wall')}/_stcore/health", timeout=10, trust_env=False,
                         verify=trust()).status_code == 200
    except httpx.HTTPError:
        return False


def growth(state: Soak) -> dict[str, tuple[float, float]]:
    """Give size (MiB) and growth (MiB an hour) of each component's longest-lived process."""
    found = {}
    for name, samples in state.samples.items():
        by_pid: dict[int, list[tuple[float, float]]] = {}
        for minute, pid, size in samples:
            by_pid.setdefault(pid, []).append((minute, size))
        longest = max(by_pid.values(), key=lambda one: one[-1][0] - one[0][0])
        if longest[-1][0] - longest[0][0] < LEAST_MINUTES:
            continue
        minutes, mebibytes = np.array(longest[len(longest) // 2:]).T
        one, other = np.triu_indices(len(minutes), 1)
        slope = np.median((mebibytes[other] - mebibytes[one]) / (minutes[other] - minutes[one]))
        found[name] = (float(np.median(mebibytes)), float(slope) * 60)
    return found


def grew(state: Soak) -> list[str]:
    """Tell of each component that did not stay flat."""
    given = sizes()
    filled = {"kafka": given.kafka_heap + given.kafka_direct, "clickhouse": given.clickhouse,
              "jobmanager": given.jobmanager, "taskmanager": given.taskmanager}
    return [f"{name} grew by {grown:.1f} MiB an hour at {size:.0f} MiB"
            for name, (size, grown) in growth(state).items()
            if grown > max(GROWTH * size, GROWTH_MIB) and size > filled.get(name, 0)]


def tell(state: Soak) -> dict[str, Any]:
    """Give the figures of a drill as plain data."""
    return {"minutes": round(state.lived, 1), "strikes": state.strikes,
            "memory_mib": {name: {"size": round(size), "growth_an_hour": round(grown, 1)}
                           for name, (size, grown) in growth(state).items()},
            "wall_asked": state.wall_asked, "wall_silent": state.wall_silent,
            "oldest_seconds": state.oldest_seconds, "failures": state.failures + grew(state)}
