"""Live through grid cases on a quick clock: a working hour passes in three minutes."""

from __future__ import annotations

import heapq
import random
from collections import deque
from dataclasses import dataclass
from typing import Any

from streams.city import rhythm
from streams.city.event import CityEvent, Numbered, choose
from streams.city.people import draw_name, draw_phone
from streams.city.places import Places

QUICK = 20  # one hour of the office's clock passes in 3600 / QUICK seconds
_MOST_A_SECOND = 8
_MOST_OPEN = 3000
_OPENING_SPAN = 2400  # the cases open at the start were reported within so many seconds before

# category, department, handling time in working hours, weight
KINDS: tuple[tuple[str, str, float, float], ...] = (
    ("市容环境/暴露垃圾", "城管局", 4, 15), ("市容环境/道路不洁", "环卫中心", 5, 9),
    ("市容环境/油烟污染", "生态环境局", 10, 4), ("街面秩序/占道经营", "城管局", 3, 12),
    ("街面秩序/机动车乱停放", "交警支队", 3, 13), ("街面秩序/共享单车乱停放", "城管局", 3, 11),
    ("宣传广告/违章张贴小广告", "城管局", 6, 8), ("宣传广告/违规户外广告", "城管局", 12, 3),
    ("施工管理/施工扰民", "住建局", 8, 5), ("施工管理/工地扬尘", "住建局", 8, 4),
    ("施工管理/无证掘路", "市政中心", 12, 2), ("突发事件/路面塌陷", "市政中心", 9, 1),
    ("公用设施/井盖破损", "水务集团", 6, 6), ("公用设施/路灯不亮", "照明中心", 10, 5),
    ("公用设施/燃气异味", "燃气公司", 2, 1), ("交通设施/护栏破损", "交警支队", 9, 4),
    ("交通设施/标志牌污损", "交警支队", 12, 2), ("园林绿化/树木倒伏", "园林局", 6, 3),
    ("园林绿化/绿地脏乱", "园林局", 8, 4), ("其他/噪声扰民", "公安局", 4, 3),
)
INCIDENT_KINDS: dict[str, tuple[str, str, float]] = {
    "accident": ("突发事件/道路交通事故", "交警支队", 1.5),
    "signal": ("交通设施/信号灯故障", "交警支队", 3),
    "flood": ("突发事件/路面积水", "排水中心", 4),
}
_SOURCES = (("patrol", 55), ("public", 22), ("hotline", 15), ("sensor", 6), ("other", 2))
# step → what may follow: step, weight, mean seconds until then (None: the handling time)
FLOW: dict[str, tuple[tuple[str, float, float | None], ...]] = {
    "reported": (("verified", 1, 45),),
    "verified": (("filed", 92, 25), ("voided", 8, 25)),
    "filed": (("dispatched", 1, 25),),
    "dispatched": (("handled", 86, None), ("returned", 7, 60), ("extended", 7, 150)),
    "returned": (("dispatched", 1, 40),),
    "extended": (("handled", 1, None),),
    "handled": (("checked", 1, 60),),
    "checked": (("closed", 90, 20), ("reworked", 10, 20)),
    "reworked": (("handled", 1, None),),
    "closed": (), "voided": (),
}


@dataclass(slots=True)
class _Case:
    """Hold one open case."""

    case_id: str
    number: int
    fixed: dict[str, Any]
    hours: float
    step: str
    description: str


