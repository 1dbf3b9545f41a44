"""Test that declarations are discovered, and that a broken added file harms nobody else."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas import registry
from schemas.declare import Event, Result
from schemas.errors import DeclarationError

BUOY = '''
"""Declare ocean buoys."""
from schemas.declare import Event, decimal, text

class OceanBuoy(Event, chinese="海洋浮标", domain="ocean", owner="city-ocean", personal="none",
                public=True):
    """Readings of one buoy at one moment."""

    buoy_id = text("Buoy", "浮标", key=True, public=True, example="b-1")
    wave_height = decimal("Wave height", "浪高", unit="m", ge=0, le=30, decimals=2, public=True,
                          example=1.2)
'''
STATE = ("_seen", "_faults", "_families", "_results", "_added")


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give a folder that the registry watches; what it learns there is forgotten afterwards."""
    registry.refresh()
    kept = {name: type(getattr(registry, name))(getattr(registry, name)) for name in STATE}
    monkeypatch.setenv("CITYBRAIN_SCHEMAS", str(tmp_path))
    yield tmp_path
    for name, value in kept.items():
        held = getattr(registry, name)
        held.clear()
        held.update(value)


def write(path: Path, text: str, second: int) -> None:
    """Write a file as it would stand at a given second."""
    path.write_text(text, encoding="utf-8")
    os.utime(path, (second, second))


def test_every_declaration_is_found_once() -> None:
    families, results = registry.families(), registry.results()
    declared = {one.family.name for one in Event.__subclasses__()
                if one.__module__.startswith("schemas.")}
    computed = {one.result.name for one in Result.__subclasses__()
                if one.__module__.startswith("schemas.")}
    assert set(families) >= declared >= {"vehicle-position", "grid-case", "hotline-call"}
    assert set(results) >= computed >= {"road-state", "city-pulse", "air-quality"}


def test_results_have_no_orphan_inputs_places_or_counts() -> None:
    families = registry.families()
    for result in registry.own_results():
        assert set(result.inputs) <= set(families), result.name
        assert not result.place or result.place in {f.name for f in result.keys}
        assert not result.suppress or result.suppress in {f.name for f in result.measures}


def test_every_family_feeds_a_result_or_is_a_result_of_rules() -> None:
    used = {name for result in registry.own_results() for name in result.inputs}
    assert {family.name for family in registry.own_families()} - used == {"alert"}


def test_an_added_file_is_a_family_from_the_next_look_on(added: Path) -> None:
    assert "ocean-buoy" not in registry.families()
    write(added / "ocean.py", BUOY, 1_000)
    assert registry.refresh()
    assert registry.get_family("ocean-buoy").topic == "event-ocean-buoy"
    assert "ocean-buoy" not in {one.name for one in registry.own_families()}
    assert not registry.refresh()


BROKEN: dict[str, tuple[str, str]] = {
    "syntax": ("class Buoy(:", "SyntaxError"),
    "an import": ("import no_such_module", "no_such_module"),
    "leaving": ("raise SystemExit(3)", "SystemExit"),
    "no key": (BUOY.replace("key=True, ", ""), "exactly one field must be the key"),
    "a name of ours": (BUOY.replace("class OceanBuoy", "class GridCase"), "already declared"),
    "a wrong example": (BUOY.replace("example=1.2", "example=99"), "the example itself is refused"),
    "nothing declared": ("x = 1", "neither an event family nor a result"),
}


@pytest.mark.parametrize(("text", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_file_is_named_once_and_the_rest_is_kept(
        added: Path, caplog: pytest.LogCaptureFixture, text: str, reason: str) -> None:
    broken = added / "a_broken.py"
    write(broken, text, 1_000)
    write(added / "ocean.py", BUOY.replace("OceanBuoy", "SeaBuoy"), 1_000)
    with caplog.at_level(logging.ERROR):
        for _ in range(3):
            registry.refresh()
    assert "sea-buoy" in registry.families()
    assert len(caplog.records) == 1
    assert str(broken) in caplog.text
    assert reason in registry.faults()[broken]


def test_a_mended_file_is_taken_in(added: Path) -> None:
    path = added / "ocean.py"
    write(path, BUOY.replace("key=True", "key=Tru"), 1_000)
    registry.refresh()
    assert path in registry.faults()
    write(path, BUOY, 1_001)
    assert registry.refresh()
    assert path not in registry.faults()
    assert "ocean-buoy" in registry.families()


def test_nothing_of_a_half_good_file_is_taken(added: Path) -> None:
    second = BUOY.replace("class OceanBuoy", "class GridCase").replace('"""Declare', '"""Also')
    write(added / "ocean.py", BUOY + second, 1_000)
    registry.refresh()
    assert "ocean-buoy" not in registry.families()
    assert registry.get_family("grid-case").owner == "city-grid"


def test_an_unknown_family_is_named_with_the_known_ones() -> None:
    with pytest.raises(DeclarationError, match=r"no event family 'x'; known: alert, "):
        registry.get_family("x")
