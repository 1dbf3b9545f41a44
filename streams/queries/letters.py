"""Read dead letters from the store by reason, publisher, family and time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from streams.queries.reader import Row, Store

PAGE = 1_000
Place = tuple[int, int]
_COLUMNS = {"reason": "reason", "publisher": "source", "family": "family"}

COUNTS = """
SELECT source, family, reason, field, count() AS letters,
    argMax(value, received_at) AS value, argMax(detail, received_at) AS detail,
    toString(max(received_at)) AS newest,
    argMax(concat(raw_topic, '/', toString(raw_partition), '/', toString(raw_offset)), received_at)
        AS original
FROM city.dead_letters WHERE {where}
GROUP BY source, family, reason, field ORDER BY letters DESC LIMIT %(limit)s"""

LETTERS = """
SELECT raw_topic, raw_partition, raw_offset, toUnixTimestamp64Milli(received_at) AS received_ms,
    if(observed_at IS NULL, NULL, toUnixTimestamp64Milli(assumeNotNull(observed_at)))
        AS observed_ms,
    source, family, reason, field, value, detail, class, event_id
FROM city.dead_letters
WHERE {where} AND (raw_topic, raw_partition, raw_offset)
    > (%(after_topic)s, %(after_partition)s, %(after_offset)s)
ORDER BY raw_topic, raw_partition, raw_offset LIMIT %(limit)s"""

ONE = """
SELECT * FROM city.dead_letters WHERE raw_topic = %(topic)s AND raw_partition = %(partition)s
    AND raw_offset = %(offset)s"""


@dataclass(frozen=True, slots=True)
class Asked:
    """Hold which dead letters are asked for; "" is any, `since` inclusive, `until` exclusive."""

    since: dt.datetime
    until: dt.datetime
    reason: str = ""
    publisher: str = ""
    family: str = ""

    def where(self) -> tuple[str, dict[str, Any]]:
        """Render the condition and its parameters."""
        given = {one.name: getattr(self, one.name) for one in fields(self)}
        parts = [f"{_COLUMNS[name]} = %({name})s" for name in _COLUMNS if given[name]]
        for name, sign in (("since", ">="), ("until", "<")):
            given[name] = given[name].astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            parts.append(f"received_at {sign} parseDateTime64BestEffort(%({name})s, 3, 'UTC')")
        return " AND ".join(parts), given


def count_letters(store: Store, asked: Asked, limit: int) -> list[Row]:
    """Count dead letters by publisher, family, reason and field, with the newest example."""
    where, params = asked.where()
    return store.query(COUNTS.format(where=where), {**params, "limit": limit})


def list_letters(store: Store, asked: Asked) -> Iterator[list[Row]]:
    """Give dead letters a page at a time, in the order of topic, partition and offset."""
    where, params = asked.where()
    after: dict[str, Any] = {"after_topic": "", "after_partition": 0, "after_offset": 0}
    while rows := store.query(LETTERS.format(where=where), {**params, **after, "limit": PAGE}):
        yield rows
        after = {f"after_{name}": rows[-1][f"raw_{name}"]
                 for name in ("topic", "partition", "offset")}


def find_letter(store: Store, topic: str, partition: int, offset: int) -> Row | None:
    """Find the dead letter of an original."""
    rows = store.query(ONE, {"topic": topic, "partition": partition, "offset": offset})
    return rows[0] if rows else None


def list_known(store: Store, table: str, publisher: str, ids: list[str]) -> set[str]:
    """List which of these event ids of a publisher the store holds."""
    if not ids:
        return set()
    rows = store.query(f"SELECT DISTINCT id FROM city.{table} WHERE source = %(publisher)s"
                       " AND id IN %(ids)s", {"publisher": publisher, "ids": tuple(ids)})
    return {row["id"] for row in rows}


def _at(places: list[Place]) -> tuple[str, dict[str, Any]]:
    """Render the condition that a row's original lies at one of these places."""
    parts, offsets = zip(*places, strict=True)
    return ("raw_topic = %(topic)s AND raw_offset IN %(offsets)s AND raw_partition IN %(parts)s",
            {"offsets": tuple(set(offsets)), "parts": tuple(set(parts))})


def list_accepted(store: Store, table: str, topic: str, places: list[Place]) -> set[Place]:
    """List the partitions and offsets, of those given, whose events the store holds."""
    where, params = _at(places)
    rows = store.query(f"SELECT raw_partition, raw_offset FROM city.{table} WHERE {where}",
                       {"topic": topic, **params})
    return {(row["raw_partition"], row["raw_offset"]) for row in rows} & set(places)


def list_refused(store: Store, topic: str, places: list[Place]
                 ) -> dict[Place, tuple[str, str]]:
    """List reason and field of the dead letters at the partitions and offsets given."""
    where, params = _at(places)
    rows = store.query("SELECT raw_partition, raw_offset, reason, field FROM city.dead_letters"
                       f" WHERE {where}", {"topic": topic, **params})
    found = {(row["raw_partition"], row["raw_offset"]): (row["reason"], row["field"])
             for row in rows}
    return {place: why for place, why in found.items() if place in set(places)}
