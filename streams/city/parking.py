"""Fill and empty car parks with the hour and with the cars that arrive nearby."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np

from geo import roads
from streams.city import rhythm
from streams.city.event import CityEvent, Numbered

PERIOD_SECONDS = 30
_REACH_M = 900.0
_SPACES_AN_ARRIVAL = 2  # each simulated car stands for several
_CLOSED_HOURS = {"mall": (0.5, 8.0), "park": (23.0, 6.0)}

_CURVES = {"mall": rhythm.LEISURE, "park": rhythm.LEISURE, "office": rhythm.OFFICE,
           "hospital": rhythm.HOSPITAL, "home": rhythm.HOME, "station": rhythm.TRAFFIC}


@dataclass(frozen=True, slots=True)
class CarPark:
    """Describe one car park; `use` chooses its rhythm."""

    id: str
    name: str
    longitude: float
    latitude: float
    capacity: int
    use: str


CAR_PARKS: tuple[CarPark, ...] = tuple(CarPark(*row) for row in (
    ("quancheng-square", "泉城广场地下停车场", 117.0203, 36.6606, 620, "mall"),
    ("quancheng-road", "泉城路商业街停车场", 117.0235, 36.6672, 450, "mall"),
    ("daminghu-south", "大明湖南门停车场", 117.0190, 36.6715, 280, "park"),
    ("daminghu-northeast", "大明湖东北门停车场", 117.0285, 36.6782, 360, "park"),
    ("baotu-spring", "趵突泉停车场", 117.0130, 36.6598, 190, "park"),
    ("qianfo-hill", "千佛山北门停车场", 117.0310, 36.6432, 310, "park"),
    ("jinan-station", "济南站南广场停车场", 116.9868, 36.6702, 520, "station"),
    ("daminghu-station", "大明湖站停车场", 117.0268, 36.6920, 430, "station"),
    ("bus-terminal", "长途汽车总站停车场", 116.9948, 36.6842, 340, "station"),
    ("west-market", "西市场商城停车场", 116.9682, 36.6605, 260, "mall"),
    ("weier-plaza", "纬二路商务中心停车场", 116.9930, 36.6570, 380, "office"),
    ("luoyuan-tower", "泺源大街写字楼停车场", 117.0270, 36.6592, 540, "office"),
    ("lishan-hospital", "历山路医院停车场", 117.0360, 36.6555, 300, "hospital"),
    ("jingqi-hospital", "经七路医院停车场", 117.0020, 36.6525, 420, "hospital"),
    ("wenhua-hospital", "文化路医院停车场", 117.0165, 36.6515, 680, "hospital"),
    ("hongjialou", "洪家楼广场停车场", 117.0632, 36.6825, 350, "mall"),
    ("shanda-road", "山大路科技市场停车场", 117.0558, 36.6640, 480, "office"),
    ("jiefang-east", "解放东路商务区停车场", 117.0930, 36.6702, 760, "office"),
    ("aoti-centre", "奥体中心停车场", 117.1120, 36.6535, 1800, "park"),
    ("long-ao", "龙奥大厦停车场", 117.1150, 36.6470, 900, "office"),
    ("gaoxin-plaza", "高新区广场停车场", 117.1270, 36.6695, 820, "office"),
    ("museum", "省博物馆停车场", 117.0885, 36.6585, 400, "park"),
    ("yingxiongshan", "英雄山文化市场停车场", 116.9925, 36.6330, 330, "mall"),
    ("yangguang", "阳光新路小区停车场", 116.9565, 36.6280, 560, "home"),
    ("shungeng", "舜耕小区停车场", 117.0205, 36.6240, 390, "home"),
    ("beiyuan", "北园家园停车场", 117.0150, 36.6910, 470, "home"),
))


class Parking:
    """Keep the count of every car park."""

    def __init__(self, seed: int, run: str, hour: float) -> None:
        """Start near what the hour expects."""
        self._chance, self._ids = random.Random(f"{seed}:parking"), Numbered(run, "p")
        self._taken = [self._expected(one, hour) + self._chance.gauss(0, one.capacity * .02)
                       for one in CAR_PARKS]
        self._arrived = [0] * len(CAR_PARKS)
        self._serves = _serving()

    @staticmethod
    def _expected(one: CarPark, hour: float) -> float:
        """Give the occupancy that the hour expects."""
        return one.capacity * (.06 + .9 * rhythm.level(_CURVES[one.use], hour))

    def arrive(self, segment_ids: list[str]) -> None:
        """Let cars that reached these segments look for a space nearby."""
        for segment_id in segment_ids:
            if (number := self._serves.get(segment_id)) is not None:
                self._arrived[number] += _SPACES_AN_ARRIVAL

    def events(self, now: int, step: int, hour: float) -> list[CityEvent]:
        """Count the car parks whose turn it is."""
        return [self._count(number, now, hour) for number in range(len(CAR_PARKS))
                if (step + number) % PERIOD_SECONDS == 0]

    def _count(self, number: int, now: int, hour: float) -> CityEvent:
        """Let cars in and out of one car park, then count."""
        one = CAR_PARKS[number]
        opened = not _closed(one, hour)
        pull = (self._expected(one, hour) - self._taken[number]) * .04
        drift = self._chance.gauss(0, math.sqrt(one.capacity) * .12)
        moved = self._taken[number] + pull + drift + self._arrived[number] * opened
        self._arrived[number] = 0
        self._taken[number] = min(max(moved, 0.0), float(one.capacity))
        payload = {"car_park_id": one.id, "name": one.name, "longitude": one.longitude,
                   "latitude": one.latitude, "capacity": one.capacity,
                   "occupied": round(self._taken[number]),
                   "status": "open" if opened else "closed"}
        return CityEvent("parking-occupancy", payload, one.id, self._ids.next(), now)


def _closed(one: CarPark, hour: float) -> bool:
    """Tell whether a car park is closed at an hour."""
    first, last = _CLOSED_HOURS.get(one.use, (0.0, 0.0))
    return first <= hour < last if first < last else first != last and not last <= hour < first


def _serving() -> dict[str, int]:
    """Give for each segment the car park that drivers bound for it use, if one is in reach."""
    x, y = roads.to_plane([one.longitude for one in CAR_PARKS], [one.latitude for one in CAR_PARKS])
    found = {}
    for segment in roads.list_segments():
        east, north = (float(part) for part in roads.to_plane(*segment.middle))
        far = np.hypot(x - east, y - north)
        if far.min() < _REACH_M:
            found[segment.segment_id] = int(far.argmin())
    return found
