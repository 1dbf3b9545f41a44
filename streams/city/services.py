"""Handle items of government service, online at any hour and at counters in office hours."""

from __future__ import annotations

import heapq
import random
from typing import Any

from streams.city import rhythm
from streams.city.event import CityEvent, Numbered
from streams.city.places import SEATS, Places

# matter, materials, usual minutes, share handled online, weight
MATTERS: tuple[tuple[str, int, float, float, float], ...] = (
    ("企业开办", 4, 180, .93, 12), ("不动产登记", 6, 240, .55, 11),
    ("身份证换领", 2, 25, .4, 10), ("社会保险转移接续", 2, 60, .9, 12),
    ("公积金提取", 3, 30, .92, 12), ("医保异地备案", 2, 12, .95, 11),
    ("新生儿出生登记", 3, 35, .7, 6), ("居住证办理", 3, 40, .72, 7),
    ("施工许可核发", 9, 700, .85, 3), ("食品经营许可", 5, 420, .88, 6),
    ("婚姻登记预约", 2, 20, .8, 5), ("老年优待证", 2, 18, .75, 5),
)
# halls where counters and kiosks stand, approximate, WGS-84
HALLS: tuple[tuple[float, float], ...] = (
    (117.1155, 36.6475), (117.0260, 36.6605), (116.9905, 36.6560), (117.0640, 36.6790),
    (116.9960, 36.6850), (117.1290, 36.6700),
    *((longitude, latitude) for _, longitude, latitude in SEATS))
_LONGEST_SECONDS = 900.0
_MOST_OPEN = 5000


class Services:
    """Accept items and finish them on a quick clock: a minute of handling passes in a second."""

    def __init__(self, seed: int, run: str) -> None:
        """Start with no item open."""
        self._chance = random.Random(f"{seed}:services")
        self._places, self._run = Places(self._chance), run
        self._ids, self._number = Numbered(run, "s"), 0
        self._open: list[tuple[float, int, dict[str, Any], float]] = []

    def events(self, now: int, step: int, hour: float) -> list[CityEvent]:
        """List what is accepted and what is finished in this second."""
        events = []
        office = rhythm.level(rhythm.OFFICE, hour)
        if self._chance.random() < .08 + .55 * office and len(self._open) < _MOST_OPEN:
            events.append(self._accept(now, step, counters=office > .2))
        while self._open and self._open[0][0] <= step:
            _, _, payload, minutes = heapq.heappop(self._open)
            end = "finished" if self._chance.random() < .965 else "rejected"
            events.append(self._event({**payload, "step": end, "minutes": minutes}, now))
        return events

    def _accept(self, now: int, step: int, *, counters: bool) -> CityEvent:
        """Accept one item."""
        chance = self._chance
        self._number += 1
        matter, materials, usual, online, _ = chance.choices(
            MATTERS, weights=[row[4] for row in MATTERS])[0]
        channel = "online" if not counters or chance.random() < online else (
            "kiosk" if chance.random() < .25 else "counter")
        longitude, latitude, _ = self._places.draw()
        if channel != "online":
            longitude, latitude = chance.choice(HALLS)
        visits = 0 if channel == "online" else chance.choices((1, 2, 3), (90, 8, 2))[0]
        payload: dict[str, Any] = {
            "item_id": f"S{self._run}-{self._number:06d}", "matter": matter, "step": "accepted",
            "channel": channel, "longitude": longitude, "latitude": latitude, "visits": visits,
            "materials": materials}
        minutes = round(usual * chance.lognormvariate(0, .5), 1)
        heapq.heappush(self._open, (step + min(_LONGEST_SECONDS, max(5.0, minutes)),
                                    self._number, payload, minutes))
        return self._event(payload, now)

    def _event(self, payload: dict[str, Any], now: int) -> CityEvent:
        """Number one step."""
        return CityEvent("service-item", payload, payload["item_id"], self._ids.next(), now)
