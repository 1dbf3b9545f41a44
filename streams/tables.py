"""Say how the records of a topic become rows of a table."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from schemas import registry
from schemas.declare import Family, Field, Kind, ResultTable
from schemas.errors import DeclarationError
from schemas.render.rows import Reading, read_events, read_results

Take = Callable[[Mapping[str, Any]], Any]
APPENDED_AT = "appended_at"


@dataclass(frozen=True, slots=True)
class TableRows:
    """Hold a table's name and, for each column that is written, how to take it from a record.

    A record is its JSON as a dictionary, with `appended_at`, the topic's time of it (epoch ms).
    Where there is a `reading`, the store itself can read the records of the topic.
    """

    table: str
    columns: Mapping[str, Take]
    reading: Reading | None = None

    def lay_out(self, records: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """Lay records out as columns."""
        return {name: take.all_of(records) if isinstance(take, _Named)
                else [take(one) for one in records] for name, take in self.columns.items()}


@dataclass(frozen=True, slots=True)
class _Named:
    """Take a value by its name, `missing` in the place of null; a whole column without a call."""

    name: str
    missing: Any = None

    def __call__(self, record: Mapping[str, Any]) -> Any:
        """Take the value of one record."""
        value = record.get(self.name)
        return self.missing if value is None else value

    def all_of(self, records: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Take the values of many records."""
        name, missing = self.name, self.missing
        if missing is None:
            return [one.get(name) for one in records]
        return [missing if (value := one.get(name)) is None else value for one in records]


def _plain(name: str) -> Take:
    """Take a value as it is, None where it is missing."""
    return _Named(name)


def _text(name: str) -> Take:
    """Take a text, "" where it is missing."""
    return _Named(name, "")


def _count(name: str) -> Take:
    """Take a count, 0 where it is missing."""
    return _Named(name, 0)


def _seconds(name: str) -> Take:
    """Take an instant in whole seconds from epoch milliseconds."""
    return lambda record: record[name] // 1000


def _of(*path: str) -> Take:
    """Take a value that lies deeper, None where something on the way is null."""
    def take(record: Mapping[str, Any]) -> Any:
        """Go down by name."""
        found: Any = record
        for name in path:
            found = None if found is None else found[name]
        return found
    return take


def _whole(record: Mapping[str, Any]) -> str:
    """Take all that stands in the topic as JSON, without what was added on the way."""
    return msgspec.json.encode({name: value for name, value in record.items()
                                if name != APPENDED_AT and not name.startswith("_")}).decode()


def _field(field: Field) -> Take:
    """Take a declared field."""
    missing_text = field.required and field.kind in (Kind.TEXT, Kind.CODE)
    return _text(field.name) if missing_text else _plain(field.name)


def _event_rows(family: Family) -> TableRows:
    """Say how clean events become rows."""
    columns: dict[str, Take] = {name: _text(name) for name in ("id", "source")}
    columns |= {name: _plain(name) for name in ("observed_at", "received_at", "computed_at")}
    columns |= {"area": _text("area"), "raw_topic": _text("raw_topic")}
    columns |= {name: _count(name) for name in ("raw_partition", "raw_offset")}
    columns |= {field.name: _field(field) for field in family.kept}
    return TableRows(family.table, columns, read_events(family))


def _result_rows(result: ResultTable) -> TableRows:
    """Say how a result's records become rows; they were computed when the topic took them."""
    columns: dict[str, Take] = {
        "window_seconds": _plain("window_seconds"), "window_start": _seconds("window_start")}
    columns |= {field.name: _text(field.name) for field in result.keys}
    columns |= {name: _count(name) for name in ("events", "late", "version")}
    columns |= {field.name: _plain(field.name) for field in result.measures}
    return TableRows(result.table, columns | {"computed_at": _plain(APPENDED_AT)},
                     read_results(result))


_LETTER_TEXTS = ("source", "family", "reason", "field", "value", "detail", "class", "raw_topic",
                 "event_id")
SYSTEM_ROWS: dict[str, TableRows] = {
    "dead-letters": TableRows("dead_letters", {
        **{name: _text(name) for name in _LETTER_TEXTS},
        **{name: _count(name) for name in ("raw_partition", "raw_offset")},
        "observed_at": _plain("observed_at"), "received_at": _plain("received_at"),
        "kept_until": lambda record: record.get("kept_until", record["received_at"]) // 1000}),
    "gate-ledger": TableRows("gate_ledger", {
        "raw_topic": _text("raw_topic"), "minute": _seconds("minute"),
        **{name: _count(name) for name in ("raw_partition", "records", "accepted", "refused",
                                           "late", "duplicates", "next_offset", "version")},
        "computed_at": _plain(APPENDED_AT)}),
    "publisher-progress": TableRows("publisher_progress", {
        **{name: _text(name) for name in ("source", "family")},
        "observed_at": _plain("observed_at"), "events": _count("events"),
        "version": _count("version"), "computed_at": _plain(APPENDED_AT)}),
    "publishers": TableRows("publishers", {
        **{name: _text(name) for name in ("name", "title_en", "title_zh")},
        "datum": lambda record: record.get("datum", "wgs84"),
        "families": lambda record: record.get("families", []),
        "replay": lambda record: record.get("replay", False),
        **{name: _count(name) for name in ("quota_bytes", "quota_events")},
        "removed_at": _plain("removed_at"), "changed_at": _plain(APPENDED_AT)}),
    "feedback": TableRows("feedback", {
        **{name: _plain(name) for name in ("publisher", "family", "made_at", "last_received_at")},
        **{name: _of("hour", name)
           for name in ("received", "accepted", "refused", "late", "duplicates")},
        "delay_median": _of("hour", "delay", "p50"), "delay_most": _of("hour", "delay", "max"),
        "clock_ahead": _of("clock", "ahead_ms"),
        "findings": lambda record: [one["code"] for one in record["findings"]],
        "report": _whole}),
    "window-final": TableRows("window_final", {
        "result": _text("result"), "window_seconds": _plain("window_seconds"),
        "window_start": _seconds("window_start"), "final_at": _plain("final_at")}),
}


def find_rows(topic: str) -> TableRows | None:
    """Find how a topic's records become rows; None for a topic that nothing declares."""
    if topic in SYSTEM_ROWS:
        return SYSTEM_ROWS[topic]
    kind, _, name = topic.partition("-")
    for known in (True, False):
        if kind == "event" and name in registry.families():
            return _event_rows(registry.families()[name])
        if kind == "result" and name in registry.results():
            return _result_rows(registry.results()[name])
        if known:
            with contextlib.suppress(DeclarationError):  # told by the registrar
                registry.refresh()
    return None
