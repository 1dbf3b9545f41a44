"""Measure latency under a steady load, in the benchmark's own city.

Markers are vehicle positions as all others of the load, in the same topic, and so stand in the same
queues.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
from typing import Any

from infra.bench.contender import FAMILY, PUBLISHER
from infra.bench.lag import Lag, slope
from infra.bench.latency import PATIENCE_SECONDS, VISIBLE, Latencies, Marking, mark
from infra.bench.road import Road, await_sending
from infra.bench.sender import Sender
from infra.bench.stream import ROAD_CLASSES, VEHICLE_TYPES

WARM_RATE_SHARE = 0.5


def _position(name: str) -> dict[str, Any]:
    """Give a position outside every area, of a vehicle named as the marker."""
    return {"vehicle_id": name, "longitude": -30.0, "latitude": 0.5, "speed": 50.0,
            "heading": 0.0, "road_class": ROAD_CLASSES[0], "vehicle_type": VEHICLE_TYPES[0]}


def measure(road: Road, rates: Sequence[float], seconds: float, settle_seconds: float,
            every: float) -> list[dict[str, Any]]:
    """Measure at each rate in turn: quantiles (s), rate sent, growth of the lag, cores by part."""
    road.report("warming up")
    with road.load(rates[0] * WARM_RATE_SHARE, settle_seconds) as sender:
        sender.wait()
    road.settle()
    return [measure_one(road, rate, seconds, settle_seconds, every) for rate in rates]


def measure_one(road: Road, rate: float, seconds: float, settle_seconds: float,
                every: float) -> dict[str, Any]:
    """Measure at one rate; the load goes on until every marker was seen, or patience ends."""
    marking = Marking(PUBLISHER, FAMILY, _position,
                      VISIBLE.format(view="probe_position"))
    with road.load(rate, settle_seconds + seconds + PATIENCE_SECONDS) as sender:
        await_sending(sender)
        road.watch(sender, settle_seconds)
        begin, lags = road.meter.sample(), list[Lag]()
        looking = Thread(target=_look, args=(road, sender, seconds, lags), daemon=True)
        looking.start()
        found = mark(marking, seconds, every)
        looking.join()
        told = _tell(road, rate, found, lags, begin)
    road.report(f"{rate:,.0f}/s: " + ", ".join(
        f"{name} {value:.2f} s" for name, value in told["event_to_visible"].items()))
    road.settle()
    return told


def _look(road: Road, sender: Sender, seconds: float, lags: list[Lag]) -> None:
    """Watch the lag for so long."""
    lags.extend(road.watch(sender, seconds))


def _tell(road: Road, rate: float, found: Latencies, lags: Sequence[Lag], begin: float
          ) -> dict[str, Any]:
    """Give the figures of one rate."""
    end = road.meter.sample()
    cpu, memory = road.meter.between(begin, end)
    sent = (lags[-1].sent - lags[0].sent) / max(lags[-1].at - lags[0].at, 1e-9) if lags else 0.0
    return {
        "rate": rate, "sent_rate": sent, "lag_growth": slope(lags), "markers": len(found.sent),
        "visible": len(found.visible), "event_to_visible": found.quantiles(found.visible),
        "cores": {part: used / (end - begin) for part, used in cpu.items()}, "memory": memory}
