"""Strike every component of the running city in random order, and prove that nothing was lost.

What is found adds up over sessions: the drill can be interrupted, and goes on where it stopped.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import msgspec

from infra.drills.blows import Blow, Target, Way, list_targets, look, may_cut, strike
from infra.drills.progress import forget, keep
from infra.drills.stage import Report, count_since, own_publishers
from infra.drills.witness import DOORS, FAMILY, PUBLISHER, Witness
from infra.processes import Process
from infra.supervision import Supervisor
from streams.clock import now_ms
from streams.ledger import MINUTE_MS, Ledger, Row, settled
from streams.publishers import Registration
from streams.store import connect

NAME = "kills"
# in each round every component is killed once, and one in so many is struck in each other way
OTHERS = 8
REST_SECONDS, REST_POLL_SECONDS = 600.0, 10.0
WITNESS_SECONDS = 300.0


class Kills(msgspec.Struct):
    """Hold what the drill has found; `done` counts blows, `slowest` is in seconds."""

    seed: int
    rounds: int
    names: list[str]
    ways: list[str]
    done: int = 0
    struck: dict[str, dict[str, int]] = {}
    slowest: dict[str, float] = {}
    acknowledged: dict[str, int] = {}
    minutes: int = 0
    failures: list[str] = []

    @property
    def blows(self) -> list[Blow]:
        """Give every blow of the drill, in order; seed and names decide all."""
        return list(plan(self.names, [Way(one) for one in self.ways], self.rounds, self.seed))

    def note(self, blow: Blow, seconds: float) -> None:
        """Add a blow after which all was well again."""
        for name in blow.names:
            times = self.struck.setdefault(name, {})
            times[blow.way] = times.get(blow.way, 0) + 1
            self.slowest[name] = max(seconds, self.slowest.get(name, 0.0))
        self.done += 1


def begin(processes: Iterable[Process], rounds: int, seed: int) -> Kills:
    """Begin a drill on these components, in every way that is possible here."""
    names = list(list_targets(processes, Supervisor()))
    ways = [way for way in Way if way is not Way.CUT or may_cut()]
    return Kills(seed, rounds, names, [str(way) for way in ways])


def plan(names: list[str], ways: list[Way], rounds: int, seed: int) -> Iterator[Blow]:
    """Plan the blows: each component killed once a round, a few struck in each other way."""
    chance = random.Random(seed)
    for _ in range(rounds):
        blows = [Blow(Way.KILL, (name,)) for name in names]
        for way in ways:
            size = 2 if way is Way.PAIR else 1
            if way is not Way.KILL and len(names) >= size:
                blows += [Blow(way, tuple(chance.sample(names, size)))
                          for _ in range(-(-len(names) // OTHERS))]
        yield from chance.sample(blows, len(blows))


class Drill:
    """Run the drill blow by blow while the witness publishes."""

    def __init__(self, state: Kills, processes: Iterable[Process], report: Report) -> None:
        """Take the state, new or resumed."""
        self.state, self._report = state, report
        self._targets: dict[str, Target] = list_targets(processes, Supervisor())

    def run(self) -> None:
        """Strike until the plan is done or Ctrl-C; what was struck is checked in either case."""
        begun = now_ms()
        look(self._targets.values())
        keep(NAME, self.state)
        with own_publishers(Registration(PUBLISHER, "Drill: kills", "演练：组件故障",
                                         families=[FAMILY], quota_events=0, quota_bytes=0)):
            witness = Witness()
            try:
                with witness.sending():
                    self._strike()
            finally:
                self._check(witness, begun)
                keep(NAME, self.state)
        if not self.state.failures:
            forget(NAME)

    def _strike(self) -> None:
        """Strike what is left of the plan."""
        blows = self.state.blows
        for blow in blows[self.state.done:]:
            seconds = strike(blow, self._targets)
            self.state.note(blow, seconds)
            keep(NAME, self.state)
            self._report(f"{self.state.done:4} of {len(blows)}: {blow.way} "
                         f"{' and '.join(blow.names)}, well after {seconds:.1f} s")

    def _check(self, witness: Witness, begun: int) -> None:
        """Compare the store with what was acknowledged, and wait for the ledger to close."""
        with closing(connect("reader")) as store:
            self.state.failures += witness.check(store, WITNESS_SECONDS)
        for door in DOORS:
            self.state.acknowledged[door] = (
                self.state.acknowledged.get(door, 0) + witness.acknowledged[door])
        rows, left = await_rest(begun, self._report)
        self.state.minutes += rows
        self.state.failures += [
            f"ledger: {row.raw_topic} {row.minute}: residual {row.residual}, in flight"
            f" {row.in_flight}" for row in left]


def await_rest(since_ms: int, report: Report) -> tuple[int, list[Row]]:
    """Wait until every minute from a moment (epoch ms) to now is at rest with residual 0.

    Give the number of topic minutes, and those that are not when the patience ends: none, where
    nothing was lost.
    """
    end, until = now_ms(), time.monotonic() + REST_SECONDS
    ledger = Ledger()
    while True:
        now = now_ms()
        rows = [row for row in count_since(ledger, since_ms, now)
                if since_ms - MINUTE_MS < row.minute <= end]
        good = [row for row in settled(rows, now) if not row.residual]
        report(f"{len(good)} of {len(rows)} topic minutes at rest with residual 0")
        if (rows and len(good) == len(rows)) or time.monotonic() > until:
            return len(rows), [row for row in rows if row not in good]
        time.sleep(REST_POLL_SECONDS)


def tell(state: Kills) -> dict[str, Any]:
    """Give the figures of a drill as plain data."""
    return {"blows": state.done, "planned": len(state.blows), "struck": state.struck,
            "slowest": state.slowest, "acknowledged": state.acknowledged,
            "topic_minutes": state.minutes, "failures": state.failures,
            "ways": state.ways}
