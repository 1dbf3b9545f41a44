"""Drain the preloaded topic by one contender after the other, and compare with the truth.

The clock runs from the contender's first read until the last row of its work is visible in the
store; what came before, its start, is told apart. The steady rate leaves out the first fifth of the
records. A contender whose final table is not the oracle's, row by row, has no rate.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from infra.bench.contender import Contender, Course, Expected
from infra.bench.meter import Meter
from infra.bench.oracle import Truth

START_SECONDS = 180.0
STUCK_SECONDS = 60.0
WARMING_SHARE = 0.2
# seconds between two looks at the store, which cost what is measured: more of them towards the end
SHORTEST_LOOK, LONGEST_LOOK = 0.5, 5.0
LOOKS_LEFT = 4
LISTED = ("late", "malformed", "duplicate")
Report = Callable[[str], None]


@dataclass
class Run:
    """Hold one run: seconds, CPU seconds and most bytes by part, and what was wrong."""

    contender: str
    number: int
    events: int
    start_seconds: float = 0.0
    windows_seconds: float = 0.0
    seconds: float = 0.0
    steady_seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)
    fates: dict[str, int] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    seen: list[tuple[float, int]] = field(default_factory=list)

    @property
    def rate(self) -> float | None:
        """Give records a second from first read to last row; None where the answer is wrong."""
        return None if self.failures or not self.seconds else self.events / self.seconds

    @property
    def windows_rate(self) -> float | None:
        """Give the same until the last row of a window."""
        return None if self.rate is None else self.events / self.windows_seconds

    @property
    def steady_rate(self) -> float | None:
        """Give records a second without the first fifth."""
        if self.rate is None or not self.steady_seconds:
            return None
        return self.events * (1 - WARMING_SHARE) / self.steady_seconds


@dataclass(frozen=True, slots=True)
class Lane:
    """Hold a course, its truth and how many records it has."""

    course: Course
    truth: Truth
    events: int

    @property
    def expected(self) -> Expected:
        """Say how much is to be seen."""
        fates = self.truth.fates
        return Expected(fates["good"], self.truth.placed, fates["late"] + fates["malformed"])


class Drain:
    """Let contenders drain in turn."""

    def __init__(self, lanes: Mapping[float, Lane], report: Report) -> None:
        """Take a lane for each share of the stream, and where progress is told."""
        self._lanes, self._report = lanes, report

    def run(self, contenders: Sequence[Contender], runs: int) -> list[Run]:
        """Run all contenders, interleaved, so that a slow hour of the machine meets each."""
        return [self._run(contender, number + 1)
                for number in range(runs) for contender in contenders]

    def _run(self, contender: Contender, number: int) -> Run:
        """Run one contender once."""
        lane = self._lanes[contender.share]
        run = Run(contender.name, number, lane.events)
        self._report(f"{contender.name}, run {number}: getting ready")
        with contender.standing(lane.course), Meter() as meter:
            begun = time.monotonic()
            with contender.draining():
                self._measure(contender, run, meter, begun, lane.expected)
            judge(contender, run, lane.truth)
        rate = run.rate
        self._report(f"{contender.name}, run {number}: "
                     + (f"{rate:,.0f} records/s" if rate else "; ".join(run.failures)[:2000]))
        return run

    def _measure(self, contender: Contender, run: Run, meter: Meter, begun: float,
                 expected: Expected) -> None:
        """Wait for the first read, for the last window and for the last row."""
        while not contender.is_reading():
            if time.monotonic() - begun > START_SECONDS:
                run.failures.append(f"nothing was read within {START_SECONDS:g} s")
                return
            time.sleep(0.1)
        reading = meter.sample()
        run.start_seconds = reading - begun
        if not self._await(run, reading, contender.counted, expected.placed):
            run.failures.append(f"{run.seen[-1][1]:,} of {expected.placed:,} records are"
                                f" in windows, and no more came for {STUCK_SECONDS:g} s")
        run.windows_seconds = run.seen[-1][0]
        until = time.monotonic() + STUCK_SECONDS * 5
        while not contender.is_all_stored(expected) and time.monotonic() < until:
            time.sleep(SHORTEST_LOOK)
        done = meter.sample()
        run.seconds = done - reading
        run.steady_seconds = run.seconds - _reached(
            run.seen, expected.placed * WARMING_SHARE)
        run.cpu, run.memory = meter.between(reading, done)

    def _await(self, run: Run, reading: float, count: Callable[[], int], wanted: int) -> bool:
        """Look until so many records are counted; False when no more come."""
        told_at = grown_at = time.monotonic()
        while True:
            counted, now = count(), time.monotonic()
            if not run.seen or counted > run.seen[-1][1]:
                grown_at = now
            run.seen.append((now - reading, counted))
            if counted >= wanted:
                return counted == wanted
            if now - grown_at > STUCK_SECONDS:
                return False
            if now - told_at > 5:
                told_at = now
                self._report(f"{run.contender}: {counted:,} of {wanted:,} counted")
            time.sleep(_pause(run.seen[-1], wanted))


def judge(contender: Contender, run: Run, truth: Truth) -> None:
    """Compare the final table, and the counts of what is in no window, with the truth."""
    run.failures += truth.differences(contender.table())
    run.fates = contender.fates()
    run.failures += [f"{run.fates[name]:,} {name}, {truth.fates[name]:,} expected"
                     for name in LISTED if name in run.fates
                     and run.fates[name] != truth.fates[name]]


def _pause(seen: tuple[float, int], wanted: int) -> float:
    """Give how long not to look: a share of what the rest will take at the pace so far."""
    at, counted = seen
    left = (wanted - counted) * at / counted if counted else 0.0
    return min(LONGEST_LOOK, max(SHORTEST_LOOK, left / LOOKS_LEFT))


def _reached(seen: Sequence[tuple[float, int]], number: float) -> float:
    """Give when so many records were counted, between two looks in proportion (seconds)."""
    former = (0.0, 0)
    for at, counted in seen:
        if counted >= number:
            share = (number - former[1]) / max(1, counted - former[1])
            return former[0] + share * (at - former[0])
        former = (at, counted)
    return former[0]
