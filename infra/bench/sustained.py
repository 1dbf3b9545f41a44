"""Find the highest rate that the road carries: the one at which its lag does not grow.

A trial sends at one rate. Its first seconds, in which the pipeline fills, do not count; then a line
of least squares is laid through the lag, and it holds when that does not rise by more than a small
share of the rate. The rate is doubled until a trial does not hold, and then bisected. The driver is
a process of its own, so it is not part of what is measured (Karimov et al., Benchmarking
Distributed Stream Data Processing Systems, ICDE 2018).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.bench.lag import Lag, slope
from infra.bench.road import Road, await_sending
from schemas.errors import ComponentError

# a line through a lag that rises and falls with batches and checkpoints is never quite level
MARGIN = 0.02
# a driver that sends less than this share of what it should is itself what limits
DRIVEN = 0.98
# a lag of all that is sent in so many seconds is no passing one
HOPELESS_SECONDS = 20.0
LOWEST, HIGHEST = 100.0, 200_000.0


@dataclass(frozen=True, slots=True)
class Trial:
    """Hold one trial: wished and sent records a second, growth of lag, cores and bytes by part."""

    rate: float
    seconds: float
    sent_rate: float
    growth: float
    lag_mean: float
    lag_most: int
    cores: dict[str, float]
    memory: dict[str, int]
    driver_cores: float
    hopeless: bool

    @property
    def holds(self) -> bool:
        """Tell whether the road carries this rate."""
        return (not self.hopeless and self.sent_rate >= DRIVEN * self.rate
                and self.growth <= MARGIN * self.rate)

    @property
    def is_driver_short(self) -> bool:
        """Tell whether the driver, and not the road, was too slow."""
        return not self.hopeless and self.sent_rate < DRIVEN * self.rate


def find_highest(holds: Callable[[float], bool], start: float, precision: float) -> float:
    """Find the highest rate that holds, to within a share of it, doubling or halving at first.

    Raise ComponentError where none holds, or all do.
    """
    low = high = start
    if holds(start):
        while holds(high := low * 2):
            if (low := high) > HIGHEST:
                raise ComponentError(f"{low:,.0f} a second still hold")
    else:
        while not holds(low := high / 2):
            if (high := low) < LOWEST:
                raise ComponentError(f"not even {low:,.0f} a second hold")
    while high - low > precision * low:
        middle = (low + high) / 2
        if holds(middle):
            low = middle
        else:
            high = middle
    return low


def try_rate(road: Road, rate: float, seconds: float, settle_seconds: float) -> Trial:
    """Send at one rate for so long, after some seconds in which the pipeline fills."""
    with road.load(rate, settle_seconds + seconds + 2) as sender:
        await_sending(sender)
        hopeless = _is_hopeless(rate)
        road.watch(sender, settle_seconds, hopeless)
        driver, begin = sender.cpu_seconds(), road.meter.sample()
        seen = road.watch(sender, seconds, hopeless)
        end, driver_end = road.meter.sample(), sender.cpu_seconds()
    trial = _summarise(road, rate, seen, (begin, end), driver_end - driver)
    road.report(f"{rate:,.0f}/s: {'holds' if trial.holds else 'does not hold'}, lag grows by"
                f" {trial.growth:,.0f}/s, is {trial.lag_mean:,.0f}; sent {trial.sent_rate:,.0f}/s")
    road.settle()
    return trial


def _is_hopeless(rate: float) -> Callable[[Lag], bool]:
    """Tell of a lag whether it is beyond what may pass."""
    return lambda lag: lag.gate > rate * HOPELESS_SECONDS


def _summarise(road: Road, rate: float, seen: list[Lag], span: tuple[float, float],
               driver_seconds: float) -> Trial:
    """Make a trial of what was seen between two moments."""
    seconds = span[1] - span[0]
    cpu, memory = road.meter.between(*span)
    first, last = (seen[0], seen[-1]) if seen else (road.lag.read(),) * 2
    totals = [one.total for one in seen] or [last.total]
    return Trial(
        rate, seconds, (last.sent - first.sent) / max(last.at - first.at, 1e-9), slope(seen),
        sum(totals) / len(totals), max(totals),
        {part: used / seconds for part, used in cpu.items()}, memory, driver_seconds / seconds,
        _is_hopeless(rate)(last))


def measure(road: Road, start: float, seconds: float, settle_seconds: float,
            precision: float) -> dict[str, Any]:
    """Search from a first rate on; give the highest rate that holds, and every trial."""
    trials: dict[float, Trial] = {}

    def holds(rate: float) -> bool:
        """Try a rate; tell whether it holds."""
        trials[rate] = try_rate(road, rate, seconds, settle_seconds)
        return trials[rate].holds

    road.report("warming up")
    try_rate(road, start / 2, settle_seconds, settle_seconds)
    rate = find_highest(holds, start, precision)
    return {"rate": rate, "best": to_row(trials[rate]),
            "driver_limited": any(one.is_driver_short for one in trials.values()),
            "trials": [to_row(one) for one in trials.values()]}


def to_row(trial: Trial) -> dict[str, Any]:
    """Give a trial with what follows from it: CPU µs a record by part."""
    return {
        **{name: getattr(trial, name) for name in Trial.__slots__}, "holds": trial.holds,
        "cpu_microseconds": {part: cores / trial.sent_rate * 1e6 if trial.sent_rate else 0.0
                             for part, cores in trial.cores.items()}}
