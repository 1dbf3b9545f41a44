"""Map rows to events: skip, unpivot, join, read fields, name the event; never raise on a row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xxhash import xxh3_128_hexdigest

from schemas import registry
from schemas.declare import Family
from schemas.errors import DeclarationError, MappingError
from schemas.fields import Kind
from streams.mapping.declare import FieldRule, MapFile, Step, When
from streams.mapping.getters import (
    FREE,
    Getter,
    RowError,
    Scope,
    column_getter,
    field_getter,
    template_getter,
    time_getter,
    to_number,
)
from streams.mapping.joins import Station, open_joins
from streams.mapping.source import Row, Rows
from streams.mapping.units import Conversion, get_conversion


@dataclass(slots=True)
class Event:
    """Hold one event; `observed_at` is epoch ms, `line` the row's line in the file."""

    line: int
    observed_at: int
    id: str
    payload: dict[str, Any]


@dataclass(slots=True)
class Unmapped:
    """Hold a row, or a cell of it, that could not be mapped: a refused event."""

    line: int
    field: str
    value: str
    detail: str
    cells: dict[str, Any]


class _Plan:
    """Hold the compiled readers of one kind of event that a row makes."""

    def __init__(self, declared: MapFile, family: Family, step: Step | None) -> None:
        """Compile time, id and fields; raise MappingError naming the key."""
        source, self.name = declared.source, step.name if step else declared.family
        self.requires = column_getter(step.requires, source) if step and step.requires else None
        when = (step.time if step else None) or declared.time or When(column="?")
        rules: dict[str, FieldRule] = {**declared.fields, **(step.fields if step else {})}
        self.time = time_getter(when, source)
        self.fields = {name: _field(family, name, rule, declared) for name, rule in rules.items()}
        lacking = [f.name for f in family.fields if f.required and f.name not in rules]
        if lacking:
            raise MappingError(f"fields: {', '.join(lacking)} of {family.name} must be mapped")
        rule = declared.id
        template = rule.template or "\x1f".join(
            f"{{{name}}}" for name in (*(rule.hash or ()), "$observed_at", "$event"))
        self.id, self.hashed = template_getter(template, source), bool(rule.hash)
        self.uses = frozenset().union(
            self.time.uses, self.id.uses, *(one.uses for one in self.fields.values()),
            self.requires.uses if self.requires else ()) - FREE


def _field(family: Family, name: str, rule: FieldRule, declared: MapFile) -> Getter:
    """Compile one field."""
    field = next((one for one in family.fields if one.name == name), None)
    if field is None:
        raise MappingError(f"fields.{name}: {family.name} has no such field; it has"
                           f" {', '.join(one.name for one in family.fields)}")
    try:
        return field_getter(field, rule, declared.time, declared.source)
    except MappingError as error:
        raise MappingError(f"fields.{name}: {error}") from error


