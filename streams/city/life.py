"""Compose the living city: one step is one second of traffic and all that goes with it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from streams.city.air import Air
from streams.city.cases import Cases
from streams.city.event import CityEvent
from streams.city.hotline import Hotline
from streams.city.incidents import Incident, Incidents
from streams.city.network import read_network
from streams.city.parking import Parking
from streams.city.services import Services
from streams.city.traffic import WARM_UP_SECONDS, Traffic

# events a second that do not come from vehicles: loops 7, air 5, and 4 of all others
BESIDE_VEHICLES = 16
ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class Plan:
    """Say how the city shall live: `hour` None follows the clock; `start` is in epoch ms."""

    home: Path
    seed: int
    rate: int
    run: str
    start: int
    hour: float | None = None
    warm_up: int = WARM_UP_SECONDS

    @property
    def truth(self) -> Path:
        """Give the file in which the truth about incidents is written."""
        return self.home / "truth" / "incidents.ndjson"

    @property
    def first_hour(self) -> float:
        """Give the hour of day at which the city starts."""
        if self.hour is not None:
            return self.hour
        local = dt.datetime.fromtimestamp(self.start / 1000, ZONE)
        return local.hour + local.minute / 60 + local.second / 3600


class City:
    """Live second by second; close it to end SUMO."""

    def __init__(self, plan: Plan) -> None:
        """Start everything at the first hour; raise ComponentError when SUMO does not start."""
        self.plan, self.seconds = plan, 0
        seed, run, hour = plan.seed, plan.run, plan.first_hour
        self.traffic = Traffic(read_network(plan.home), seed=seed, run=run, hour=hour,
                               reports=max(1, plan.rate - BESIDE_VEHICLES),
                               warm_up=plan.warm_up)
        self.incidents = Incidents(seed, run, plan.truth)
        self.parking, self.air = Parking(seed, run, hour), Air(seed, run)
        self.cases, self.hotline = Cases(seed, run, hour), Hotline(seed, run)
        self.services = Services(seed, run)

    def hour(self, now: int) -> float:
        """Give the city's hour of day at an instant."""
        return (self.plan.first_hour + (now - self.plan.start) / 3_600_000) % 24

    def skip(self, now: int) -> None:
        """Live one second without telling: only the vehicles move on."""
        self.seconds += 1
        self.traffic.advance(self.hour(now))

    def advance(self, now: int) -> list[CityEvent]:
        """Live one second; list what happened, observed at `now` (epoch ms)."""
        self.seconds += 1
        second, hour, traffic = self.seconds, self.hour(now), self.traffic
        traffic.advance(hour)
        events = traffic.report(now)
        events += traffic.measure(now)
        for incident in self.incidents.advance(second, now, hour, traffic):
            self._raise(incident, second)
        self.parking.arrive(traffic.arrivals)
        events += self.parking.events(now, second, hour)
        events += self.air.events(now, second, hour, traffic.positions)
        for source in (self.cases, self.hotline, self.services):
            events += source.events(now, second, hour)
        return events

    def _raise(self, incident: Incident, second: int) -> None:
        """Let an incident become a case, and let people nearby call."""
        longitude, latitude = incident.segment.middle
        road = incident.segment.name
        source = "sensor" if incident.kind != "flood" else "hotline"
        self.cases.report(second, incident.kind, longitude, latitude, road, source)
        self.hotline.expect(second, incident.kind, longitude, latitude, road)

    def close(self) -> None:
        """End SUMO and the truth file."""
        self.traffic.close()
        self.incidents.close()
