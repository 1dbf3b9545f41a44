"""Make rows for tests from the declarations: an example of each, with what a test wants changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from schemas import registry
from schemas.declare import Kind
from schemas.render import clickhouse, last_steps
from streams.store import Store

Row = dict[str, Any]


def moment(seconds_ago: float = 0.0) -> dt.datetime:
    """Give an instant before now."""
    return dt.datetime.now(dt.UTC) - dt.timedelta(seconds=seconds_ago)


def minute(minutes_ago: int = 0) -> dt.datetime:
    """Give the start of a minute before now."""
    return moment(60 * minutes_ago).replace(second=0, microsecond=0)


def event(name: str, number: int, at: dt.datetime, **changed: Any) -> Row:
    """Make one stored event of a family, its example with some fields changed."""
    family = registry.get_family(name)
    row: Row = {
        "id": f"{name}-{number}", "source": family.owner, "observed_at": at, "received_at": at,
        "computed_at": at, "area": "370102001", "raw_topic": f"raw-{family.owner}--{name}",
        "raw_partition": 0, "raw_offset": number}
    for field in family.kept:
        row[field.name] = None if not field.required else family.example[field.name]
        if field.kind is Kind.INSTANT and field.required:
            row[field.name] = at
    return row | changed


def result(name: str, start: dt.datetime, **changed: Any) -> Row:
    """Make one stored row of a result: zeros, with some columns changed."""
    declared = registry.results()[name]
    row: Row = dict.fromkeys(clickhouse.result_columns(declared), 0)
    row |= {field.name: "" for field in declared.keys}
    row |= {"window_seconds": 60, "window_start": start, "version": 1, "events": 1,
            "computed_at": moment()}
    return row | changed


def columns(rows: list[Row]) -> dict[str, list[Any]]:
    """Turn rows into columns."""
    return {name: [row[name] for row in rows] for name in rows[0]}


def make_tables(migrator: Store) -> None:
    """Make every table and view of the declarations."""
    for name, statement in clickhouse.SYSTEM_TABLES.items():
        migrator.execute(statement)
        migrator.execute(clickhouse.system_view(name))
    for family in registry.families().values():
        migrator.execute(clickhouse.event_table(family))
        migrator.execute(clickhouse.event_view(family))
        if family.steps:
            for render in (last_steps.table, last_steps.feed, last_steps.view):
                migrator.execute(render(family))
    for declared in registry.results().values():
        migrator.execute(clickhouse.result_table(declared))
        migrator.execute(clickhouse.result_view(declared))


def empty_tables(migrator: Store) -> None:
    """Empty every table."""
    names = [*clickhouse.SYSTEM_TABLES, *(one.table for one in registry.families().values()),
             *(one.table for one in registry.results().values()),
             *(one.last_table for one in registry.families().values() if one.steps)]
    for name in names:
        migrator.execute(f"TRUNCATE TABLE store.{name}")
