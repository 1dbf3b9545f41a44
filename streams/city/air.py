"""Measure the air at fixed stations: the day's rhythm, the weather of the seed, and the traffic."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np

from geo import roads
from streams.city import rhythm
from streams.city.event import CityEvent, Numbered

PERIOD_SECONDS = 20
_NEAR_M = 1200.0
_BUSY_VEHICLES = 60.0  # reporting vehicles within reach that make a station's traffic "full"


@dataclass(frozen=True, slots=True)
class Station:
    """Describe one station; `load` is its place's pollution against the city's mean."""

    id: str
    longitude: float
    latitude: float
    load: float


STATIONS: tuple[Station, ...] = tuple(Station(*row) for row in (
    ("jinan-quancheng", 117.0195, 36.6620, 1.05), ("jinan-station", 116.9885, 36.6690, 1.15),
    ("jinan-seed-plant", 117.0560, 36.6840, 1.08), ("jinan-machine-works", 116.9700, 36.6420, 1.1),
    ("jinan-olympic-centre", 117.1130, 36.6560, .92), ("jinan-hi-tech", 117.1290, 36.6700, .95),
    ("jinan-north-garden", 117.0050, 36.6900, 1.18), ("jinan-qianfo-hill", 117.0330, 36.6400, .82),
    ("zhangqiu-seat", 117.5260, 36.6810, 1.02), ("changqing-university", 116.7900, 36.5450, .85),
    ("jiyang-seat", 117.1740, 36.9790, .98), ("laiwu-seat", 117.6600, 36.2140, 1.12),
))

# quantity: mean, share that follows traffic, share that follows the night's inversion, noise
_GASES = {"pm2_5": (42.0, .35, .25, .05), "pm10": (78.0, .4, .2, .06), "so2": (9.0, .1, .1, .08),
          "no2": (31.0, .9, .2, .07), "co": (720.0, .5, .2, .05), "o3": (62.0, -.25, -.35, .05)}


class Air:
    """Read every station in turn."""

    def __init__(self, seed: int, run: str) -> None:
        """Draw the day's background from the seed."""
        self._chance, self._ids = random.Random(f"{seed}:air"), Numbered(run, "a")
        self._day = self._chance.uniform(.7, 1.5)
        self._warmth = self._chance.uniform(-4.0, 4.0)
        self._noise = {(one.id, name): 0.0 for one in STATIONS
                       for name in (*_GASES, "temperature", "humidity")}
        self._x, self._y = roads.to_plane([one.longitude for one in STATIONS],
                                          [one.latitude for one in STATIONS])

    def events(self, now: int, step: int, hour: float, vehicles: list[tuple[float, float]]
               ) -> list[CityEvent]:
        """Read the stations whose turn it is; `vehicles` are places in metres."""
        events: list[CityEvent] = []
        for number, station in enumerate(STATIONS):
            if (step + number) % PERIOD_SECONDS == 0:
                busy = self._busy(number, hour, vehicles)
                events += [self._read(station, name, now, hour, busy)
                           for name in (*_GASES, "temperature", "humidity")]
        return events

    def _busy(self, number: int, hour: float, vehicles: list[tuple[float, float]]) -> float:
        """Give the traffic around a station, 0 to about 1; by the hour where none is driven."""
        places = np.array(vehicles).reshape(-1, 2)
        near = np.hypot(places[:, 0] - self._x[number], places[:, 1] - self._y[number]) < _NEAR_M
        if not near.any():
            return .5 * rhythm.level(rhythm.TRAFFIC, hour)
        return min(1.2, float(near.sum()) / _BUSY_VEHICLES) * (
            .3 + .7 * rhythm.level(rhythm.TRAFFIC, hour))

    def _read(self, station: Station, name: str, now: int, hour: float, busy: float) -> CityEvent:
        """Read one quantity; its noise wanders slowly (autoregressive)."""
        key = (station.id, name)
        noise = self._noise[key] = .95 * self._noise[key] + self._chance.gauss(0, .3)
        sun = math.sin(math.pi * (hour - 6) / 12) if 6 < hour < 18 else 0.0
        if name == "temperature":
            value = 9.0 + self._warmth + 6.5 * math.cos(2 * math.pi * (hour - 14.5) / 24)
            value += noise * .3
        elif name == "humidity":
            value = 55 - 16 * math.cos(2 * math.pi * (hour - 14.5) / 24) + noise * 1.5
            value = min(99.0, max(12.0, value))
        else:
            mean, traffic, night, rough = _GASES[name]
            still = math.cos(2 * math.pi * (hour - 4) / 24)
            value = mean * station.load * self._day * (
                .75 + traffic * busy + night * still + (.9 * sun if name == "o3" else 0)
                + rough * noise)
            value = max(value, mean * .08)
        payload = {"station_id": station.id, "quantity": name, "value": round(value, 1),
                   "longitude": station.longitude, "latitude": station.latitude}
        return CityEvent("environment-reading", payload, station.id, self._ids.next(), now)
