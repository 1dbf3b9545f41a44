"""Let people call the 12345 hotline, more of them where something has just happened."""

from __future__ import annotations

import heapq
import random
from typing import Any

from streams.city import rhythm
from streams.city.event import CityEvent, Numbered
from streams.city.people import draw_identity, draw_name, draw_phone
from streams.city.places import Places

# topic, department, what is said, weight
TOPICS: tuple[tuple[str, str, str, float], ...] = (
    ("供热", "住建局", "家里暖气不热，希望尽快处理", 14),
    ("供水", "水务集团", "小区停水多时", 7),
    ("物业管理", "住建局", "物业不作为，电梯常坏", 12),
    ("噪声扰民", "公安局", "夜间施工噪声太大", 10),
    ("违章停车", "交警支队", "消防通道被车辆占用", 10),
    ("交通拥堵", "交警支队", "路口长时间拥堵", 8),
    ("公共交通", "公交集团", "公交车很久不来", 7), ("社会保障", "人社局", "咨询社保转移手续", 9),
    ("医疗卫生", "卫健委", "咨询医院挂号", 6), ("教育入学", "教育局", "咨询入学划片", 6),
    ("消费维权", "市场监管局", "商家拒绝退款", 8), ("环境污染", "生态环境局", "河道有异味", 5),
    ("违法建设", "城管局", "邻居私搭乱建", 4), ("劳动纠纷", "人社局", "工资被拖欠", 4),
)
INCIDENT_TOPICS: dict[str, tuple[str, str, str]] = {
    "accident": ("交通拥堵", "交警支队", "发生事故，车辆堵住了"),
    "signal": ("交通拥堵", "交警支队", "红绿灯坏了，没有人指挥"),
    "flood": ("道路积水", "排水中心", "桥下积水很深，车过不去"),
}
_RATED, _SATISFIED, _GUARD_SECONDS = .62, .9, 15.0


class Hotline:
    """Draw the calls of each second."""

    def __init__(self, seed: int, run: str) -> None:
        """Start with nobody on the line."""
        self._chance = random.Random(f"{seed}:hotline")
        self._places, self._run = Places(self._chance), run
        self._ids, self._number = Numbered(run, "h"), 0
        self._coming: list[tuple[float, int, str, float, float, str]] = []

    def expect(self, step: int, kind: str, longitude: float, latitude: float, road: str) -> None:
        """Let some people near an incident call within the next minutes."""
        for number in range(self._chance.randint(3, 7)):
            at = step + 10 + self._chance.expovariate(1 / 60)
            heapq.heappush(self._coming, (at, number, kind,
                                          *self._places.near(longitude, latitude), road))

    def events(self, now: int, step: int, hour: float) -> list[CityEvent]:
        """List the calls of this second."""
        events = []
        busy = rhythm.level(rhythm.VOICE, hour)
        if self._chance.random() < .08 + .4 * busy:
            topic, department, said, _ = self._chance.choices(
                TOPICS, weights=[row[3] for row in TOPICS])[0]
            events.append(self._call(now, busy, topic, department, said, *self._places.draw()))
        while self._coming and self._coming[0][0] <= step:
            _, _, kind, longitude, latitude, road = heapq.heappop(self._coming)
            events.append(self._call(now, busy, *INCIDENT_TOPICS[kind], longitude, latitude, road))
        return events

    def _call(self, now: int, busy: float, topic: str, department: str, said: str,
              longitude: float, latitude: float, road: str) -> CityEvent:
        """Describe one call, its invented caller included."""
        chance = self._chance
        self._number += 1
        name, phone = draw_name(chance), draw_phone(chance)
        said = f"{road}{said}"
        if chance.random() < .35:
            said += f"。我叫{name}，联系电话{phone}"
        if chance.random() < .06:
            said += f"，身份证{draw_identity(chance)}"
        waited = round(min(90.0, chance.lognormvariate(1.55 + .55 * busy, .6)), 1)
        answered = chance.random() < (.992 if waited <= _GUARD_SECONDS else .8)
        payload: dict[str, Any] = {
            "call_id": f"C{self._run}-{self._number:06d}", "topic": topic, "caller_name": name,
            "caller_phone": phone, "content": said, "longitude": longitude, "latitude": latitude,
            "answer_seconds": waited, "answered": answered}
        if answered:
            payload["department"] = department
            if chance.random() < _RATED:
                payload["satisfied"] = chance.random() < _SATISFIED
        return CityEvent("hotline-call", payload, payload["call_id"], self._ids.next(), now)