class Mapper:
    """Map the rows of one recording; counts what it leaves out."""

    def __init__(self, declared: MapFile, folder: Path) -> None:
        """Compile a mapping for recordings in `folder`, where station files are looked for."""
        try:
            self.family = registry.get_family(declared.family)
        except DeclarationError as error:
            raise MappingError(f"family = {declared.family!r}: {error}") from error
        self.declared, self._joins = declared, open_joins(declared, folder)
        steps: list[Step | None] = [*declared.events] or [None]
        self._plans = [_Plan(declared, self.family, step) for step in steps]
        self._skips = [(column_getter(one.column, _keep_all(declared)), frozenset(one.values))
                       for one in declared.skip]
        self._instants = [f.name for f in self.family.fields if f.kind is Kind.INSTANT]
        unpivot = declared.unpivot
        self._made = {unpivot.name, unpivot.value} if unpivot else set()
        self._cell = column_getter(unpivot.value, declared.source) if unpivot else None
        self._convert: dict[str, Conversion] = {
            name: get_conversion(*units)
            for name, units in (unpivot.convert if unpivot else {}).items()}
        late = self._made | {f"{one.name}.{column}" for one in self._joins
                             if one.on.uses & self._made for column in one.columns}
        self._late_joins = [one for one in self._joins if one.on.uses & self._made]
        self._early_joins = [one for one in self._joins if not one.on.uses & self._made]
        self._late = [{n: g for n, g in p.fields.items() if g.uses & late} for p in self._plans]
        self._early = [{n: g for n, g in p.fields.items() if not g.uses & late}
                       for p in self._plans]
        self.skipped: Counter[str] = Counter()
        self.rows = 0
        self._pivoted: list[str] = []

    def check_columns(self, columns: tuple[str, ...] | None) -> None:
        """Raise MappingError when the mapping names a column that a CSV file has not."""
        unpivot = self.declared.unpivot
        if unpivot and columns is not None:
            wanted = unpivot.columns or [c for c in columns if re.search(unpivot.pattern, c)]
            absent = [c for c in wanted if c not in columns]
            if absent or not wanted:
                raise MappingError(f"unpivot: the file has no column"
                                   f" {', '.join(absent) or unpivot.pattern!r}")
            self._pivoted = list(wanted)
        if columns is None:
            if unpivot and not unpivot.columns:
                raise MappingError("unpivot.pattern: needs a CSV file with a header; name columns")
            self._pivoted = list(unpivot.columns or ()) if unpivot else []
            return
        joined = {f"{one.name}.{column}" for one in self._joins for column in one.columns}
        known = {*columns, *joined, *self._made}
        used = frozenset().union(*(plan.uses for plan in self._plans),
                                 *(one.on.uses for one in self._joins),
                                 *(getter.uses for getter, _ in self._skips))
        absent = sorted(used - known)
        if absent:
            raise MappingError(f"the file has no column {', '.join(map(repr, absent))};"
                               f" it has {', '.join(sorted(known)[:40])}")

    def map(self, rows: Rows) -> Iterator[Event | Unmapped]:
        """Give the events of a file in its order, and what could not be mapped."""
        self.check_columns(rows.columns)
        for row in rows:
            self.rows += 1
            yield from self.map_row(row)

    def map_row(self, row: Row) -> Iterator[Event | Unmapped]:
        """Give what one row makes."""
        if row.fault:
            yield Unmapped(row.line, "$row", "", row.fault, row.cells)
            return
        scope: Scope = {**row.cells, "$line": row.line, "$index": row.index}
        for getter, values in self._skips:
            if str(getter.read(scope)) in values:
                self.skipped["rows by rule"] += 1
                return
        for number, plan in enumerate(self._plans):
            try:
                yield from self._events(number, plan, scope, row)
            except RowError as error:
                yield _unmapped(row, error, row.cells)

    def _events(self, number: int, plan: _Plan, scope: Scope, row: Row
                ) -> Iterator[Event | Unmapped]:
        """Give the events that one plan makes of a row."""
        if plan.requires is not None and plan.requires.read(scope) is None:
            self.skipped[f"{plan.name}: not given"] += 1
            return
        _join(self._early_joins, scope)
        observed = plan.time.read(scope)
        if observed is None:
            raise RowError("$time", "", "the row does not say when it was observed")
        scope["$observed_at"], scope["$event"] = observed, plan.name
        shared = _read(self._early[number], scope)
        if self.declared.unpivot is None:
            yield Event(row.line, observed, self._id(plan, scope), shared)
            return
        yield from self._cells(number, plan, scope, row, shared)

    def _cells(self, number: int, plan: _Plan, scope: Scope, row: Row, shared: dict[str, Any]
               ) -> Iterator[Event | Unmapped]:
        """Give one event for each cell that is given."""
        unpivot, late, cell = self.declared.unpivot, self._late[number], self._cell
        assert unpivot is not None and cell is not None
        for column in self._pivoted:
            scope[unpivot.name], scope[unpivot.value] = column, row.cells.get(column)
            if cell.read(scope) is None:
                self.skipped["cells not given"] += 1
                continue
            try:
                if column in self._convert:
                    scope[unpivot.value] = self._converted(column, cell.read(scope))
                _join(self._late_joins, scope)
                yield Event(row.line, scope["$observed_at"], self._id(plan, scope),
                            {**shared, **_read(late, scope)})
            except RowError as error:
                kept = {k: v for k, v in row.cells.items() if k not in self._pivoted}
                yield _unmapped(row, error, {**kept, column: row.cells.get(column)})

    def _converted(self, column: str, value: Any) -> float:
        """Convert a cell whose unit the mapping gives by column."""
        try:
            return self._convert[column](to_number(value, self.declared.source.decimal == ","))
        except ValueError as error:
            raise RowError(column, value, str(error)) from None

    def _id(self, plan: _Plan, scope: Scope) -> str:
        """Name the event, the same at every replay."""
        made = plan.id.read(scope)
        if made is None:
            raise RowError("id", "", "a column of the id is not given")
        return xxh3_128_hexdigest(made.encode("utf-8", "surrogatepass")) if plan.hashed else made

    def shift(self, event: Event, milliseconds: int) -> None:
        """Move an event, and the instants in it, in time."""
        event.observed_at += milliseconds
        for name in self._instants:
            if isinstance(event.payload.get(name), int):
                event.payload[name] += milliseconds


def _read(getters: dict[str, Getter], scope: Scope) -> dict[str, Any]:
    """Read fields; what is not given is left out."""
    return {name: value for name, getter in getters.items()
            if (value := getter.read(scope)) is not None}


def _join(joins: Iterable[Station], scope: Scope) -> None:
    """Add the columns of station files."""
    for one in joins:
        one.add(scope)


def _unmapped(row: Row, error: RowError, cells: dict[str, Any]) -> Unmapped:
    """Describe a row that could not be mapped."""
    return Unmapped(row.line, error.field, str(error.value)[:64], error.detail, cells)


def _keep_all(declared: MapFile) -> Any:
    """Give the source's settings without placeholders: rules of skipping see every value."""
    return type(declared.source)(missing=[])
