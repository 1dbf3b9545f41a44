"""Test what `citybrain bench drain` and `all` ask for, without running it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra.bench.peer import list_peers
from infra.bench.start import FIRST, Wanted
from infra.commands import _bench_drain, bench


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Wanted]:
    """Give what was asked for; the benchmark itself writes two pages and finds a fault."""
    asked: list[Wanted] = []
    (tmp_path / "a.md").write_text("# page")
    (tmp_path / "a.json").write_text('{"page": 1}')

    def start(one: Wanted) -> tuple[int, list[Path]]:
        """Note what is wanted."""
        asked.append(one)
        return 1, [tmp_path / "a.md", tmp_path / "a.json"]

    monkeypatch.setattr(_bench_drain, "start", start)
    return asked


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(bench.command, list(arguments))


def test_defaults_are_five_million_records_three_times_by_the_first(wanted: list[Wanted]) -> None:
    run("drain")
    one, = wanted
    assert (one.names, one.events, one.runs, one.quick) == (FIRST, 5_000_000, 3, False)
    assert one.out.name == "reports"


def test_quick_is_less_and_once_and_the_same_by_all(wanted: list[Wanted]) -> None:
    run("all", "--quick")
    one, = wanted
    assert (one.names, one.runs, one.quick) == (FIRST, 1, True) and one.events < 5_000_000


def test_all_is_every_peer(wanted: list[Wanted]) -> None:
    run("all", "--events", "20000", "--runs", "2")
    assert wanted[0].names == ("ours", *list_peers())
    assert (wanted[0].events, wanted[0].runs) == (20_000, 2)


def test_the_page_that_is_asked_for_is_printed_and_a_fault_is_the_exit_code(
        wanted: list[Wanted]) -> None:
    page, data = run("drain", "--peers", "ours, hand_loop"), run("drain", "--json")
    assert wanted[0].names == ("ours", "hand_loop")
    assert (page.exit_code, data.exit_code) == (1, 1)
    assert "# page" in page.stdout and '{"page": 1}' in data.stdout and "#" not in data.stdout


def test_an_unknown_contender_is_told_with_the_known_ones(wanted: list[Wanted]) -> None:
    done = run("drain", "--peers", "ours,nobody")
    assert done.exit_code == 1 and wanted == []
    assert "nobody" in done.output and "hand_loop" in done.output
