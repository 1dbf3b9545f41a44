"""Rehearse a replay: map and judge a recording as the gate would, without sending anything."""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geo.datum import to_wgs84
from geo.tree import AreaTree, read_meta
from schemas.declare import Family
from schemas.errors import Refusal
from schemas.wire import decode
from streams.record import Record, identify, observe, refuse_unmapped, refuse_untimely
from streams.repeats import Repeats
from streams.replay import Message, Progress, Recording, Sent
from streams.settings import read_settings

EXAMPLES = 3
_POINTS = 8192


def open_areas() -> AreaTree | None:
    """Load the installed area tree of the configured city; None where there is none."""
    areas = read_settings().areas
    return AreaTree.load(areas) if read_meta(areas) is not None else None


@dataclass(slots=True)
class _Places:
    """Count the positions, and those inside the city, a batch at a time."""

    datum: str
    names: tuple[str, str] | None
    tree: AreaTree | None
    points: int = 0
    in_city: int = 0
    held: list[tuple[float, float]] = field(default_factory=list)

    def add(self, event: Any) -> None:
        """Take the position of one good event, where it has one."""
        place = tuple(getattr(event, name) for name in self.names or ())
        if len(place) == 2 and None not in place:
            self.held.append(place)
            if len(self.held) == _POINTS:
                self.count()

    def count(self) -> None:
        """Count what is held."""
        self.points += len(self.held)
        if self.tree is not None and self.held:
            codes = self.tree.locate_codes(*to_wgs84(self.datum, *np.array(self.held).T))
            self.in_city += sum(code.startswith(self.tree.city) for code in codes)
        self.held.clear()


@dataclass(frozen=True, slots=True)
class Good:
    """Hold a message that the gate would take: its event, id, and when it was observed, ms."""

    event: Any
    event_id: str
    observed_at: int


def judge_message(family: Family, message: Message, now_ms: int, *, replayed: bool
                  ) -> Good | Refusal:
    """Judge a message as the gate does, as if received now (epoch ms); duplicates are not seen.

    What is `replayed` may be of any age.
    """
    if message.map_error:
        return refuse_unmapped(message.map_error)
    event = decode(family, message.body)
    if isinstance(event, Refusal):
        return event
    record = Record("", 0, 0, now_ms, message.body)
    observed = observe(record, event)
    if isinstance(observed, Refusal):
        return observed
    refusal = refuse_untimely(observed, record, family.horizon_seconds, replayed=replayed)
    return refusal or Good(event, identify(record, event), observed)


class _Tally:
    """Judge messages one by one and keep the counts."""

    def __init__(self, recording: Recording, tree: AreaTree | None) -> None:
        """Start with nothing judged, as received now."""
        self.family = recording.mapper.family
        self.now_ms = time.time_ns() // 1_000_000
        self.places = _Places(recording.mapper.declared.datum, self.family.place, tree)
        self.reasons: Counter[tuple[str, str]] = Counter()
        self.first: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.repeats = Repeats()
        self.span: tuple[int, int] | None = None

    def take(self, line: int, message: Message) -> None:
        """Judge one message."""
        refusal = self._judge(line, message)
        if refusal is None:
            return
        key = (str(refusal.reason), refusal.field)
        self.reasons[key] += 1
        told = self.first.setdefault(key, [])
        if len(told) < EXAMPLES:
            told.append({"line": line, "value": refusal.value, "detail": refusal.detail})

    def _judge(self, line: int, message: Message) -> Refusal | None:
        """Judge as the gate does what is replayed; enter what is good."""
        found = judge_message(self.family, message, self.now_ms, replayed=True)
        if isinstance(found, Refusal):
            return found
        self.repeats.add(found.event_id, line)
        self.places.add(found.event)
        low, high = self.span or (found.observed_at, found.observed_at)
        self.span = (min(low, found.observed_at), max(high, found.observed_at))
        return None


def rehearse(recording: Recording, progress: Progress, tree: AreaTree | None
             ) -> tuple[Sent, dict[str, Any]]:
    """Map and judge a recording without sending.

    Gives counts as the gate would, with the first lines refused for each reason, the lines that
    repeat an id, the span of time, the number of positions and of those inside the city of `tree`
    (None without one), and rows read a second.
    """
    sent, tally, begun = Sent(), _Tally(recording, tree), time.monotonic()
    for line, message in recording.numbered():
        sent.events += 1
        sent.unmapped += bool(message.map_error)
        tally.take(line, message)
        if sent.events % 1000 == 0:
            progress(sent.events, recording.share)
    sent.rows, sent.skipped = recording.mapper.rows, recording.mapper.skipped
    duplicates, lines = tally.repeats.count()
    tally.places.count()
    return sent, {**_verdicts(sent, tally, duplicates), "duplicate_lines": lines[:EXAMPLES],
                  **_extent(tally, tree),
                  "rows_per_second": round(sent.rows / max(1e-6, time.monotonic() - begun))}


def _verdicts(sent: Sent, tally: _Tally, duplicates: int) -> dict[str, Any]:
    """Lay out what the gate would say."""
    refused = sum(tally.reasons.values())
    return {
        "accepted": sent.events - refused - duplicates, "refused": refused,
        "duplicates": duplicates,
        "reasons": [{"reason": reason, "field": name, "events": count,
                     "first": tally.first[reason, name]}
                    for (reason, name), count in tally.reasons.most_common()]}


def _extent(tally: _Tally, tree: AreaTree | None) -> dict[str, Any]:
    """Lay out when and where the good events were."""
    first, last = (dt.datetime.fromtimestamp(at / 1000, dt.UTC).isoformat()
                   for at in tally.span) if tally.span else ("", "")
    return {"first_at": first, "last_at": last, "points": tally.places.points,
            "in_city": tally.places.in_city if tree else None, "city": tree.city if tree else ""}
