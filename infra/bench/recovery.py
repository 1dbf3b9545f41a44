"""Kill the TaskManager under load, time how long the road is behind, and check what it counted.

It is started again at once, as the city's supervisor does. The lag is back when it is no greater
than the greatest one seen before the blow, and stays so for some looks. When everything was sent,
the table must equal the batch computation row by row: nothing lost, nothing counted twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from typing import Any

from infra.bench.drain import Lane, judge
from infra.bench.drain import Run as Judged
from infra.bench.lag import Lag
from infra.bench.oracle import compute
from infra.bench.road import LOOK_SECONDS, STUCK_SECONDS, Road, await_sending
from infra.bench.sender import Sender
from infra.bench.stream import Stream
from infra.launch import run_alone
from infra.orphans import list_marked
from infra.processes import choose
from schemas.errors import ComponentError

WORD = "TaskManagerRunner"
STEADY_LOOKS = 3


def find_back(lags: Sequence[Lag], level: int) -> float | None:
    """Find when (monotonic seconds) the lag first came back to a level and stayed for some looks.

    Looks before the lag rose above the level do not count; where it never rose the first look does.
    """
    risen = next((i for i, one in enumerate(lags) if one.total > level), 0)
    for i in range(risen, len(lags) - STEADY_LOOKS + 1):
        if all(one.total <= level for one in lags[i:i + STEADY_LOOKS]):
            return lags[i].at
    return None


def kill() -> float:
    """Kill the TaskManager with signal 9; give the moment. Raise ComponentError without one."""
    found = list_marked(WORD)
    for process in found:
        process.kill()
    if not found:
        raise ComponentError("no TaskManager runs")
    return time.monotonic()


def measure(road: Road, rate: float, before: float, settle_seconds: float, after: float
            ) -> dict[str, Any]:
    """Send at a rate; strike after so long; give seconds until the lag is back, and failures."""
    road.report(f"sending {rate:,.0f}/s")
    with road.load(rate, settle_seconds + before + after) as sender:
        await_sending(sender)
        road.watch(sender, settle_seconds)
        level = max((one.total for one in road.watch(sender, before)), default=0)
        struck = kill()
        road.report(f"TaskManager killed; the lag was at most {level:,} before")
        # ready by itself: what it does is told by the lag
        road.until_the_end.enter_context(
            run_alone(replace(choose("taskmanager")[0], ready=lambda: True)))
        return _recover(road, sender, struck, level)


def _recover(road: Road, sender: Sender, struck: float, level: int) -> dict[str, Any]:
    """Watch until all is sent, and judge the table when nothing waits."""
    lags = road.watch(sender, sender.stream.span_ms / 1000)
    sender.wait()
    back = find_back(lags, level)
    road.report("not back in time" if back is None else f"back after {back - struck:.0f} s;"
                " computing the truth")
    failures = _judge(road, sender.stream)
    if back is None:
        failures.append("the lag did not come back while the load lasted")
    return {"rate": sender.rate, "events": sender.stream.events, "lag_before": level,
            "lag_most": max((one.total for one in lags), default=0),
            "back_seconds": None if back is None else back - struck,
            "resolution_seconds": LOOK_SECONDS, "failures": failures}


def _judge(road: Road, stream: Stream) -> list[str]:
    """Wait until everything is counted, and compare with the batch computation."""
    with ProcessPoolExecutor(1, get_context("spawn")) as aside:
        truth = aside.submit(compute, stream, road.course.areas, road.course.shapes).result()
    lane = Lane(road.course, truth, stream.events)
    run = Judged(road.ours.name, 1, stream.events)
    for done in (lambda: road.ours.counted() >= lane.expected.placed,
                 lambda: road.ours.is_all_stored(lane.expected)):
        _await(done)
    judge(road.ours, run, truth)
    return run.failures


def _await(done: Callable[[], bool]) -> None:
    """Wait for something; what is still missing afterwards the comparison tells."""
    until = time.monotonic() + STUCK_SECONDS
    while not done() and time.monotonic() < until:
        time.sleep(LOOK_SECONDS)
