"""Judge what was watched: each rule is a function that gives the findings it has.

Rules that look for something amiss ask for more than one case of it, so that a healthy stream has
no finding; each says why its bound is what it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

from streams.feedback.report import Clock, Finding, Report, Sure
from streams.feedback.seen import Seen
from streams.feedback.watch import SAMPLES, Watch
from streams.feedback.windows import read_delay
from streams.feedback.words import FINDINGS

# a retry now and then is in order
DUPLICATES, DUPLICATE_SHARE = 20, 0.01
# one odd event may be a reboot
EVENTS_AHEAD = 3
# batches of half a minute are usual; behind that one cannot tell a slow clock from waiting
BEHIND_MS = 30_000
# a chance time lies this near to a half hour in 13 % of cases
ZONED, ZONED_SHARE = 5, 0.8
SAME_EVENTS, SAME_MS, SAME_AT_LEAST = 20, 60_000, 3
# what sends one result of a slot for all keys, spread over the slot, has one time for as long
STREAM_SAME_MS = 300_000
GAP_INTERVALS, GAP_MS = 3, 10_000
SILENT_MS, SILENT_EVENTS = 30_000, 20
ODD_EVENTS, ODD_SHARE = 5, 0.01
OTHERS_MS = 30_000
Rule = Callable[[Watch, int, int], Iterator[Finding]]


def _make(code: str, sure: Sure, count: int, *, field: str = "", minute: int = 0,
          last_at: int | None = None, samples: Sequence[str] = (), **words: Any) -> Finding:
    """Make a finding; further words fill its text."""
    told, given = FINDINGS[code], {"count": f"{count:,}", "field": field or "–", **words}
    return Finding(code, field, sure, count, minute, last_at, told.en.format(**given),
                   told.zh.format(**given), list(samples))


def _seconds(ms: float) -> str:
    """Write ms as seconds."""
    return f"{ms / 1000:,.0f}" if abs(ms) >= 10_000 else f"{ms / 1000:.1f}"


def _tens(ms: int) -> str:
    """Write ms as tens of seconds: what grows by itself would make a report new each time."""
    return f"{ms // 10_000 * 10:,}"


def _noted(watch: Watch, code: str, field: str, sure: Sure, **words: Any) -> Finding:
    """Make a finding of what was noted event by event."""
    what, noted = (code, field), watch.noted[code, field]
    return _make(code, sure, watch.tallies.hour[what], field=field, last_at=noted.last_at,
                 minute=watch.tallies.minute[what], samples=list(reversed(noted.samples)), **words)


def find_refused(watch: Watch, _now: int, _newest: int) -> Iterator[Finding]:
    """Tell of refused, late and repeated events."""
    hour, minute = watch.window("hour"), watch.window("minute")
    refused = [one for one in watch.list_refused() if one.reason != "too-late"]
    late = [one for one in watch.list_refused() if one.reason == "too-late"]
    if refused:
        top = refused[0]
        yield _make("refused", "certain", sum(one.hour for one in refused), field=top.field,
                    minute=sum(one.minute for one in refused),
                    last_at=max(one.samples[0].received_at for one in refused),
                    samples=[one.value for one in top.samples], en=top.en, zh=top.zh)
    if late:
        horizon = watch.shape.horizon_ms if watch.shape else 0
        yield _make("late", "certain", late[0].hour, field="observed_at", minute=late[0].minute,
                    last_at=late[0].samples[0].received_at, seconds=_seconds(horizon),
                    samples=[one.detail for one in late[0].samples])
    if hour.duplicates >= DUPLICATES and hour.duplicates >= DUPLICATE_SHARE * hour.received:
        yield _make("duplicates", "certain", hour.duplicates, field="id", minute=minute.duplicates,
                    share=f"{100 * hour.duplicates / max(1, hour.received):.0f}")


def find_noted(watch: Watch, _now: int, _newest: int) -> Iterator[Finding]:
    """Tell of what is odd in single events: ids, bounds, jumps, places."""
    watched = sum(watch.delays.hour.values())
    sure: dict[str, Sure] = {"repeated-id": "certain", "at-bound": "possible", "jump": "likely",
                             "rounded-place": "likely", "outside-areas": "likely"}
    for code, field in sorted(watch.noted):
        count = watch.tallies.hour[code, field]
        enough = ODD_EVENTS if code != "repeated-id" else 1
        share = ODD_SHARE if code not in ("repeated-id", "jump") else 0.0
        if code in sure and count >= enough and count >= share * watched:
            yield _noted(watch, code, field, sure[code])


def find_clock(watch: Watch, _now: int, _newest: int) -> Iterator[Finding]:
    """Tell of clocks that are ahead or of another zone, of wrong units, and of slowness."""
    ahead, untimely = ("clock-ahead", "observed_at"), watch.tallies.hour["untimely", ""]
    zoned, unit = ("time-zone", "observed_at"), ("time-unit", "observed_at")
    if watch.tallies.hour[ahead] >= EVENTS_AHEAD:
        yield _noted(watch, *ahead, "certain")
    if watch.tallies.hour[zoned] >= max(ZONED, ZONED_SHARE * untimely):
        yield _noted(watch, *zoned, "likely", hours=", ".join(sorted(watch.noted[zoned].samples)))
    if watch.tallies.hour[unit]:
        yield _noted(watch, *unit, "certain")
    delay = read_delay(watch.delays.minute)
    if delay and watch.shape and 2 * delay.p95 > watch.shape.horizon_ms:
        yield _make("slow", "certain", sum(watch.delays.minute.values()), field="observed_at",
                    seconds=_seconds(delay.p95), horizon=_seconds(watch.shape.horizon_ms))


def find_frozen(watch: Watch, now: int, _newest: int) -> Iterator[Finding]:
    """Tell of keys, and of whole streams, whose time of observation stands still."""
    frozen = [(key, seen) for key, seen in watch.keys.items() if seen.same >= SAME_EVENTS or (
        seen.same >= SAME_AT_LEAST and seen.received_at - seen.same_since >= SAME_MS)]
    if frozen:
        yield _make("frozen-clock", "likely", len(frozen), field="observed_at",
                    last_at=max(seen.received_at for _, seen in frozen),
                    samples=[f"{key}: {seen.observed_at}, {seen.same}×"
                             for key, seen in frozen[-SAMPLES:]])
    length = (watch.received_at or 0) - watch.same_since
    if not frozen and watch.same >= SAME_EVENTS and length >= STREAM_SAME_MS and (
            now - (watch.received_at or 0) < STREAM_SAME_MS):
        yield _make("frozen-stream", "likely", watch.same, field="observed_at",
                    last_at=watch.received_at, seconds=_seconds(length),
                    samples=[f"{watch.observed_at}"])


def find_gaps(watch: Watch, now: int, newest: int) -> Iterator[Finding]:
    """Tell of keys that fell silent, and of a whole stream that did.

    Keys are judged by the newest event of anybody: while the road stands still, no key is silent.
    Things that move end their journeys, so that their silence says nothing.
    """
    keys = watch.keys.items()
    if 5 * sum(seen.moves for _, seen in keys) < len(keys):
        silent = [(key, seen) for key, seen in keys if _is_silent(seen, newest)]
        if silent:
            yield _make("gap", "likely", len(silent), field=_key_of(watch),
                        last_at=max(seen.received_at for _, seen in silent),
                        samples=[f"{key}: {_tens(newest - seen.received_at)} s"
                                 for key, seen in silent[-SAMPLES:]])
    if watch.received_at is None or sum(watch.delays.hour.values()) < SILENT_EVENTS:
        return
    length, longest = now - watch.received_at, max(watch.pauses.hour, default=0)
    if length > max(SILENT_MS, GAP_INTERVALS * longest):
        sure: Sure = "likely" if now - newest < OTHERS_MS else "possible"
        yield _make("silent", sure, 1, last_at=watch.received_at, seconds=_tens(length),
                    longest=_seconds(longest))


def _is_silent(seen: Seen, newest: int) -> bool:
    """Tell whether a key that was regular has missed its times."""
    usual, silent = seen.usual_ms, newest - seen.received_at
    return usual is not None and silent > max(GAP_MS, GAP_INTERVALS * usual)


def _key_of(watch: Watch) -> str:
    """Name the field that keys the family."""
    return watch.shape.family.key.name if watch.shape else ""


def find_stuck(watch: Watch, _now: int, _newest: int) -> Iterator[Finding]:
    """Tell of numbers that stay the same where nothing rests."""
    shape = watch.shape
    for i, checked in enumerate(shape.checked if shape else ()):
        if shape is None or not checked.stuck_events:
            continue
        stuck = [(key, seen) for key, seen in watch.keys.items()
                 if seen.runs[i] >= checked.stuck_events
                 and seen.received_at - seen.run_since[i] >= checked.stuck_ms
                 and not shape.rests(i, seen.values)]
        if stuck:
            yield _make("stuck", "possible", len(stuck), field=checked.name,
                        last_at=max(seen.received_at for _, seen in stuck),
                        samples=[f"{key}: {seen.values[i]:g}, {seen.runs[i]}×"
                                 for key, seen in stuck[-SAMPLES:]])


def find_behind(clock: Clock) -> Iterator[Finding]:
    """Tell of clocks that seem behind."""
    if clock.ahead_ms is not None and -clock.ahead_ms > BEHIND_MS:
        yield _make("clock-behind", "possible", clock.keys, field="observed_at",
                    seconds=_seconds(-clock.ahead_ms))


RULES: tuple[Rule, ...] = (find_refused, find_clock, find_frozen, find_gaps, find_stuck,
                           find_noted)


def read_clock(watch: Watch, others: Sequence[Watch]) -> Clock:
    """Bound how far the publisher's clocks are off, by the rule that stands at `Clock`."""
    own = watch.lowest()
    if not own:
        return Clock(None, "zero", 0)
    known = [low for other in others for low in other.lowest()]
    ahead = round((median(known) if known else 0) - median(own))
    return Clock(ahead, "others" if known else "zero", len(own))


def make_report(watch: Watch, others: Sequence[Watch], now: int, newest: int) -> Report:
    """Report on a publisher's family; `others` send the same, `newest` is anybody's last event."""
    watch.roll(now)
    clock = read_clock(watch, others)
    findings = [found for rule in RULES for found in rule(watch, now, newest)]
    return Report(
        watch.publisher, watch.family, now, watch.since, watch.received_at, watch.observed_at,
        watch.window("minute"), watch.window("hour"), watch.list_refused(), clock,
        len(watch.keys), watch.tallies.hour["unfollowed", ""], [*findings, *find_behind(clock)])
