"""Read instants as sources write them: formats, zones, and hours that a zone has twice or never."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from schemas.errors import MappingError
from schemas.wire import to_milliseconds

Read = Callable[[str], int]
_NUMERIC = {"epoch-s": 1000, "epoch-ms": 1, "epoch-us": 1e-3, "epoch-ns": 1e-6}


class MomentError(ValueError):
    """Tell why a text is no instant."""


def get_zone(name: str) -> ZoneInfo:
    """Get a time zone by its IANA name; raise MappingError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise MappingError(f"{name!r} is no IANA time zone, such as Asia/Shanghai") from None


def check_format(text: str) -> None:
    """Raise MappingError when a format can never read a full date."""
    if text == "iso" or text in _NUMERIC:
        return
    if not all(any(code in text for code in codes)
               for codes in (("%Y", "%y"), ("%m", "%b", "%B", "%j"), ("%d", "%j"))):
        raise MappingError(
            f"format {text!r} lacks year, month or day; or use iso, {', '.join(_NUMERIC)}")


def reader(formats: tuple[str, ...], zone: str, ambiguous: str = "earlier",
           nonexistent: str = "refuse") -> Read:
    """Give a function from text to epoch milliseconds (UTC); it raises MomentError.

    `ambiguous` (earlier, later, refuse) and `nonexistent` (refuse, shift) say what becomes of local
    times that daylight saving has twice or never; shift moves forward by the hour that is left out.
    """
    chosen = get_zone(zone)
    for text in formats:
        check_format(text)

    def read(text: str) -> int:
        """Read one text."""
        moment = _parse(text, formats)
        if isinstance(moment, int):
            return moment
        if moment.tzinfo is None:
            moment = _localise(moment, chosen, ambiguous, nonexistent)
        return to_milliseconds(moment)

    return lru_cache(maxsize=4096)(read)


def _parse(text: str, formats: tuple[str, ...]) -> int | dt.datetime:
    """Read a text by the first format that fits."""
    for form in formats:
        try:
            if form == "iso":
                return dt.datetime.fromisoformat(text)
            if form in _NUMERIC:
                return round(float(text) * _NUMERIC[form])
            return dt.datetime.strptime(text, form)  # noqa: DTZ007 (the zone is laid on afterwards)
        except (ValueError, OverflowError):
            continue
    raise MomentError(f"fits none of the formats {', '.join(formats)}")


def _localise(naive: dt.datetime, zone: ZoneInfo, ambiguous: str, nonexistent: str) -> dt.datetime:
    """Lay a zone on a local time."""
    first, second = naive.replace(tzinfo=zone, fold=0), naive.replace(tzinfo=zone, fold=1)
    if first.utcoffset() == second.utcoffset():
        return first
    back = first.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None)
    if back != naive.replace(fold=0):
        if nonexistent == "refuse":
            raise MomentError(f"does not exist in {zone.key}: clocks were put forward")
        return first
    if ambiguous == "refuse":
        raise MomentError(f"is there twice in {zone.key}: clocks were put back")
    return second if ambiguous == "later" else first
