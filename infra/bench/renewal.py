"""Renew the state of every segment each second, as the sink would write it, by the store itself."""

from __future__ import annotations

import time
from contextlib import closing
from threading import Event, Thread
from typing import Self

from infra.bench import network
from schemas.errors import CityBrainError
from streams.clock import now_ms
from streams.store import Store, connect

SECONDS = 1.0
VEHICLES = 1_000
FAMILY = "vehicle-position"
STATE = """
INSERT INTO store.road_state (window_seconds, window_start, road_id, events, late, vehicles,
    speed_samples, speed_sum, version, computed_at)
SELECT 60, toStartOfMinute(now()), concat('{prefix}', toString(number)), 1, 0, 1, 1,
    100 * (5 + (cityHash64(number) + 13 * {tick}) % 60), {tick}, fromUnixTimestamp64Milli({at})
FROM numbers({segments})"""
MOVED = """
INSERT INTO store.vehicle_position (id, source, observed_at, received_at, computed_at, area,
    raw_topic, raw_partition, raw_offset, vehicle_id, longitude, latitude, speed, heading)
SELECT concat('{tick}-', toString(number)), 'city-traffic',
    fromUnixTimestamp64Milli({at}) AS moment, moment, moment, '370102001',
    'raw-city-traffic--vehicle-position', 0, {tick} * 10000 + number, toString(number),
    116.9 + cityHash64(number) % 3000 / 10000, 36.6 + cityHash64(number, 1) % 1200 / 10000, 40,
    number % 360
FROM numbers({vehicles})"""
PROGRESS = """
INSERT INTO store.publisher_progress (source, family, observed_at, events, version, computed_at)
SELECT 'city-traffic', '{family}', fromUnixTimestamp64Milli({at}), {tick}, {tick}, now64(3)"""


class Renewal:
    """Renew until the end of the block; `made` holds the moment (epoch ms) of each renewal.

    What the store refuses ends it, and is kept as its `failure`.
    """

    def __init__(self, segments: int) -> None:
        """Take the number of segments."""
        self.made: list[int] = []
        self.failure: CityBrainError | None = None
        self._segments, self._done = segments, Event()
        self._thread = Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Begin."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        """Renew until told to end, or until the store refuses."""
        try:
            self._renew_all()
        except CityBrainError as error:
            self.failure = error

    def _renew_all(self) -> None:
        """Renew at a steady pace; what took too long is not made up for."""
        with closing(connect("migrator")) as store:
            due = time.monotonic()
            while not self._done.wait(max(0.0, due - time.monotonic())):
                due = max(due + SECONDS, time.monotonic())
                self._renew(store, now_ms())

    def _renew(self, store: Store, at: int) -> None:
        """Write one renewal."""
        told = {"at": at, "tick": at // 1_000, "segments": self._segments,
                "vehicles": VEHICLES, "family": FAMILY, "prefix": network.segment_id("")}
        for statement in (STATE, MOVED, PROGRESS):
            store.execute(statement.format(**told))
        self.made.append(at)
