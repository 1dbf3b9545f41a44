"""Draw events for the drill with disorder: where, when, by whom, and in what order they are sent.

Three publishers are good, one falls silent early, and one has a clock that is an hour ahead or
years behind by turns. Vehicles drive in one county of the city that nobody else uses now.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from geo.tree import AreaTree
from infra.drills import windows
from schemas.errors import ComponentError
from streams.clock import now_ms
from streams.store import Store

GOOD, SILENT, BROKEN = ("drill-north", "drill-south", "drill-west"), "drill-silent", "drill-broken"
PUBLISHERS = (*GOOD, SILENT, BROKEN)
ROADS, VEHICLES, PLACES = 40, 5_000, 400
LATE, TWICE, AHEAD = 0.05, 0.02, 0.01
BROKEN_SHARE, SILENT_SHARE = 0.02, 0.02
# events come up to so long after they were observed, in no order: within the horizon of 600 s
NEWEST_MS, OLDEST_MS = 30_000, 480_000
RECENT = 5_000
QUIET_SECONDS = 5_400


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold one event as drawn; `road` and `place` are numbers, `speed` whole hundredths."""

    publisher: int
    number: int
    observed_at: int
    vehicle: int
    speed: int
    road: int
    place: int


def find_county(tree: AreaTree, store: Store, city: str, chance: random.Random) -> str:
    """Find a county of the city in whose windows nothing was counted lately."""
    busy = {row["area"] for row in store.query(
        "SELECT DISTINCT area FROM city.area_traffic WHERE length(area) = 6"
        " AND window_start > now() - INTERVAL %(seconds)s SECOND", {"seconds": QUIET_SECONDS})}
    free = [code for code in tree.list_children(city)
            if code not in busy and tree.find_polygon(code) is not None]
    if not free:
        raise ComponentError(f"every county of {city} was in use in the last"
                             f" {QUIET_SECONDS // 60} minutes; come again later")
    return chance.choice(free)


def draw_places(tree: AreaTree, county: str, chance: random.Random) -> list[tuple[float, float,
                                                                                  str]]:
    """Draw points in a county, with the deepest area code of each."""
    border = tree.find_polygon(county)
    if border is None:
        raise ComponentError(f"area {county} has no polygon")
    west, south, east, north = border.bounds
    found: list[tuple[float, float, str]] = []
    while len(found) < PLACES:
        points = [(round(chance.uniform(west, east), 6), round(chance.uniform(south, north), 6))
                  for _ in range(PLACES)]
        codes = tree.locate_codes([x for x, _ in points], [y for _, y in points])
        found += [(x, y, code) for (x, y), code in zip(points, codes, strict=True)
                  if code.startswith(county)]
    return found[:PLACES]


def draw(seed: int, events: int, clock: Callable[[], int] = now_ms) -> Iterator[Sent]:
    """Draw the events in the order in which they are sent."""
    chance, recent = random.Random(seed), deque[Sent](maxlen=RECENT)
    for number in range(events):
        if recent and chance.random() < TWICE:
            yield chance.choice(recent)
            continue
        one = _draw_one(chance, number, events, clock())
        if PUBLISHERS[one.publisher] != BROKEN:
            recent.append(one)
        yield one


def _draw_one(chance: random.Random, number: int, events: int, now: int) -> Sent:
    """Draw one event that is no copy."""
    publisher = chance.randrange(len(GOOD))
    if chance.random() < BROKEN_SHARE:
        publisher = PUBLISHERS.index(BROKEN)
        away = 3_600_000 if number % 2 else -chance.randrange(10, 20) * 365 * 86_400_000
    elif number < events * SILENT_SHARE:
        publisher, away = PUBLISHERS.index(SILENT), -chance.randrange(NEWEST_MS, OLDEST_MS)
    else:
        kind = chance.random()
        away = -chance.randrange(NEWEST_MS, OLDEST_MS)
        if kind < LATE:
            away = -windows.HORIZON_MS - chance.randrange(5_000, 7_200_000)
        elif kind < LATE + AHEAD:
            away = windows.AHEAD_MS + chance.randrange(30_000, 3_600_000)
    speed = chance.randrange(12_000) if chance.random() < 0.95 else -1
    return Sent(publisher, number, now + away, chance.randrange(VEHICLES), speed,
                chance.randrange(ROADS + 1) - 1, chance.randrange(PLACES))
