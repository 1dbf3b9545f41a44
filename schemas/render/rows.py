"""Render how the store itself reads the JSON of a topic as rows of a table.

What a row may lack is null; where a column wants more, the whole insert is refused, and whoever
sent it takes the records apart (`streams.filling`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.declare import Family, Field, Kind, ResultTable
from schemas.render.clickhouse import ENVELOPE, MOMENT, event_columns

JSON_TYPES: dict[Kind, str] = {
    Kind.TEXT: "String", Kind.CODE: "String", Kind.INTEGER: "Int64", Kind.DECIMAL: "Float64",
    Kind.FLAG: "Bool", Kind.INSTANT: "Int64",
}
_JSON_OF = {MOMENT: "Int64", "LowCardinality(String)": "String"}


@dataclass(frozen=True, slots=True)
class Column:
    """Describe a column: its name, the type of the JSON value, and an expression over it."""

    name: str
    kind: str
    sql: str = "{}"

    @property
    def value(self) -> str:
        """Give the expression of the column, of a record `r`."""
        return self.sql.format(f"r.`{self.name}`")


_AS_MOMENT = "fromUnixTimestamp64Milli({}, 'UTC')"
_AS_SECONDS = "toDateTime(intDiv({}, 1000), 'UTC')"


@dataclass(frozen=True, slots=True)
class Reading:
    """Hold how records become rows; `appended` is the column of the topic's own time, or ""."""

    columns: tuple[Column, ...]
    appended: str = ""

    def insert(self, table: str) -> str:
        """Render the INSERT of two columns: a record's JSON, and its append time (epoch ms)."""
        names = ", ".join(f"`{one.name}`" for one in self.columns)
        values = ", ".join(one.value for one in self.columns)
        if self.appended:
            names += f", `{self.appended}`"
            values += f", {_AS_MOMENT.format('appended')}"
        types = ", ".join(f"`{one.name}` Nullable({one.kind})" for one in self.columns)
        return (f"INSERT INTO store.{table} ({names}) SELECT {values}"
                f" FROM (SELECT JSONExtract(body, 'Tuple({types})') AS r, appended"
                " FROM input('body String, appended Int64')) FORMAT Native")


def _fields(fields: Iterable[Field]) -> list[Column]:
    """Describe declared fields; instants are epoch ms in topics."""
    return [Column(one.name, JSON_TYPES[one.kind],
                   _AS_MOMENT if one.kind is Kind.INSTANT else "{}") for one in fields]


def read_events(family: Family) -> Reading:
    """Say how clean events of a family become rows."""
    written = event_columns(family)
    envelope = [Column(name, _JSON_OF.get(kind, kind), _AS_MOMENT if kind == MOMENT else "{}")
                for name, kind, _ in ENVELOPE if name in written]
    return Reading((*envelope, *_fields(family.kept)))


def read_results(result: ResultTable) -> Reading:
    """Say how a result's records become rows; they were computed when the topic took them."""
    counts = [Column(name, "Int64") for name in ("events", "late", "version")]
    measures = [Column(one.name, JSON_TYPES[one.kind]) for one in result.measures]
    return Reading((Column("window_seconds", "UInt32"),
                    Column("window_start", "Int64", _AS_SECONDS),
                    *_fields(result.keys), *counts, *measures), "computed_at")
