"""Make the documents of feeds from rows: GeoJSON features and result records.

Times are RFC 3339 in UTC with milliseconds. A document holds nothing that changes by itself, so
that equal data gives equal bytes; what is said of its reading and rendering is added by the board.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from schemas.declare import Family, Kind, ResultTable
from streams.feeds.suppression import figures, is_small
from streams.queries.feed import place_is_public, public_fields

Record = dict[str, Any]
Geometry = dict[str, Any] | None
LICENCE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}


@dataclass(frozen=True, slots=True)
class Content:
    """Hold the records of a feed and the time of its newest data (epoch ms)."""

    records: list[Record]
    as_of: int | None
    suppressed: int = 0


def moment(milliseconds: int | None) -> str | None:
    """Write epoch milliseconds as RFC 3339 in UTC."""
    if milliseconds is None:
        return None
    seconds, rest = divmod(int(milliseconds), 1000)
    found = dt.datetime.fromtimestamp(seconds, dt.UTC).replace(microsecond=rest * 1000)
    return found.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def feature(identity: str, geometry: Geometry, properties: Record) -> Record:
    """Make a GeoJSON feature."""
    return {"type": "Feature", "id": identity, "geometry": geometry, "properties": properties}


def point(longitude: float | None, latitude: float | None) -> Geometry:
    """Make a point, or None where the position is not known."""
    if longitude is None or latitude is None:
        return None
    return {"type": "Point", "coordinates": [round(longitude, 7), round(latitude, 7)]}


def event_position(family: Family, row: Record) -> Geometry:
    """Give the position of an event, when it may be published."""
    if not place_is_public(family) or family.place is None:
        return None
    return point(row[family.place[0]], row[family.place[1]])


def event_properties(family: Family, row: Record) -> Record:
    """Give the public fields of an event, without its position, and its times."""
    place = family.place or ()
    shown: Record = {}
    for field in public_fields(family):
        if field.name not in place:
            value = row[field.name]
            shown[field.name] = moment(value) if field.kind is Kind.INSTANT else value
    if "area" in row:
        shown["area"] = row["area"]
    times = {name: moment(row[f"{name}_ms"])
             for name in ("observed_at", "received_at", "computed_at")}
    return shown | times | {"basis": "measured"}


def event_features(family: Family, rows: Iterable[Record],
                   add: Callable[[Record], Record] | None = None) -> Content:
    """Make one feature of each row; `add` gives further properties from the public ones."""
    features, newest = [], None
    for row in rows:
        properties = event_properties(family, row)
        if add is not None:
            properties |= add(properties)
        identity = ":".join(str(row[name]) for name in family.identity)
        features.append(feature(identity, event_position(family, row), properties))
        newest = max(newest or 0, row["observed_at_ms"])
    return Content(features, newest)


def window_record(result: ResultTable, row: Record) -> Record:
    """Give the record of one window: keys, times, figures, status; nulls where suppressed."""
    small = is_small(result, row)
    start, length = row["window_start_ms"], row["window_seconds"]
    end = moment(start + length * 1000)
    return {
        **{f.name: row[f.name] for f in result.keys},
        "window_seconds": length, "window_start": moment(start), "window_end": end,
        **figures(result, row),
        "suppressed": small, "status": row["status"],
        "revision": None if small else row["revision"], "basis": "none" if small else "measured",
        "observed_at": end, "computed_at": moment(row["computed_at_ms"]),
    }


def window_end(row: Record) -> int:
    """Give the end of a row's window (epoch ms)."""
    return int(row["window_start_ms"] + row["window_seconds"] * 1000)


def window_records(result: ResultTable, rows: list[Record]) -> Content:
    """Make one record of each row."""
    return Content([window_record(result, row) for row in rows],
                   max(map(window_end, rows), default=None),
                   sum(is_small(result, row) for row in rows))


def window_features(result: ResultTable, rows: list[Record],
                    geometry: Callable[[Record], Geometry],
                    add: Callable[[Record], Record] | None = None) -> Content:
    """Make one feature of each row, with the geometry and the properties that are given."""
    features = []
    for row in rows:
        identity = ":".join(str(row[f.name]) for f in result.keys)
        more = add(row) if add is not None else {}
        features.append(feature(identity, geometry(row), more | window_record(result, row)))
    return Content(features, max(map(window_end, rows), default=None),
                   sum(is_small(result, row) for row in rows))
