"""Draw the benchmark's stream of vehicle positions, chunk by chunk, from a seed.

A chunk is drawn as numpy columns and holds at most `CHUNK` records, however long the stream is.
What becomes of a record is decided when it is drawn, so this page is also the one place that says
what the rules of the job are:

    good        counted once, in the windows of its own time, if it lies in one of the areas
    duplicate   the same bytes as an earlier good record, appended within 10 minutes after it:
                counted nowhere
    late        observed more than 10 minutes before the broker appended it: a dead letter of the
                class `late`, counted in no window
    malformed   no JSON, a field missing, of a wrong type, out of bounds or not in its list: a dead
                letter of the class `refused`, counted in no window
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

CHUNK = 50_000
VEHICLES = 50_000
ROAD_CLASSES = ("motorway", "trunk", "primary", "secondary", "residential")
MEAN_SPEEDS = (95.0, 70.0, 50.0, 38.0, 25.0)
VEHICLE_TYPES = ("car", "taxi", "bus", "truck")
MALFORMED, LATE, DUPLICATE, DISORDER = 0.002, 0.001, 0.01, 0.05
DISORDER_MS = 10_000
# records come as from a city of this rate, and all are observed within a span before the sending
# begins which, with what the sending itself may take, is less than the ten minutes of lateness
EVENTS_A_SECOND = 12_500
SHORTEST_MS, LONGEST_MS = 60_000, 400_000
LATE_MS = 7_200_000
_MALFORMED = 3
FLAWS = 5
Integers = NDArray[np.int64]


class Fate(IntEnum):
    """Say what must become of a record."""

    GOOD = 0
    DUPLICATE = 1
    LATE = 2
    MALFORMED = _MALFORMED


@dataclass(frozen=True, slots=True)
class Chunk:
    """Hold records as columns: times in epoch ms, places in 1e-7 degrees, speeds in 0.01 km/h."""

    number: Integers
    fate: Integers
    observed_at: Integers
    vehicle: Integers
    longitude: Integers
    latitude: Integers
    speed: Integers
    road_class: Integers
    vehicle_type: Integers
    flaw: Integers

    def take(self, rows: Integers) -> Chunk:
        """Give some of the records."""
        return Chunk(*(getattr(self, name)[rows] for name in self.__slots__))

    def bodies(self) -> list[bytes]:
        """Write each record's payload, some 190 bytes of JSON."""
        return [_write(*row).encode() for row in zip(
            *(getattr(self, name).tolist() for name in self.__slots__), strict=True)]

    def keys(self) -> list[bytes]:
        """Give each record's key: the vehicle."""
        return [b"v%05d" % one for one in self.vehicle.tolist()]


@dataclass(frozen=True, slots=True)
class Stream:
    """Describe a stream: how many records, which seed, where, and from when on (epoch ms).

    `places` holds, for each area, the middle and half the extent of a box in degrees: longitude,
    latitude, width, height. Ids are numbered from `first`, so that streams of one city share none.
    All is observed within `lasting_ms` before the start, where that is given.
    """

    events: int
    seed: int
    start_ms: int
    places: NDArray[np.float64]
    vehicles: int = VEHICLES
    disorder_ms: int = DISORDER_MS
    first: int = 0
    lasting_ms: int | None = None

    @property
    def span_ms(self) -> int:
        """Give the event time that the stream covers."""
        if self.lasting_ms is not None:
            return self.lasting_ms
        return min(LONGEST_MS, max(SHORTEST_MS, self.events * 1000 // EVENTS_A_SECOND))

    def chunks(self) -> Iterator[Chunk]:
        """Draw the stream; the same description, the same stream."""
        former: Chunk | None = None
        size = min(CHUNK, max(1, self.events // 10))
        for first in range(0, self.events, size):
            numbers = np.arange(first, min(first + size, self.events))
            chance = np.random.default_rng((self.seed, self.first + first))
            chunk = self._draw(numbers, chance, former)
            yield chunk
            former = chunk

    def _draw(self, number: Integers, chance: np.random.Generator, former: Chunk | None) -> Chunk:
        """Draw one chunk; duplicates repeat good records of the one before."""
        count = len(number)
        drawn = chance.random(count)
        fate = np.select([drawn < MALFORMED, drawn < MALFORMED + LATE],
                         [int(Fate.MALFORMED), int(Fate.LATE)], int(Fate.GOOD))
        road_class = chance.integers(0, len(ROAD_CLASSES), count)
        place = self.places[chance.integers(0, len(self.places), count)]
        scatter = chance.uniform(-1, 1, (count, 2))
        chunk = Chunk(
            self.first + number, fate, self._times(number, fate, chance),
            chance.integers(0, self.vehicles, count),
            _whole((place[:, 0] + scatter[:, 0] * place[:, 2]) * 1e7),
            _whole((place[:, 1] + scatter[:, 1] * place[:, 3]) * 1e7),
            _whole(np.clip(chance.normal(np.take(MEAN_SPEEDS, road_class), 12), 0, 200) * 100),
            road_class, chance.integers(0, len(VEHICLE_TYPES), count),
            chance.integers(0, FLAWS, count))
        again = np.flatnonzero((drawn > 1 - DUPLICATE) & (fate == Fate.GOOD))
        return chunk if former is None else _repeat(chunk, again, former, chance)

    def _times(self, number: Integers, fate: Integers, chance: np.random.Generator) -> Integers:
        """Draw when records were observed: in order, but for the share that comes late."""
        at = self.start_ms - self.span_ms + number * self.span_ms // self.events
        behind = np.where(chance.random(len(number)) < DISORDER,
                          chance.integers(0, self.disorder_ms, len(number)), 0)
        return np.asarray(at - behind - np.where(fate == Fate.LATE, LATE_MS, 0), np.int64)


def _whole(values: NDArray[np.float64]) -> Integers:
    """Round to whole numbers."""
    return np.rint(values).astype(np.int64)


def _repeat(chunk: Chunk, rows: Integers, former: Chunk, chance: np.random.Generator) -> Chunk:
    """Put copies of good records of the former chunk in the place of some of this one."""
    good = former.take(np.flatnonzero(former.fate == Fate.GOOD))
    if not len(good.number) or not len(rows):
        return chunk
    copies = good.take(chance.integers(0, len(good.number), len(rows)))
    for name in Chunk.__slots__:
        getattr(chunk, name)[rows] = getattr(copies, name)
    chunk.fate[rows] = Fate.DUPLICATE
    return chunk


def _write(number: int, fate: int, observed_at: int, vehicle: int, longitude: int, latitude: int,
           speed: int, road_class: int, vehicle_type: int, flaw: int) -> str:
    """Write one payload, with its flaw if it is to have one."""
    text = (f'{{"id":"probe-{number:010d}","observed_at":{observed_at},"vehicle_id":"v{vehicle:05d}'
            f'","longitude":{longitude / 1e7:.7f},"latitude":{latitude / 1e7:.7f},'
            f'"speed":{speed / 100},"heading":{vehicle % 360}.5,'
            f'"road_class":"{ROAD_CLASSES[road_class]}",'
            f'"vehicle_type":"{VEHICLE_TYPES[vehicle_type]}"}}')
    if fate != _MALFORMED:
        return text
    return (text[:-20],
            text.replace('"latitude":', '"lattitude":'),
            text.replace('"speed":', '"speed":"fast","was":'),
            text.replace('"speed":', '"speed":999'),
            text.replace(ROAD_CLASSES[road_class], "river"))[flaw]
