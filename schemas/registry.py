"""Discover every declaration, in this folder and in the folders a city adds to a running system.

`CITYBRAIN_SCHEMAS` names further folders (separated by the system's path separator). A file
dropped there is a family of the city from the next `refresh()` on: that is all it takes. A broken
file of ours stops everything; a broken added file is logged once, shown by `faults()`, keeps nobody
else from loading, and is tried again when it changes. Declarations once loaded stay as they are.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.util
import json
import logging
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from schemas.declare import Event, Family, Result, ResultTable
from schemas.errors import DeclarationError
from schemas.wire import check

_LOG = logging.getLogger(__name__)
_HERE = Path(__file__).parent
_MACHINERY = {"__init__", "declare", "errors", "fields", "registry", "vocabulary", "wire"}
_Stamp = tuple[int, int]
_seen: dict[Path, _Stamp] = {}
_faults: dict[Path, str] = {}
_families: dict[str, Family] = {}
_results: dict[str, ResultTable] = {}
_added: set[str] = set()


class _FreshLoader(SourceFileLoader):
    """Load from the source always: a compiled copy may be older than a file rewritten at once."""

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 (the loader's signature)
        """Compile what the file holds now."""
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def _folders() -> list[Path]:
    """List the folders that hold declarations, ours first."""
    more = os.environ.get("CITYBRAIN_SCHEMAS", "")
    return [_HERE, *(Path(part) for part in more.split(os.pathsep) if part)]


def _files() -> dict[Path, _Stamp]:
    """List the declaration files in a stable order, with time of change (ns) and size."""
    found: dict[Path, _Stamp] = {}
    for folder in _folders():
        if folder.is_dir():
            for path in sorted(folder.glob("*.py")):
                if path.parent != _HERE or path.stem not in _MACHINERY:
                    with contextlib.suppress(FileNotFoundError):
                        status = path.stat()
                        found[path] = (status.st_mtime_ns, status.st_size)
    return found


def _load(path: Path) -> ModuleType:
    """Import one declaration file, under `schemas.` when it is ours."""
    if path.parent == _HERE:
        return importlib.import_module(f"schemas.{path.stem}")
    label = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    name = f"schemas_added_{path.stem}_{label}"
    loader = _FreshLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None:
        raise DeclarationError("not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _declared(module: ModuleType) -> tuple[dict[str, Family], dict[str, ResultTable]]:
    """List the families and results that a module itself declares."""
    own = [value for value in vars(module).values()
           if isinstance(value, type) and value.__module__ == module.__name__]
    events = [value.family for value in own if issubclass(value, Event) and value is not Event]
    tables = [value.result for value in own if issubclass(value, Result) and value is not Result]
    return {one.name: one for one in events}, {one.name: one for one in tables}


def _enter(module: ModuleType) -> None:
    """Enter all that a module declares, or nothing; names are unique over families and results."""
    families, results = _declared(module)
    if not families and not results:
        raise DeclarationError("declares neither an event family nor a result")
    for name in (*families, *results):
        if name in _families or name in _results:
            raise DeclarationError(f"{name} is already declared elsewhere")
    for family in families.values():
        refusal = check(family, json.dumps(family.example).encode())
        if refusal is not None:
            raise DeclarationError(f"{family.name}: the example itself is refused:"
                                   f" {refusal.field}: {refusal.reason} ({refusal.detail})")
    _families.update(families)
    _results.update(results)


def _take(path: Path) -> None:
    """Load one file; raise DeclarationError naming it, whatever is wrong with it."""
    before = {*_families, *_results}
    try:
        _enter(_load(path))
        if path.parent != _HERE:
            _added.update({*_families, *_results} - before)
    except (Exception, SystemExit) as error:
        raise DeclarationError(f"{path}: {type(error).__name__}: {error}") from error


def refresh() -> bool:
    """Load declaration files that are new, or broken and changed since; tell if any was added."""
    added = False
    for path, stamp in _files().items():
        if path in _seen and (path not in _faults or _seen[path] == stamp):
            continue
        try:
            _take(path)
        except DeclarationError as error:
            if path.parent == _HERE:
                raise
            _seen[path], _faults[path] = stamp, str(error)
            _LOG.error("declaration refused: %s", error)
            continue
        _seen[path] = stamp
        _faults.pop(path, None)
        added = True
    return added


def faults() -> dict[Path, str]:
    """Give the added files that are refused now, with the reason."""
    return dict(_faults)


def families() -> dict[str, Family]:
    """List the event families by name."""
    if not _seen:
        refresh()
    return dict(_families)


def results() -> dict[str, ResultTable]:
    """List the results by name."""
    if not _seen:
        refresh()
    return dict(_results)


def own_families() -> list[Family]:
    """List the families of this folder by name, without those that a city added."""
    return [one for name, one in sorted(families().items()) if name not in _added]


def own_results() -> list[ResultTable]:
    """List the results of this folder by name, without those that a city added."""
    return [one for name, one in sorted(results().items()) if name not in _added]


def get_family(name: str) -> Family:
    """Get a family by name; raise DeclarationError naming the known ones."""
    known = families()
    if name not in known:
        raise DeclarationError(f"no event family {name!r}; known: {', '.join(sorted(known))}")
    return known[name]
