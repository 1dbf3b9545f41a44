"""Judge windows by rules, and say which alerts are raised and cleared. Pure: no clock, no broker.

What holds, whatever is restarted or replayed:

- Of a window only the greatest version counts. A window is judged once, when its grace is over and
  no version has come for a moment; what comes after the judgment is seen in the result, not here.
- Windows of a place are judged in order of time. Lengths are counted in window time.
- An alert's id is made of rule, place and the start of the window that raised it, and each id is
  raised once and cleared once: the same rows give the same ids.
- A window that ended before its rule was put is not judged by it.
- A rule that is edited keeps its raised alerts where it still watches the same value at the same
  places, and judges by the new thresholds from the next window on; otherwise, and where a rule is
  removed, its raised alerts are cleared at that moment.
- A gap without rows breaks a run and leaves a raised alert standing until `expire_seconds`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from streams.agents.rules import Rule, Watch
from streams.agents.transitions import Open, Transition, alert_id

SETTLE_MS = 5_000


@dataclass(slots=True)
class Pending:
    """Hold the greatest version of a window that is not judged yet, and when it came (epoch ms)."""

    version: int
    value: float | None
    came_at: int


@dataclass(slots=True)
class Track:
    """Hold what is known of one rule at one place.

    `judged_until` is the end of the newest window judged; `run_start` the start of the run of
    windows that holds (no alert open) or is over (alert open); `spoken_at` the end of the newest
    window that had a value.
    """

    pending: dict[int, Pending] = field(default_factory=dict)
    judged_until: int = 0
    spoken_at: int = 0
    run_start: int | None = None
    alert: Open | None = None


class Evaluator:
    """Judge rows of results by the rules as they stand."""

    def __init__(self) -> None:
        """Start without rules."""
        self._watches: dict[str, Watch] = {}
        self._tracks: dict[str, dict[str, Track]] = {}
        self._newest = 0

    def rules(self) -> list[Rule]:
        """List the rules as they stand, by id."""
        return [watch.rule for _, watch in sorted(self._watches.items())]

    def find(self, rule_id: str) -> Rule | None:
        """Find a rule as it stands."""
        watch = self._watches.get(rule_id)
        return watch.rule if watch else None

    def open_alerts(self) -> list[Open]:
        """List the raised alerts."""
        return [t.alert for by_place in self._tracks.values() for t in by_place.values() if t.alert]

    def put(self, rule: Rule, at: int) -> list[Transition]:
        """Take a new or edited rule that was put at `at` (epoch ms)."""
        known = self._watches.get(rule.id)
        if known is not None and known.rule == rule:
            return []
        cleared = []
        if known is not None and not known.rule.watches_the_same(rule):
            cleared = self.remove(rule.id, at)
        self._watches[rule.id] = Watch(rule, at)
        for track in self._tracks.setdefault(rule.id, {}).values():
            track.run_start = None
            track.pending.clear()
        return cleared

    def remove(self, rule_id: str, at: int) -> list[Transition]:
        """Forget a rule removed at `at` (epoch ms); its raised alerts are cleared then."""
        self._watches.pop(rule_id, None)
        tracks = self._tracks.pop(rule_id, {})
        return [_clear(rule_id, place, track, max(at, track.alert.raised_at))
                for place, track in tracks.items() if track.alert]

    def restore(self, alert: Mapping[str, Any]) -> None:
        """Take one clean `alert` event, in the order in which they stand in their topic."""
        track = self._tracks.setdefault(alert["rule_id"], {}).setdefault(alert["place"], Track())
        at = int(alert["observed_at"])
        if at < track.judged_until:
            return
        track.judged_until = track.spoken_at = at
        if alert["state"] == "cleared":
            track.alert = None
            return
        track.alert = Open(
            alert["alert_id"], int(alert["raised_at"]), float(alert["value"]), alert["severity"],
            alert["title_en"], alert["title_zh"], float(alert["threshold"]))

    def drop_orphans(self, at: int) -> list[Transition]:
        """Clear restored alerts whose rule is gone."""
        gone = [rule_id for rule_id in self._tracks if rule_id not in self._watches]
        return [one for rule_id in gone for one in self.remove(rule_id, at)]

    def concerns(self, result: str, window_seconds: int, area: str | None) -> bool:
        """Tell whether some rule watches rows of this result, window length and level of area."""
        return any(
            one.rule.result == result and one.rule.window_seconds == window_seconds
            and (one.rule.level is None or one.rule.level == len(area or ""))
            for one in self._watches.values())

    def take(self, result: str, row: Mapping[str, Any], came_at: int) -> None:
        """Take one version of one window's row that came at `came_at` (epoch ms)."""
        start, version = int(row["window_start"]), int(row["version"])
        self._newest = max(self._newest, start)
        for watch in self._watches.values():
            rule = watch.rule
            if rule.result != result or rule.window_seconds != row["window_seconds"]:
                continue
            place = watch.place(row)
            if not place or start + watch.window_ms <= watch.since:
                continue
            track = self._tracks[rule.id].setdefault(place, Track())
            known = track.pending.get(start)
            if start >= track.judged_until and (known is None or known.version < version):
                track.pending[start] = Pending(version, watch.value(row), came_at)

    def advance(self, now: int) -> list[Transition]:
        """Judge every window that is due at `now` (epoch ms)."""
        found: list[Transition] = []
        for rule_id, watch in self._watches.items():
            for place, track in self._tracks[rule_id].items():
                found += self._advance(watch, place, track, now)
        return found

    def _advance(self, watch: Watch, place: str, track: Track, now: int) -> Iterable[Transition]:
        """Judge the due windows of one place in order, then what their absence means."""
        found: list[Transition] = []
        for start in sorted(track.pending):
            pending = track.pending[start]
            if now < max(start + watch.window_ms + watch.grace_ms, pending.came_at + SETTLE_MS):
                return found
            del track.pending[start]
            found += _fill(watch, place, track, start)
            found += _judge(watch, place, track, start, pending.value)
        # nothing is concluded from silence beyond what some result has reached
        silent_until = min(self._newest, now - watch.window_ms - watch.grace_ms - SETTLE_MS)
        silent_until -= silent_until % watch.window_ms
        if watch.rule.absent == "zero":
            found += _fill(watch, place, track, silent_until)
        return [*found, *_expire(watch, place, track, silent_until)]


