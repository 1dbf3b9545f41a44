"""Read what the staff console shows, from the views of database `city` only.

Names of tables and columns come from listings, hence from declarations; values are always
parameters. Never more than 1,000 rows are read at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from schemas import registry
from streams.queries.listings import Listing, to_listing
from streams.queries.reader import Row, Store

MAX_ROWS = 1_000
TOP_VALUES = 50


@dataclass(frozen=True, slots=True)
class Filter:
    """Hold what rows are asked for; moments are aware, `since` inclusive and `until` exclusive."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    area: str = ""
    equals: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Counts:
    """Hold the number of rows, and that of each value of each column that is filtered by value."""

    total: int
    values: Mapping[str, dict[str, int]]


def read_areas(store: Store, parent: str, digits: int, asked: Filter) -> list[Row]:
    """Sum the city's pulse over a time for each area of a level below `parent`.

    `digits` is the level's code length; figures are in natural units, derived ones recomputed.
    """
    pulse = registry.results()["city-pulse"]
    sums = ", ".join(f"sum(`{one.name}`) AS `{one.name}`" for one in pulse.measures)
    figures = ", ".join(f"({one.sql}) AS `{one.name}`" for one in pulse.derived)
    where, params = _where(to_listing(pulse), Filter(asked.since, asked.until, parent))
    params["digits"] = digits
    return store.query(
        f"SELECT *, {figures} FROM (SELECT area, sum(events) AS events, {sums}"
        f" FROM city.{pulse.table} WHERE window_seconds = 60 AND length(area) = %(digits)s"
        f" AND {where} GROUP BY area) ORDER BY area", params)


def _where(listing: Listing, asked: Filter) -> tuple[str, Row]:
    """Render the condition of a filter and its parameters; unknown columns are passed over."""
    parts, params = ["1"], Row()
    for moment, sign, name in ((asked.since, ">=", "since"), (asked.until, "<", "until")):
        if moment is not None:
            parts.append(f"{listing.time} {sign} parseDateTime64BestEffort(%({name})s, 3, 'UTC')")
            params[name] = moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if asked.since is not None and listing.moved:
        # follows from the time, and lets the store pass over most of what moved earlier
        parts.append(f"`{listing.key}` IN ({listing.moved} >="
                     " parseDateTime64BestEffort(%(since)s, 3, 'UTC'))")
    if asked.area and listing.area:
        parts.append(f"startsWith({listing.area}, %(area)s)")
        params["area"] = asked.area
    known = {one.name for one in listing.columns}
    for i, (name, value) in enumerate(sorted(asked.equals.items())):
        if name in known and value != "":
            parts.append(f"toString(`{name}`) = %(v{i})s")
            params[f"v{i}"] = value
    searched = [one.name for one in listing.columns if one.searched]
    if asked.text and searched:
        parts.append("(" + " OR ".join(
            f"positionCaseInsensitiveUTF8(ifNull(toString(`{name}`), ''), %(text)s) > 0"
            for name in searched) + ")")
        params["text"] = asked.text
    return " AND ".join(parts), params


def list_rows(store: Store, listing: Listing, asked: Filter, limit: int = MAX_ROWS,
              offset: int = 0) -> list[Row]:
    """List the newest rows that fit a filter, figures in natural units.

    Keys are found first where a key has one row, else the time of the page's last row: all columns
    are then read of little more than the page.
    """
    where, params = _where(listing, asked)
    order = f"ORDER BY {listing.time} DESC, `{listing.key or listing.time}`"
    first, number = max(0, offset), min(limit, MAX_ROWS)
    part = f"LIMIT {number} OFFSET {first}"
    if listing.unique:
        keys = [row[listing.key] for row in store.query(
            f"SELECT `{listing.key}` FROM {listing.origin} WHERE {where} {order} {part}", params)]
        if not keys:
            return []
        where, params, part = f"`{listing.key}` IN %(keys)s", {"keys": tuple(keys)}, ""
    elif not (asked.text or listing.rows):  # what is rare, or computed, would be read twice
        where += f" AND {listing.time} >= {_end_of_page(listing, where, first + number)}"
    columns = ", ".join(f"`{one.name}`" for one in listing.columns)
    rows = store.query(
        f"SELECT {columns} FROM {listing.origin} WHERE {where} {order} {part}", params)
    scaled = [one for one in listing.columns if one.scale != 1]
    for row in rows:
        for one in scaled:
            if row[one.name] is not None:
                row[one.name] = row[one.name] / one.scale
    return rows


def _end_of_page(listing: Listing, where: str, number: int) -> str:
    """Render the time of the last of so many newest rows, of the oldest where they are fewer."""
    return (f"(SELECT min(moment) FROM (SELECT {listing.time} AS moment FROM {listing.origin}"
            f" WHERE {where} ORDER BY moment DESC LIMIT {number}))")


def count_rows(store: Store, listing: Listing, asked: Filter) -> Counts:
    """Count the rows that fit a filter, and those of each value of columns filtered by value.

    A column's own filter does not count for its values; the most frequent come first. All that
    share a filter are counted in one pass.
    """
    names = [one.name for one in listing.choices]
    filtered = [name for name in names if asked.equals.get(name)]
    found = _count_together(store, listing, asked, [one for one in names if one not in filtered])
    values = dict(found.values)
    for name in filtered:
        others = {key: value for key, value in asked.equals.items() if key != name}
        values |= _count_together(store, listing, replace(asked, equals=others), [name]).values
    return Counts(found.total, values)


def _count_together(store: Store, listing: Listing, asked: Filter, names: list[str]) -> Counts:
    """Count the rows, and those of each value of several columns, under one filter in one pass."""
    where, params = _where(listing, asked)
    taken = [f"ifNull(toString(`{name}`), '') AS v{i}" for i, name in enumerate(names)]
    values = [f"v{i}" for i in range(len(names))]
    groupings = [f"grouping({one}) AS g{one}" for one in values]
    sets = ", ".join(f"({one})" for one in (*values, ""))
    grouped = (f" GROUP BY GROUPING SETS ({sets}) ORDER BY n DESC, {', '.join(values)}"
               f" LIMIT {TOP_VALUES} BY {', '.join(f'g{one}' for one in values)}") if names else ""
    rows = store.query(
        f"SELECT {', '.join((*values, *groupings, 'count() AS n'))}"
        f" FROM (SELECT {', '.join((*taken, '1'))} FROM {listing.origin} WHERE {where})"
        f"{grouped}", params)
    total = 0
    counts: dict[str, dict[str, int]] = {name: {} for name in names}
    for row in rows:
        for name, value in zip(names, values, strict=True):
            if not row[f"g{value}"]:
                counts[name][row[value]] = row["n"]
                break
        else:  # grouped by nothing
            total = row["n"]
    return Counts(total, counts)
