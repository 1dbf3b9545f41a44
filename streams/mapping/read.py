"""Read mapping files and refuse wrong ones by key, value and reason."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from schemas.errors import MappingError
from schemas.render.kafka import PUBLISHER_NAME
from streams.mapping.declare import (
    UNSET,
    FieldRule,
    IdRule,
    MapFile,
    Source,
    Unpivot,
    When,
)

MAPS = Path(__file__).parents[1] / "maps"
DATUMS = ("wgs84", "gcj02", "bd09")
_PIECES: dict[str, type[Any]] = {
    "source": Source, "time": When, "unpivot": Unpivot, "id": IdRule}
_T = TypeVar("_T")


def find_map(name: str) -> Path:
    """Find a mapping file by path, or by name among those that come along."""
    path = Path(name)
    if path.suffix == ".toml" and path.exists():
        return path
    known = {one.stem: one for one in MAPS.glob("*.toml")}
    if name in known:
        return known[name]
    raise MappingError(f"no mapping file {name!r}; name a .toml file or one of:"
                       f" {', '.join(sorted(known))}")


def read_map(path: Path) -> MapFile:
    """Read and check a mapping file; raise MappingError naming file, key, value and reason."""
    try:
        return parse_map(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, MappingError) as error:
        raise MappingError(f"{path}: {error}") from error


def parse_map(text: str) -> MapFile:
    """Read and check the text of a mapping file; raise MappingError naming key, value, reason."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingError(str(error)) from error
    declared = _convert(found)
    _check(declared)
    return declared


def _convert(found: dict[str, Any]) -> MapFile:
    """Convert piece by piece, so that an error names its key."""
    found = dict(found)
    found["fields"] = {name: _piece(f"fields.{name}", rule, FieldRule)
                       for name, rule in found.get("fields", {}).items()}
    steps = []
    for number, step in enumerate(found.get("events", [])):
        key = f"events[{number}]"
        fields = {name: _piece(f"{key}.fields.{name}", rule, FieldRule)
                  for name, rule in step.get("fields", {}).items()}
        steps.append({**step, "fields": fields})
    found["events"] = steps
    for name, kind in _PIECES.items():
        if name in found:
            found[name] = _piece(name, found[name], kind)
    return _piece("", found, MapFile)


def _piece(key: str, found: Any, kind: type[_T]) -> _T:
    """Convert one table of the file."""
    try:
        return msgspec.convert(found, kind)
    except msgspec.ValidationError as error:
        text, _, where = str(error).partition(" - at `$")
        where = where.rstrip("`").lstrip(".")
        full = ".".join(part for part in (key, where) if part) or "the file"
        value = found.get(where.split("[")[0].split(".")[0]) if isinstance(found, dict) else found
        shown = f" = {value!r}" if where and value is not None else ""
        raise MappingError(f"{full}{shown}: {text}") from error


def _check(declared: MapFile) -> None:
    """Check what types do not say."""
    _demand(PUBLISHER_NAME.fullmatch(declared.publisher), "publisher", declared.publisher,
            "must be lower-case words joined by single hyphens")
    _demand(declared.datum in DATUMS, "datum", declared.datum, f"must be one of {DATUMS}")
    _demand(len(declared.source.delimiter) == 1, "source.delimiter", declared.source.delimiter,
            "must be one character")
    _demand(bool(declared.id.template) != bool(declared.id.hash), "id", declared.id,
            "must give either template or hash")
    _check_time("time", declared.time)
    for number, step in enumerate(declared.events):
        _check_time(f"events[{number}].time", step.time)
        _demand(step.time or declared.time, f"events[{number}]", step.name,
                "has no time, and there is no [time]")
    _demand(declared.events or declared.time, "time", None, "is missing")
    if declared.unpivot:
        _demand(bool(declared.unpivot.columns) != bool(declared.unpivot.pattern), "unpivot",
                declared.unpivot.columns, "must give either columns or pattern")
        _compiles("unpivot.pattern", declared.unpivot.pattern)
    for name, rule in declared.fields.items():
        _check_rule(f"fields.{name}", rule)
    for number, step in enumerate(declared.events):
        for name, rule in step.fields.items():
            _check_rule(f"events[{number}].fields.{name}", rule)


def _check_time(key: str, when: When | None) -> None:
    """Check that a time has one origin."""
    if when is None:
        return
    origins = [name for name in ("column", "template", "start") if getattr(when, name)]
    _demand(len(origins) == 1, key, origins, "must give one of column, template, start")
    _demand(not when.start or when.step_seconds > 0, f"{key}.step_seconds", when.step_seconds,
            "must be above 0 where start is given")


def _check_rule(key: str, rule: FieldRule) -> None:
    """Check that a field has one origin and that its conversions make sense."""
    origins = [name for name in ("column", "template") if getattr(rule, name)]
    origins += ["constant"] if rule.constant is not UNSET else []
    _demand(len(origins) == 1, key, origins, "must give one of column, constant, template")
    _demand(not rule.of or rule.unit == "%", f"{key}.of", rule.of, 'needs unit = "%"')
    _demand(not rule.to or rule.unit, f"{key}.to", rule.to, "needs unit")


def _compiles(key: str, pattern: str) -> None:
    """Check a regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise MappingError(f"{key} = {pattern!r}: {error}") from error


def _demand(holds: object, key: str, value: object, reason: str) -> None:
    """Raise MappingError unless something holds."""
    if not holds:
        raise MappingError(f"{key} = {value!r}: {reason}")
