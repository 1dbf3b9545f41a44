"""Let things go wrong on the roads, and write down the truth about it.

An accident or a flood slows one segment, a failed signal every approach of its junction; SUMO's
vehicles then really crawl there. Each incident is one line when it starts and one when it ends.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from geo import roads
from streams.city.event import choose
from streams.city.traffic import Traffic

_KINDS = (("accident", 60), ("signal", 25), ("flood", 15))
_LIMIT_KMH = {"accident": 7.0, "signal": 12.0, "flood": 5.0}
_FIRST_SECOND, _MEAN_PAUSE_SECONDS, _MOST_AT_ONCE = 20, 140, 4
_LASTS_SECONDS = (240, 600)
_TRUTH_BYTES = 20_000_000
# where the railway or the river is crossed below or above: water gathers there
LOW_PLACES = ("weier-road", "jiluo-road", "shunhe-street", "lishan-road", "wuyingshan-road",
              "dikou-road", "huaxin-road")


@dataclass(frozen=True, slots=True)
class Incident:
    """Describe one incident; `until` is the second of the run at which it ends."""

    incident_id: str
    kind: str
    segment_ids: tuple[str, ...]
    limit_kmh: float
    until: int
    started_at: int

    @property
    def segment(self) -> roads.Segment:
        """Give the segment where it lies."""
        return roads.get_segment(self.segment_ids[0])


class Incidents:
    """Start and end incidents; call `close` to end the truth file."""

    def __init__(self, seed: int, run: str, truth: Path) -> None:
        """Open the truth file to append to; a full one is moved aside."""
        self.active: list[Incident] = []
        self._chance, self._run, self._number = random.Random(f"{seed}:incidents"), run, 0
        self._next: float = _FIRST_SECOND
        truth.parent.mkdir(parents=True, exist_ok=True)
        if truth.exists() and truth.stat().st_size > _TRUTH_BYTES:
            truth.replace(truth.with_suffix(".old.ndjson"))
        self._truth: IO[str] = truth.open("a", encoding="utf-8")

    def advance(self, step: int, now: int, hour: float, traffic: Traffic) -> list[Incident]:
        """End what is over, perhaps start one; list those that start now."""
        for one in [one for one in self.active if one.until <= step]:
            self.active.remove(one)
            traffic.limit(one.segment_ids, None, hour)
            self._write(one, "ended", now)
        if step < self._next or len(self.active) >= _MOST_AT_ONCE:
            return []
        self._next = step + 20 + self._chance.expovariate(1 / _MEAN_PAUSE_SECONDS)
        kind = choose(self._chance, _KINDS)
        segment_ids = self._choose(kind, traffic)
        taken = {name for one in self.active for name in one.segment_ids}
        if not segment_ids or taken & set(segment_ids):
            return []
        self._number += 1
        one = Incident(f"I{self._run}-{self._number:04d}", kind, segment_ids, _LIMIT_KMH[kind],
                       step + self._chance.randint(*_LASTS_SECONDS), now)
        self.active.append(one)
        traffic.limit(one.segment_ids, one.limit_kmh, hour)
        self._write(one, "started", now)
        return [one]

    def _choose(self, kind: str, traffic: Traffic) -> tuple[str, ...]:
        """Choose segments on which vehicles are driving now, rather several than one."""
        several = [name for name, speeds in sorted(traffic.speeds.items()) if len(speeds) > 2]
        found = [roads.get_segment(name) for name in several or sorted(traffic.speeds)]
        found = [one for one in found if one.length_m > 250 and not one.ramp]
        if kind == "flood":
            found = [one for one in found if one.road_id in LOW_PLACES]
        elif kind == "signal":
            found = [one for one in found if one.road_class == "arterial"]
        else:
            found = [one for one in found if one.road_class in ("arterial", "expressway")]
        if not found:
            return ()
        chosen = self._chance.choice(found).segment_id
        return _approaches(chosen) if kind == "signal" else (chosen,)

    def _write(self, one: Incident, state: str, now: int) -> None:
        """Write one line of truth."""
        longitude, latitude = one.segment.middle
        line: dict[str, Any] = {
            "incident_id": one.incident_id, "kind": one.kind, "state": state, "at": now,
            "started_at": one.started_at, "road_id": one.segment.road_id,
            "segment_ids": one.segment_ids, "longitude": round(longitude, 6),
            "latitude": round(latitude, 6), "limit_kmh": one.limit_kmh}
        self._truth.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._truth.flush()

    def close(self) -> None:
        """Close the truth file."""
        self._truth.close()


def _approaches(segment_id: str) -> tuple[str, ...]:
    """List all segments that lead to the junction at a segment's end, that segment first."""
    pieces = roads.read_layout().pieces
    end = next(one.end for one in pieces if one.id == segment_id)
    others = [one.id for one in pieces if one.end == end and one.id != segment_id]
    return (segment_id, *others)
