"""Keep the city to the clock: one step a second, and rather silent for a step than late.

A city that falls behind drives on without telling until it has caught up; one that is far behind
(the machine slept) takes up the clock where it stands. Both are said in the log.
"""

from __future__ import annotations

import logging
import signal
import time
from collections import Counter
from types import FrameType
from typing import NoReturn

from streams.city.life import City
from streams.city.outlets import Outlet
from streams.disk import Guard
from streams.metrics import EVENTS

LATE_SECONDS = 1.0
LOST_SECONDS = 20.0
log = logging.getLogger(__name__)


class Stopped(BaseException):
    """Unwind from wherever the city stands when it is told to stop."""


def stop_on_signals() -> None:
    """Turn SIGTERM and SIGINT into Stopped."""
    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        """Unwind."""
        raise Stopped

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)


def live(city: City, outlet: Outlet, duration: int | None) -> int:
    """Live in real time for a number of seconds, or until stopped; give the events sent.

    While the disk is too full for more events the city drives on without telling.
    """
    start, sent, step, silent, disk = time.monotonic(), 0, 0, 0, Guard()
    while duration is None or step < duration:
        step += 1
        wait = start + step - time.monotonic()
        if wait < -LOST_SECONDS:
            log.warning("%.0f s behind the clock: taking it up where it stands", -wait)
            start -= wait
            wait = 0.0
        now = time.time_ns() // 1_000_000
        if wait < -LATE_SECONDS:
            silent += 1
            city.skip(now)
            continue
        if silent:
            log.warning("fell behind: %d steps driven without publishing", silent)
            silent = 0
        time.sleep(max(0.0, wait))
        if disk.is_full():
            city.skip(time.time_ns() // 1_000_000)
            continue
        sent += _tell(city, outlet, time.time_ns() // 1_000_000)
        if step % 300 == 1:
            log.info("second %d: %d events sent, %d cases open, %d incidents, %d teleports", step,
                     sent, city.cases.open, len(city.incidents.active), city.traffic.teleports)
    return sent


def hurry(city: City, outlet: Outlet, duration: int) -> int:
    """Live a number of seconds as fast as possible; give the events sent."""
    return sum(_tell(city, outlet, city.plan.start + step * 1000)
               for step in range(1, duration + 1))


def _tell(city: City, outlet: Outlet, now: int) -> int:
    """Live one second, send what happened and count it."""
    events = city.advance(now)
    outlet.send(events)
    for family, count in Counter(event.family for event in events).items():
        EVENTS.labels(family, "published").inc(count)
    return len(events)