class Cases:
    """Open, move and close cases; at most a few steps a second leave."""

    def __init__(self, seed: int, run: str, hour: float) -> None:
        """Open the cases that the hour would find open."""
        self._chance = random.Random(f"{seed}:cases")
        self._places, self._run = Places(self._chance), run
        self._ids, self._number = Numbered(run, "g"), 0
        self._due: list[tuple[float, int, _Case]] = []
        # the opening's long tail of steps must not keep what happens now waiting
        self._opening: deque[tuple[_Case, str]] = deque()
        self._waiting: deque[tuple[_Case, str]] = deque()
        self._opened_before = 0
        for age in sorted(self._chance.uniform(0, _OPENING_SPAN)
                          for _ in range(round(_OPENING_SPAN * max(.2, self._rate(hour))))):
            self._move(age - _OPENING_SPAN)
            self._open_any(age - _OPENING_SPAN)
        self._move(0)
        self._opened_before = self._number
        still_open = {number for _, number, _ in self._due}
        self._opening.extend(one for one in self._waiting if one[0].number in still_open)
        self._waiting.clear()

    @staticmethod
    def _rate(hour: float) -> float:
        """Give the cases reported a second at an hour."""
        return .07 + .2 * rhythm.level(rhythm.VOICE, hour)

    @property
    def open(self) -> int:
        """Count the open cases."""
        return len(self._due)

    def _open_any(self, at: float) -> None:
        """Report a case of any kind anywhere."""
        kind = self._chance.choices(KINDS, weights=[row[3] for row in KINDS])[0]
        source = choose(self._chance, _SOURCES)
        longitude, latitude, road = self._places.draw()
        self._open(at, kind[:3], source, longitude, latitude, f"{road}附近{kind[0][5:]}")

    def _open(self, at: float, kind: tuple[str, str, float], source: str, longitude: float,
              latitude: float, description: str) -> None:
        """Report a case; verified later unless a patrol saw it, whose report is filed at once."""
        if len(self._due) >= _MOST_OPEN:
            return
        self._number += 1
        if source == "public" or (source == "hotline" and self._chance.random() < .7):
            description += (f"，联系人：{draw_name(self._chance)}，"
                            f"电话{draw_phone(self._chance)}")
        case = _Case(f"G{self._run}-{self._number:05d}", self._number, {
            "category": kind[0], "department": kind[1], "reported_by": source,
            "longitude": longitude, "latitude": latitude}, kind[2], "reported", description)
        self._waiting.append((case, "reported"))
        self._plan(at, case)

    def _plan(self, at: float, case: _Case) -> None:
        """Draw what happens next to a case and when."""
        choices = FLOW[case.step]
        if case.step == "reported" and case.fixed["reported_by"] == "patrol":
            choices = (("filed", 1, 30),)
        if choices:
            step, _, mean = self._chance.choices(choices, weights=[one[1] for one in choices])[0]
            if mean is None:
                mean = case.hours * 3600 / QUICK * .8
            wait = max(3.0, self._chance.gammavariate(2.5, mean / 2.5))
            case.step = step
            heapq.heappush(self._due, (at + wait, case.number, case))

    def _move(self, until: float) -> None:
        """Take every step that is due."""
        while self._due and self._due[0][0] <= until:
            at, number, case = heapq.heappop(self._due)
            queue = self._opening if number <= self._opened_before else self._waiting
            queue.append((case, case.step))
            self._plan(at, case)

    def report(self, step: int, kind: str, longitude: float, latitude: float, road: str,
               source: str) -> None:
        """Report an incident on the road as a case."""
        category, department, hours = INCIDENT_KINDS[kind]
        self._open(step, (category, department, hours), source,
                   *self._places.near(longitude, latitude, .0004),
                   f"{road}{category[5:]}，影响通行")

    def events(self, now: int, step: int, hour: float) -> list[CityEvent]:
        """Take the steps of this second; more than a few wait for the next."""
        if self._chance.random() < self._rate(hour):
            self._open_any(step)
        self._move(step)
        events: list[CityEvent] = []
        for queue in (self._waiting, self._opening):
            while queue and len(events) < _MOST_A_SECOND:
                events.append(self._event(*queue.popleft(), now))
        return events

    def _event(self, case: _Case, step: str, now: int) -> CityEvent:
        """Tell one step; the deadline is told when a case is filed, and when it is extended."""
        payload = {"case_id": case.case_id, "step": step, **case.fixed}
        if step == "reported":
            payload["description"] = case.description
        elif step in ("filed", "dispatched", "extended"):
            allowed = case.hours * (1.5 if step == "extended" else 1)
            payload["due_at"] = now + round(allowed * 3_600_000 / QUICK)
        return CityEvent("grid-case", payload, case.case_id, self._ids.next(), now)