def _fill(watch: Watch, place: str, track: Track, until: int) -> list[Transition]:
    """Judge the windows without row before `until`: as zeros where the rule says so, or as a gap.

    Of many zeros only so many are judged as can change anything.
    """
    if not track.judged_until or until <= track.judged_until:
        return []
    if watch.rule.absent == "unknown":
        track.run_start = None
        return []
    found: list[Transition] = []
    first = -(-track.judged_until // watch.window_ms) * watch.window_ms
    longest = max(watch.rule.for_seconds, watch.rule.clear_for_seconds)
    for _ in range(longest // watch.rule.window_seconds + 2):
        if first >= until:
            break
        found += _judge(watch, place, track, first, 0.0)
        first += watch.window_ms
    track.judged_until = track.spoken_at = max(track.judged_until, until)
    return found


def _judge(watch: Watch, place: str, track: Track, start: int,
           value: float | None) -> list[Transition]:
    """Judge one window: lengthen or break the run, and raise or clear when it is long enough."""
    rule, end = watch.rule, start + watch.window_ms
    track.judged_until = end
    if value is None:
        track.run_start = None
        return []
    track.spoken_at = end
    if not (rule.over(value) if track.alert else rule.holds(value)):
        track.run_start = None
        return []
    if track.run_start is None:
        track.run_start = start
    needed = rule.clear_for_seconds if track.alert else rule.for_seconds
    if end - track.run_start < needed * 1000:
        return []
    track.run_start = None
    if track.alert:
        track.alert = replace(track.alert, value=value)
        return [_clear(rule.id, place, track, end)]
    track.alert = Open(alert_id(rule.id, place, start), end, value, rule.severity,
                       rule.title_en, rule.title_zh, rule.threshold)
    return [Transition(rule.id, place, "raised", end, track.alert)]


def _expire(watch: Watch, place: str, track: Track, silent_until: int) -> list[Transition]:
    """Clear an alert of which no value has spoken for too long."""
    expiry = track.spoken_at + watch.rule.expire_seconds * 1000
    if track.alert is None or silent_until < expiry:
        return []
    track.run_start = None
    return [_clear(watch.rule.id, place, track, expiry)]


def _clear(rule_id: str, place: str, track: Track, at: int) -> Transition:
    """Close the open alert of a track."""
    alert, track.alert = track.alert, None
    assert alert is not None
    return Transition(rule_id, place, "cleared", at, alert)
