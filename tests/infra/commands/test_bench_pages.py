"""Test what `citybrain bench console` and `wall` ask for and tell, without running them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner, Result

from infra.commands import _bench_pages, bench

MEMORY = {"wall": 160.0, "browser": 900.0, "heap": 40.0}
WALL = {"segments": 20_000, "minutes": 30.0, "first_picture": 2.0, "first_picture_fresh": 3.0,
        "renewals": 1_800, "held": 1_782, "share": 0.99, "longest_gap": 1.5, "age_p50": 0.5,
        "age_p95": 0.9, "memory_begin": MEMORY, "memory_end": MEMORY}


def page(p95: float, *errors: str) -> dict[str, Any]:
    """Give what is told of a page."""
    return {"visits": 20, "p50": 0.3, "p95": p95, "tables": 1, "errors": list(errors)}


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Give what the measurement will tell, to be filled; what was asked stands in `asked`."""
    found: dict[str, Any] = {}

    def measure(*arguments: str) -> dict[str, Any]:
        """Note what is asked."""
        found["asked"] = arguments
        return {name: value for name, value in found.items() if name != "asked"}

    monkeypatch.setattr(_bench_pages, "_measure", measure)
    return found


def run(*arguments: str) -> Result:
    """Run a command."""
    return CliRunner().invoke(bench.command, list(arguments))


def test_the_console_is_measured_with_a_million_cases(told: dict[str, Any]) -> None:
    told |= {"cases": 1_000_000, "goal": 1.0, "pages": {"cases": page(0.8), "areas": page(0.9)}}
    done = run("console")
    assert told["asked"] == ("console", "--cases", "1000000", "--rows", "200000",
                             "--visits", "20")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0].startswith("1,000,000 cases")
    assert [line.split()[0] for line in lines[2:]] == ["areas", "cases"]  # the slowest first


@pytest.mark.parametrize("wrong", [page(1.01), page(0.5, "The store is away.")])
def test_a_slow_page_or_a_wrong_one_is_the_exit_code(told: dict[str, Any],
                                                     wrong: dict[str, Any]) -> None:
    told |= {"cases": 1_000, "goal": 1.0, "pages": {"cases": page(0.5), "areas": wrong}}
    done = run("console", "--json")
    assert done.exit_code == 1 and json.loads(done.stdout)["pages"]["areas"] == wrong
    assert all(error in run("console").stdout for error in wrong["errors"])


def test_the_wall_is_watched_for_half_an_hour(told: dict[str, Any]) -> None:
    told |= WALL
    done = run("wall")
    assert told["asked"] == ("wall", "--segments", "20000", "--minutes", "30.0")
    assert done.exit_code == 0 and "1,782 of 1,800 renewals in the picture (99.0%)" in done.stdout
    assert json.loads(run("wall", "--json").stdout) == WALL


@pytest.mark.parametrize("command", ["console", "wall"])
def test_without_the_browser_s_library_it_is_said_how_to_get_it(
        monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr(_bench_pages, "find_spec", lambda _name: None)
    done = run(command)
    assert done.exit_code == 1 and "pip install" in done.output
