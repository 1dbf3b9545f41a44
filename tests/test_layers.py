"""Test that each folder imports only what lies below it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = ("schemas", "geo", "streams", "jobs", "dashboards", "infra")
ALLOWED = {
    "schemas": ("schemas",),
    "geo": ("geo", "schemas"),
    "streams": ("streams", "schemas", "geo"),
    "jobs": ("jobs", "schemas", "geo", "streams.settings", "streams.gate", "streams.metrics",
             # what the gate needs
             "streams.broker", "streams.privacy", "streams.publishers", "streams.record",
             "streams.secrets", "streams.tls"),
    "dashboards": ("dashboards", "schemas", "geo", "streams.queries", "streams.commands",
                   "streams.settings", "streams.staff", "streams.audit", "streams.tls",
                   "streams.delays", "streams.oidc"),
    "infra": OURS,
}
ONLY_IN = {
    "pyflink": ("jobs/",),
    "streamlit": ("dashboards/",),
    "clickhouse_driver": ("streams/store.py",),
    "supervisor": ("infra/",),
}
SCHEMAS_THIRD_PARTIES = {"msgspec"}


def _files(folder: str) -> list[Path]:
    """List the modules of a top-level folder."""
    return sorted(path for path in (ROOT / folder).rglob("*.py"))


def _imports(path: Path) -> Iterator[str]:
    """Give the dotted name of each import, `from a import b` as both a and a.b."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_below(name: str, allowed: str) -> bool:
    """Tell whether a dotted name is `allowed` or lies in it."""
    return name == allowed or name.startswith(allowed + ".")


@pytest.mark.parametrize("folder", OURS)
def test_folder_imports_only_what_it_may(folder: str) -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in _files(folder) for name in _imports(path)
        if name.split(".")[0] in (*OURS, "tests")
        and not any(_is_below(name, allowed) for allowed in ALLOWED[folder])]
    assert _files(folder)
    assert broken == []


def test_schemas_need_only_msgspec() -> None:
    import sys
    foreign = {name.split(".")[0] for path in _files("schemas") for name in _imports(path)}
    assert foreign - set(sys.stdlib_module_names) - {"schemas"} <= SCHEMAS_THIRD_PARTIES


@pytest.mark.parametrize("library", ONLY_IN)
def test_library_is_imported_in_one_place_only(library: str) -> None:
    places = {str(path.relative_to(ROOT)) for folder in OURS for path in _files(folder)
              if any(_is_below(name, library) for name in _imports(path))}
    assert places
    assert {place for place in places if not place.startswith(ONLY_IN[library])} == set()


def test_nothing_of_a_published_or_test_name_shadows_a_folder() -> None:
    inside = {path.stem for path in (ROOT / "dashboards").iterdir()}
    assert inside.isdisjoint({*OURS, "tests"} - {"dashboards"})
