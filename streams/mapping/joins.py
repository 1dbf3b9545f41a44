"""Join rows to a station file that lies beside the recording."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.errors import MappingError
from streams.mapping.declare import Join, MapFile, Source
from streams.mapping.getters import Getter, RowError, Scope, template_getter
from streams.mapping.source import Rows


@dataclass(frozen=True, slots=True)
class Station:
    """Hold the rows of one joined file by key, their columns prefixed by the join's name."""

    name: str
    on: Getter
    by_key: dict[str, dict[str, Any]]
    columns: tuple[str, ...]

    def add(self, scope: Scope) -> None:
        """Put the columns of the row's station into scope; raise RowError where there is none."""
        key = self.on.read(scope)
        found = self.by_key.get(key) if key is not None else None
        if found is None:
            raise RowError(self.name, key or "", f"no such key in the file joined as {self.name}")
        scope.update(found)


def open_joins(declared: MapFile, folder: Path) -> list[Station]:
    """Read every joined file; raise MappingError naming file, key and reason."""
    return [_open(one, declared, folder) for one in declared.join]


def _open(join: Join, declared: MapFile, folder: Path) -> Station:
    """Read one joined file."""
    path = folder / join.file
    source = Source(format=join.format, delimiter=join.delimiter, encoding=join.encoding)
    by_key: dict[str, dict[str, Any]] = {}
    columns: dict[str, None] = {}
    try:
        with Rows(path, source) as rows:
            for row in rows:
                if row.fault or row.cells.get(join.key) in (None, ""):
                    continue
                columns |= dict.fromkeys(row.cells)
                key = str(row.cells[join.key]).strip()
                prefixed = {f"{join.name}.{k}": v for k, v in row.cells.items()}
                if by_key.setdefault(key, prefixed) != prefixed:
                    raise MappingError(f"{path} has {join.key} = {key!r} twice, differently")
    except MappingError as error:
        raise MappingError(f"join {join.name}: {error}") from error
    if not by_key:
        raise MappingError(f"join {join.name}: {path} has no row with {join.key!r}")
    return Station(join.name, template_getter(join.on, declared.source), by_key,
                   tuple(columns))
