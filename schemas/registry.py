"""Discover every declaration, in this folder and in the folders a city adds to a running system.

`CITYBRAIN_SCHEMAS` names further folders (separated by the system's path separator). A file
dropped there is a family of the city from the next `refresh()` on: that is all it takes.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from schemas.declare import Event, Family, Result, ResultTable
from schemas.errors import DeclarationError

T = TypeVar("T", Family, ResultTable)
_HERE = Path(__file__).parent
_MACHINERY = {"__init__", "declare", "errors", "registry", "wire"}
_seen: dict[Path, float] = {}
_modules: dict[Path, ModuleType] = {}
_families: dict[str, Family] = {}
_results: dict[str, ResultTable] = {}


def _folders() -> list[Path]:
    """List the folders that hold declarations, ours first."""
    more = os.environ.get("CITYBRAIN_SCHEMAS", "")
    return [_HERE, *(Path(part) for part in more.split(os.pathsep) if part)]


def _files() -> list[Path]:
    """List the declaration files in a stable order."""
    found: list[Path] = []
    for folder in _folders():
        if folder.is_dir():
            found += sorted(p for p in folder.glob("*.py") if p.stem not in _MACHINERY)
    return found


def _load(path: Path) -> ModuleType:
    """Import one declaration file, under `schemas.` when it is ours."""
    if path.parent == _HERE:
        return importlib.import_module(f"schemas.{path.stem}")
    label = hashlib.sha256(str(path).encode()).hexdigest()[:12]
    name = f"schemas_added_{path.stem}_{label}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise DeclarationError(f"{path}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise DeclarationError(f"{path}: {error}") from error
    return module


def _take(path: Path, module: ModuleType) -> None:
    """Enter the families and results that a module declares; a name may be declared only once."""
    for value in vars(module).values():
        if not isinstance(value, type) or value.__module__ != module.__name__:
            continue
        if issubclass(value, Event) and value is not Event:
            _enter(_families, value.family.name, value.family, path)
        elif issubclass(value, Result) and value is not Result:
            _enter(_results, value.result.name, value.result, path)


def _enter(target: dict[str, T], name: str, value: T, path: Path) -> None:
    """Enter one declaration or refuse a second one of the same name."""
    if name in target and target[name] != value:
        raise DeclarationError(f"{path}: {name} is already declared elsewhere")
    target[name] = value


def refresh() -> bool:
    """Load declaration files that are new; return whether anything was added."""
    before = len(_families) + len(_results)
    for path in _files():
        stamp = path.stat().st_mtime
        if path not in _seen:
            _seen[path] = stamp
            _modules[path] = _load(path)
            _take(path, _modules[path])
    return len(_families) + len(_results) > before


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


def get_family(name: str) -> Family:
    """Get a family by name; raise DeclarationError naming the known ones."""
    known = families()
    if name not in known:
        raise DeclarationError(f"no event family {name!r}; known: {', '.join(sorted(known))}")
    return known[name]
