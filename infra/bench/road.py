"""Keep our road standing in the benchmark's own city, put load on it, and watch its lag."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from infra.bench.city import broker, draw_places
from infra.bench.contender import Course
from infra.bench.lag import Lag, LagReader
from infra.bench.meter import Meter
from infra.bench.ours import Ours
from infra.bench.sender import STARTING_SECONDS, WRITING_SECONDS, Sender
from infra.bench.stream import Stream
from schemas.errors import ComponentError
from streams.clock import now_ms
from streams.settings import read_settings

LOOK_SECONDS = 1.0
STUCK_SECONDS = 120.0
# so few are no backlog: results that are deletions are never committed by themselves
QUIET_RECORDS = 200
Report = Callable[[str], None]


@dataclass
class Road:
    """Hold the road, what measures it, what ends after its jobs, and the next record's number."""

    course: Course
    ours: Ours
    meter: Meter
    lag: LagReader
    report: Report
    until_the_end: ExitStack
    seed: int = 2019
    _next: int = field(default=0)

    def load(self, rate: float, seconds: float) -> Sender:
        """Describe a load of so many records a second, that begins once it is written."""
        events, span_ms = max(1, int(rate * seconds)), int(seconds * 1000)
        begin_ms = now_ms() + int((STARTING_SECONDS + events * WRITING_SECONDS) * 1000)
        stream = Stream(events, self.seed, begin_ms + span_ms, draw_places(self.course),
                        first=self._next, lasting_ms=span_ms)
        self._next += events
        return Sender(stream, self.course.topic, read_settings().home)

    def watch(self, sender: Sender, seconds: float,
              enough: Callable[[Lag], bool] = lambda _: False) -> list[Lag]:
        """Look at the lag every second for so long, or until it is enough, or all is sent."""
        seen: list[Lag] = []
        until = time.monotonic() + seconds
        while time.monotonic() < until and sender.is_sending:
            seen.append(self.lag.read())
            if enough(seen[-1]):
                break
            time.sleep(LOOK_SECONDS)
        sender.check()
        return seen

    def settle(self) -> None:
        """Wait until nothing waits; raise ComponentError where that gets nowhere."""
        least, moved = self.lag.read().total, time.monotonic()
        while least > QUIET_RECORDS:
            time.sleep(LOOK_SECONDS)
            if (now := self.lag.read().total) < least:
                least, moved = now, time.monotonic()
            elif time.monotonic() - moved > STUCK_SECONDS:
                raise ComponentError(f"{least:,} records wait, and nothing moves")


def await_sending(sender: Sender) -> None:
    """Wait until the first records were sent."""
    while not sender.is_sending:
        sender.check()
        time.sleep(0.05)


@contextmanager
def standing(report: Report) -> Iterator[Road]:
    """Run the road, empty, until the end of the block; raise ComponentError if it will not."""
    ours = Ours()
    with broker(report) as (course, _):
        report("starting the road")
        with (ours.standing(course), ExitStack() as stack, Meter() as meter, ours.draining()):
            ours.await_reading()
            reader = LagReader(course.topic)
            try:
                yield Road(course, ours, meter, reader, report, stack)
            finally:
                reader.close()
