"""Make streams of clean events, dead letters and ledger rows from a seed, as the gate writes them.

A healthy stream is of detectors that report every 10 s, of cars that drive, or of cases that come
at random; a test spoils one thing in it.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterable
from typing import Any

from schemas import registry
from schemas.render.kafka import raw_name

AT = 1_764_000_000_000
Record = dict[str, Any]
Spoil = Callable[[Record, int], Record | None]


class Message:
    """Hold what the client gives of a record."""

    def __init__(self, topic: str, value: Record | bytes | None, at: int = AT,
                 partition: int = 0) -> None:
        """Take the topic, the value, the topic's time of it (epoch ms) and the partition."""
        self._topic, self._at, self._partition = topic, at, partition
        self._value = json.dumps(value).encode() if isinstance(value, dict) else value

    def topic(self) -> str:
        """Give the topic."""
        return self._topic

    def value(self) -> bytes | None:
        """Give the value."""
        return self._value

    def partition(self) -> int:
        """Give the partition."""
        return self._partition

    def offset(self) -> int:
        """Give the offset."""
        return 0

    def timestamp(self) -> tuple[int, int]:
        """Give the kind of time, and the time (epoch ms)."""
        return 2, self._at


def clean(publisher: str, family: str, offset: int, at: int, **more: Any) -> Record:
    """Make one clean event, observed 300 ms before it was received at `at`."""
    return {**registry.get_family(family).example, "id": f"{publisher}-{offset}",
            "source": publisher, "observed_at": at - 300, "received_at": at, "computed_at": at + 5,
            "area": "370102001", "raw_topic": raw_name(publisher, family), "raw_partition": 0,
            "raw_offset": offset, **more}


def letter(publisher: str, family: str, offset: int, at: int, **more: Any) -> Record:
    """Make one dead letter: a speed above its bound."""
    return {"source": publisher, "family": family, "reason": "above-maximum", "field": "speed",
            "value": "900", "detail": "Expected `float` <= 250.0", "class": "refused",
            "raw_topic": raw_name(publisher, family), "raw_partition": 0, "raw_offset": offset,
            "event_id": f"e{offset}", "observed_at": None, "received_at": at,
            "kept_until": at + 1, **more}


def ledger(publisher: str, family: str, at: int, version: int, *, accepted: int = 0,
           refused: int = 0, late: int = 0, duplicates: int = 0) -> Record:
    """Make what the gate told of a minute so far."""
    return {"raw_topic": raw_name(publisher, family), "raw_partition": 0,
            "minute": at // 60_000 * 60_000, "records": accepted + refused + late + duplicates,
            "accepted": accepted, "refused": refused, "late": late, "duplicates": duplicates,
            "next_offset": 0, "version": version}


def detectors(seed: int, seconds: int, publisher: str = "loops", count: int = 12) -> list[Record]:
    """Make detectors of traffic that stand still and measure every 10 s, a little unevenly."""
    dice, found = random.Random(seed), list[Record]()
    places = [(117 + dice.random() / 10, 36.6 + dice.random() / 10) for _ in range(count)]
    for second in range(0, seconds, 10):
        for i, (longitude, latitude) in enumerate(places):
            at = AT + second * 1000 + i * 700 + dice.randrange(200)
            found.append(clean(
                publisher, "traffic-flow", len(found), at, sensor_id=f"d{i}",
                observed_at=at - 200 - dice.randrange(800), longitude=round(longitude, 7),
                latitude=round(latitude, 7), interval_seconds=10,
                flow=round(dice.uniform(0, 1800), 1), speed=round(dice.uniform(5, 90), 1),
                occupancy=dice.choice([0.0, round(dice.uniform(0, 60), 1)])))
    return found


def cars(seed: int, seconds: int, publisher: str = "cars", count: int = 20) -> list[Record]:
    """Make cars that drive at 10 to 20 m/s and report every 5 s, until their journeys end."""
    dice, found = random.Random(seed), list[Record]()
    ends = [dice.randrange(60, 2 * seconds) for _ in range(count)]
    headings = [dice.uniform(0, 2 * math.pi) for _ in range(count)]
    places = [[117.0, 36.65] for _ in range(count)]
    for second in range(0, seconds, 5):
        for i, place in enumerate(places):
            if second > ends[i]:
                continue
            metres = 5 * dice.uniform(10, 20)
            place[0] += metres * math.cos(headings[i]) / 89_000
            place[1] += metres * math.sin(headings[i]) / 111_000
            at = AT + second * 1000 + dice.randrange(900)
            found.append(clean(
                publisher, "vehicle-position", len(found), at, vehicle_id=f"v{i}",
                observed_at=at - dice.randrange(50, 900), longitude=round(place[0], 7),
                latitude=round(place[1], 7), speed=round(dice.uniform(30, 70), 2),
                heading=round(math.degrees(headings[i]), 1)))
    return sorted(found, key=lambda one: one["received_at"])


def calls(seed: int, seconds: int, publisher: str = "hotline") -> list[Record]:
    """Make calls that come at random, each with an id of its own."""
    dice, found, at = random.Random(seed), list[Record](), float(AT)
    while (at := at + dice.expovariate(1 / 20_000)) < AT + 1000 * seconds:
        found.append(clean(publisher, "hotline-call", len(found), int(at),
                           call_id=f"c{len(found)}",
                           observed_at=int(at) - dice.randrange(1_000, 9_000)))
    return found


def car_parks(seed: int, seconds: int, publisher: str = "parking") -> list[Record]:
    """Make car parks that report each minute, some of them full at night."""
    dice, found = random.Random(seed), list[Record]()
    for minute in range(0, seconds, 60):
        for i in range(8):
            at = AT + minute * 1000 + i * 50
            found.append(clean(
                publisher, "parking-occupancy", len(found), at, car_park_id=f"p{i}",
                observed_at=at - 100 - dice.randrange(2_000), longitude=117.01234 + i / 1000,
                latitude=36.65432, capacity=300,
                occupied=300 if i < 2 else dice.randrange(300)))
    return found


def spoiled(records: Iterable[Record], spoil: Spoil) -> list[Record]:
    """Change records by a function of the record and its number; None leaves one out."""
    found = (spoil(dict(one), i) for i, one in enumerate(records))
    return [one for one in found if one is not None]


def events(family: str, records: Iterable[Record]) -> list[Message]:
    """Lay events out as records of their clean topic."""
    return [Message(f"event-{family}", one) for one in records]
