"""Declare what a mapping file may say.

    family, publisher, title_en, title_zh, datum, expect     what it becomes, and whose it is
    [source]     format, delimiter, encoding, header, skip_rows, missing, decimal
    [time]       column or template, formats, zone, ambiguous, nonexistent, missing; or start,
                 step_seconds
    [unpivot]    columns or pattern, name, value, convert    one event for each cell of a wide row
    [[join]]     name, file, format, delimiter, key, on      columns of a station file
    [[skip]]     column, values                              rows that are no events
    [fields.X]   column, constant or template; unit, to, of, values, otherwise, round, formats,
                 zone, missing
    [[events]]   name, requires, time, fields                several events a row
    [id]         template or hash                            the event's id, same at every replay

A template names columns in braces; of a list of templates the first whose columns are all given
counts. Columns of a join are `join.column`; `$observed_at`, `$event` and `$line` may be named too.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

Texts = str | list[str]
UNSET = msgspec.UNSET


class _Strict(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Refuse keys that nobody declared: a slip of the pen must not pass in silence."""


class Source(_Strict, kw_only=True, frozen=True):
    """Say how the file is written; `missing` are the cells that mean not given.

    `skip_rows` rows of a CSV file are passed over first: a title, or a header that the list
    `header` replaces. Of a Parquet file only `missing` counts, the rest it tells itself.
    """

    format: Literal["csv", "ndjson", "geojson", "parquet"] = "csv"
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    header: Literal[True] | list[str] = True
    skip_rows: Annotated[int, msgspec.Meta(ge=0)] = 0
    missing: list[str] = msgspec.field(default_factory=lambda: [""])
    decimal: Literal[".", ","] = "."


class When(_Strict, kw_only=True, frozen=True):
    """Say when an event was observed: by a column, a template of several, or start and step.

    `missing` are the cells of this column alone that mean not given, as a far-off placeholder.
    """

    column: str = ""
    template: str = ""
    formats: list[str] = msgspec.field(default_factory=lambda: ["iso"])
    zone: str = "UTC"
    ambiguous: Literal["earlier", "later", "refuse"] = "earlier"
    nonexistent: Literal["refuse", "shift"] = "refuse"
    missing: list[str] = []
    start: str = ""
    step_seconds: float = 0


class Unpivot(_Strict, kw_only=True, frozen=True):
    """Make one event of each cell: `name` is the header's text, `value` the cell's."""

    columns: list[str] | None = None
    pattern: str = ""
    name: str
    value: str
    convert: dict[str, tuple[str, str]] = {}


class Join(_Strict, kw_only=True, frozen=True):
    """Take columns of another file, beside the recording, whose `key` equals `on` (a template)."""

    name: str
    file: str
    format: Literal["csv", "geojson", "ndjson", "parquet"] = "csv"
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    key: str
    on: str


class Skip(_Strict, kw_only=True, frozen=True):
    """Leave out rows whose column holds one of the values."""

    column: str
    values: list[str]


class FieldRule(_Strict, kw_only=True, frozen=True):
    """Say where one field comes from and how it is converted.

    `missing` are the cells of this column alone that mean not given; numbers compare as numbers.
    """

    column: str = ""
    constant: Any = UNSET
    template: Texts = ""
    unit: str = ""
    to: str = ""
    of: str = ""
    values: dict[str, Any] | None = None
    otherwise: Any = UNSET
    round: bool = False
    formats: list[str] | None = None
    zone: str = ""
    missing: list[str] = []


class Step(_Strict, kw_only=True, frozen=True):
    """Say which further event a row makes when its column `requires` is given."""

    name: str
    requires: str = ""
    time: When | None = None
    fields: dict[str, FieldRule] = {}


class IdRule(_Strict, kw_only=True, frozen=True):
    """Say how an event's id is made: a template, or a hash of columns."""

    template: str = ""
    hash: list[str] | None = None


class MapFile(_Strict, kw_only=True, frozen=True):
    """Hold one mapping file; see the module for its keys."""

    family: str
    publisher: str
    title_en: str
    title_zh: str
    datum: str
    expect: str = ""
    source: Source = msgspec.field(default_factory=Source)
    time: When | None = None
    unpivot: Unpivot | None = None
    join: list[Join] = []
    skip: list[Skip] = []
    fields: dict[str, FieldRule]
    events: list[Step] = []
    id: IdRule
