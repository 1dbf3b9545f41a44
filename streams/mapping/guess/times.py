"""Recognise how instants are written: formats, day or month first, epochs, zones, placeholders."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from streams.mapping.guess.model import Column, Doubt

_DISTINCT = 400
# within these years an epoch number is an instant, and outside of them a date is a placeholder
_EARLIEST, _LATEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC), dt.datetime(2090, 1, 1, tzinfo=dt.UTC)
_SCALES = {"epoch-s": 1.0, "epoch-ms": 1e3, "epoch-us": 1e6, "epoch-ns": 1e9}
_EPOCHS = {name: (_EARLIEST.timestamp() * scale, _LATEST.timestamp() * scale)
           for name, scale in _SCALES.items()}
_CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%I:%M %p", "%H", "")
_DATES = ("%Y/%m/%d", "%Y.%m.%d", "%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y",
          "%m-%d-%Y", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y",
          "%Y%m%d", "%Y年%m月%d日")
_SPECIAL = (
    "%Y年%m月%d日 %H时%M分%S秒", "%Y年%m月%d日%H时%M分%S秒", "%Y年%m月%d日 %H时%M分",
    "%Y年%m月%d日%H时%M分", "%Y年%m月%d日%H:%M:%S", "%Y年%m月%d日%H:%M", "%Y年%m月%d日 %H时",
    "%Y年%m月%d日%H时", "%Y%m%d%H%M%S", "%Y%m%d%H%M", "%a %b %d %H:%M:%S %Y",
    "%a, %d %b %Y %H:%M:%S %z", "%a %b %d %H:%M:%S %z %Y", "%d/%b/%Y:%H:%M:%S %z")
_DIGITS = {"%Y%m%d": 8, "%Y%m%d%H%M": 12, "%Y%m%d%H%M%S": 14}
_DASHED = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d.*)?$")
_COMPACT = re.compile(r"\d{8}T\d{4}.*$")
_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AP]M)?$", re.IGNORECASE)


def _formats() -> tuple[str, ...]:
    """List the formats in order of preference; iso reads dashed dates with padded clocks."""
    dated = [f"{date} {clock}".strip() for clock in _CLOCKS for date in _DATES]
    zoned = [f"{date} {clock}{gap}%z" for date in _DATES[:5] for clock in _CLOCKS[:3]
             for gap in (" ", "")]
    return ("iso", *dated, *zoned, *_SPECIAL)


FORMATS = _formats()


@dataclass(slots=True)
class Moments:
    """Hold how the texts of a column tell instants.

    `share` of the given texts that the formats read; `naive` of those that carry no zone;
    `placeholders` are texts that stand for no instant; `clock` tells whether a time of day is told.
    """

    formats: list[str]
    share: float
    naive: float
    clock: bool
    placeholders: list[str] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    first: dt.datetime | None = None
    last: dt.datetime | None = None
    falling: bool = False


def read_moment(text: str, form: str) -> dt.datetime | None:
    """Read a text by one format; None where it does not fit. Epochs come out in UTC."""
    try:
        if form in _EPOCHS:
            low, high = _EPOCHS[form]
            value = float(text)
            scale = low / _EARLIEST.timestamp()
            return dt.datetime.fromtimestamp(value / scale, dt.UTC) if low <= value < high else None
        if form in _DIGITS:
            return _read_digits(text, form)
        if form != "iso":
            return dt.datetime.strptime(text, form)  # noqa: DTZ007 (the zone is told apart)
        fits = _DASHED.match(text) or _COMPACT.match(text)
        return dt.datetime.fromisoformat(text) if fits else None
    except (ValueError, OverflowError):
        return None


def _read_digits(text: str, form: str) -> dt.datetime | None:
    """Read digits without any mark between them, which must be as many and near our years."""
    if len(text) != _DIGITS[form] or not text.isdecimal():
        return None
    moment = dt.datetime.strptime(text, form)  # noqa: DTZ007 (the zone is told apart)
    return moment if _EARLIEST.year <= moment.year < _LATEST.year else None


def is_moment(text: str) -> bool:
    """Tell whether a text is a date or an instant, epoch numbers not counted."""
    return len(text) >= 6 and any(
        read_moment(text, form) is not None for form in FORMATS if form not in _DIGITS)


def is_clock(column: Column) -> bool:
    """Tell whether a column holds times of day alone."""
    return bool(column.texts) and all(_CLOCK.match(text) for text in column.texts[:200])


def find_moments(column: Column, key: str) -> Moments | None:
    """Recognise the instants of a column; None where most of it is none. Doubts carry `key`."""
    if "moments" not in column.found:
        column.found["moments"] = _find(column, key)
    found: Moments | None = column.found["moments"]
    return found and replace(found, doubts=[replace(one, key=key) for one in found.doubts])


def _find(column: Column, key: str) -> Moments | None:
    """Recognise the instants of a column anew."""
    distinct = list(column.counts)[:_DISTINCT]
    fits = _fits(distinct)
    total = sum(column.counts[text] for text in distinct)
    if not fits:
        return None
    chosen, doubts = _cover(fits, distinct, key)
    read = {text: moment for text in distinct
            if (moment := _first(text, chosen)) is not None}
    share = sum(column.counts[text] for text in read) / max(1, total)
    if share < 0.5:
        return None
    return _describe(chosen, read, share, doubts, column)


def _fits(distinct: list[str]) -> dict[str, set[str]]:
    """Give the texts that each format reads; only formats that read one of a spread few count."""
    step = max(1, len(distinct) // 12)
    few = [text for text in distinct[::step] if _looks_timed(text)]
    found: dict[str, set[str]] = {}
    for form in (*FORMATS, *_EPOCHS):
        if any(read_moment(text, form) is not None for text in few):
            found[form] = {text for text in distinct if read_moment(text, form) is not None}
    return found


def _looks_timed(text: str) -> bool:
    """Tell whether a text may be an instant at all: not short, not long, rich in digits."""
    return 6 <= len(text) <= 40 and 3 * sum(char.isdigit() for char in text) >= len(text)


def _cover(fits: dict[str, set[str]], distinct: list[str], key: str
           ) -> tuple[list[str], list[Doubt]]:
    """Choose formats until nothing more is read; tell where day and month may be exchanged."""
    left, chosen, doubts = set(distinct), list[str](), list[Doubt]()
    while left:
        best = max(fits, key=lambda form: len(fits[form] & left))
        gain = fits[best] & left
        if len(gain) * 200 < len(distinct) or not gain:
            break
        twin = _exchanged(best)
        if twin in fits and twin not in chosen:
            best, doubt = _day_or_month(best, twin, fits, distinct, key)
            doubts += [doubt] if doubt else []
            fits.pop(twin if best != twin else _exchanged(best), None)
        chosen.append(best)
        left -= fits[best]
    if len(chosen) > 1:
        doubts.append(Doubt(key, "instants are written in more than one way;"
                            f" read by the first that fits of {', '.join(chosen)}", (), 0.6))
    # a number would pass for a date, a date never for a number
    return sorted(chosen, key=lambda form: form not in _EPOCHS), doubts


def _exchanged(form: str) -> str:
    """Give the format with day and month exchanged."""
    swapped = form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
    return swapped if swapped != form and not form.startswith("%Y") else ""


def _day_or_month(form: str, twin: str, fits: dict[str, set[str]], distinct: list[str], key: str
                  ) -> tuple[str, Doubt | None]:
    """Decide which of two numbers is the day: by values above 12, else by how times follow."""
    only, other = len(fits[form] - fits[twin]), len(fits[twin] - fits[form])
    if only and not other:
        return form, None
    if other and not only:
        return twin, None
    if only and other:
        better, worse = (form, twin) if only >= other else (twin, form)
        return better, Doubt(key, f"{only} values read only as {form} and {other} only as {twin}:"
                             " both orders of day and month are in the file; those of the rarer"
                             " are refused or misread", (worse,), 0.4)
    better = min((form, twin), key=lambda one: (_jumps(distinct, one), not one.startswith("%d")))
    return better, Doubt(key, "no value tells day from month; the order in which the times follow"
                         f" each other speaks for {better}", (_exchanged(better),), 0.5)


def _jumps(texts: Iterable[str], form: str) -> float:
    """Measure how far times jump from row to row, in seconds."""
    moments = [moment.replace(tzinfo=None) for text in texts
               if (moment := read_moment(text, form)) is not None]
    return sum(abs((b - a).total_seconds()) for a, b in pairwise(moments))


def _first(text: str, formats: list[str]) -> dt.datetime | None:
    """Read a text by the first format that fits."""
    return next((moment for form in formats
                 if (moment := read_moment(text, form)) is not None), None)


def _describe(chosen: list[str], read: dict[str, dt.datetime], share: float, doubts: list[Doubt],
              column: Column) -> Moments:
    """Tell zones, placeholders and order of what was read."""
    naive = sum(moment.tzinfo is None for moment in read.values()) / len(read)
    utc: Callable[[dt.datetime], dt.datetime] = lambda moment: (  # noqa: E731 (used twice here)
        moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment)
    far = [text for text, moment in read.items() if not _EARLIEST <= utc(moment) < _LATEST]
    near = [utc(moment) for text, moment in read.items() if text not in far]
    # many instants of long ago are history, a few values of it are placeholders
    placeholders = far if len(far) <= 3 and near else []
    placeholders += [text for text in ("0", "-1") if text in column.counts]
    steps = [b < a for a, b in pairwise(near) if a != b]
    clock = any(m.hour or m.minute or m.second for m in read.values())
    return Moments(chosen, share, naive, clock, placeholders, doubts,
                   min(near, default=None), max(near, default=None),
                   len(steps) > 1 and sum(steps) > 0.9 * len(steps))
