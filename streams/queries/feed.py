"""Read what feeds publish: public fields only, from the views of database `city`.

Only families and results declared public are read, and of them only the fields declared public and
not personal: every query names its columns. Moments are whole milliseconds since 1970 UTC.
"""

from __future__ import annotations

from schemas.declare import Family, Field, Kind, Personal, ResultTable
from schemas.errors import DeclarationError
from streams.queries.reader import Row, Store

LATEST_SECONDS = 3600
MAX_RECORDS = 20_000


def public_fields(family: Family) -> tuple[Field, ...]:
    """List the fields of a family that may be published; none unless the family is public."""
    if not family.public:
        return ()
    return tuple(f for f in family.kept if f.public and f.personal is Personal.NONE)


def place_is_public(family: Family) -> bool:
    """Tell whether the position of a family's events may be published."""
    names = {f.name for f in public_fields(family)}
    return family.place is not None and set(family.place) <= names


def _column(field: Field) -> str:
    """Select one field; instants as milliseconds."""
    if field.kind is Kind.INSTANT:
        return f"toUnixTimestamp64Milli({field.name}) AS {field.name}"
    return field.name


def latest_sql(family: Family) -> str:
    """Write the query for the latest event of each thing that a public family observes."""
    names = {f.name for f in public_fields(family)}
    if not set(family.identity) <= names:
        raise DeclarationError(f"{family.name}: a public family needs a public key")
    identity = ", ".join(family.identity)
    times = ", ".join(f"toUnixTimestamp64Milli({name}) AS {name}_ms"
                      for name in ("observed_at", "received_at", "computed_at"))
    area = ", area" if place_is_public(family) else ""
    return (
        f"SELECT {', '.join(map(_column, public_fields(family)))}, {times}{area}\n"
        f"FROM city.{family.table}\n"
        "WHERE observed_at > now64(3) - toIntervalSecond(%(seconds)s)\n"
        f"ORDER BY {identity}, observed_at DESC, raw_offset DESC\n"
        f"LIMIT 1 BY {identity}\nLIMIT %(limit)s")


def list_latest(store: Store, family: Family, seconds: int = LATEST_SECONDS) -> list[Row]:
    """List the latest event of each thing that a public family observed within `seconds`."""
    return store.query(latest_sql(family), {"seconds": seconds, "limit": MAX_RECORDS})


def published_windows(result: ResultTable) -> tuple[int, ...]:
    """List the window lengths that may be published, in seconds.

    Where small counts are suppressed only the shortest is: a longer window less the shorter ones
    inside it would show what was suppressed.
    """
    if not result.public:
        return ()
    return (min(result.windows),) if result.suppress else tuple(sorted(result.windows))


def windows_sql(result: ResultTable) -> str:
    """Write the query for the latest ended window of each key of a public result."""
    keys = ", ".join(f.name for f in result.keys)
    figures = ", ".join(f.name for f in (*result.numbers, *result.derived))
    return (
        "SELECT window_seconds, toUnixTimestamp(window_start) * 1000 AS window_start_ms,"
        f" {keys}, events, {figures}, status, revision,"
        " toUnixTimestamp64Milli(computed_at) AS computed_at_ms\n"
        f"FROM city.{result.table}\n"
        "WHERE window_seconds = %(window)s\n"
        "    AND window_start > now() - toIntervalSecond(%(seconds)s)\n"
        "    AND window_start <= now() - toIntervalSecond(%(window)s)\n"
        f"ORDER BY {keys}, window_start DESC\nLIMIT 1 BY {keys}\nLIMIT %(limit)s")


def list_windows(store: Store, result: ResultTable, window: int,
                 seconds: int = LATEST_SECONDS) -> list[Row]:
    """List the latest ended window of each key of a public result; lengths in seconds."""
    if window not in published_windows(result):
        raise DeclarationError(f"{result.name}: windows of {window} s are not published")
    reach = max(seconds, 2 * window)
    return store.query(windows_sql(result), {
        "window": window, "seconds": reach, "limit": MAX_RECORDS})
