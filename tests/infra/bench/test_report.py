"""Test that a report tells what was measured, and nothing of who was wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.bench.drain import Run
from infra.bench.report import NOT_TO_BE_QUOTED, Report, write

PARTS = {"broker": 1.0, "jvm": 2.0, "python": 3.0, "store": 4.0}


def make(name: str, seconds: float, failures: list[str] | None = None) -> Run:
    """Make a run of a million records."""
    return Run(name, 1, 1_000_000, 5.0, seconds, seconds, seconds / 2, dict(PARTS),
               dict.fromkeys(PARTS, 1 << 20), {}, failures or [])


def report(*runs: Run, quick: bool = False) -> Report:
    """Make a report."""
    names = dict.fromkeys(run.contender for run in runs)
    return Report({"events": 1_000_000, "seed": 1, "runs": 3, "quick": quick},
                  [{"name": name, "title": "T", "cannot": ["fly"], "does_more": [],
                    "versions": {"numpy": "2"}} for name in names], list(runs), {"cores": "2"})


def pages(told: Report, folder: Path) -> tuple[str, dict[str, object]]:
    """Write a report and read it again."""
    data, page, _ = sorted(write(told, folder), key=lambda one: one.suffix)
    return page.read_text(), json.loads(data.read_text())


def test_median_and_spread_are_of_all_runs(tmp_path: Path) -> None:
    told = report(make("a", 10), make("a", 5), make("a", 20))
    page, data = pages(told, tmp_path)
    summary = told.to_json()["summary"]["a"]
    assert summary["rate"] == {"median": 100_000, "least": 50_000, "most": 200_000}
    assert summary["cpu_microseconds"]["jvm"]["median"] == 2.0
    assert summary["cpu_microseconds_all"]["median"] == 10.0
    assert summary["steady_rate"]["median"] == pytest.approx(160_000)
    assert "100,000 (50,000–200,000)" in page and "cannot: fly" in page and data["quotable"]


def test_who_was_wrong_has_no_figure(tmp_path: Path) -> None:
    page, data = pages(report(make("a", 10), make("b", 1, ["3 rows differ"])), tmp_path)
    assert data["summary"]["b"]["rate"] is None  # type: ignore[index]
    assert "| b | 0 of 1 | – | – | – | – |" in page and "3 rows differ" in page


def test_a_quick_run_says_that_it_is_not_to_be_quoted(tmp_path: Path) -> None:
    page, data = pages(report(make("a", 10), quick=True), tmp_path)
    assert NOT_TO_BE_QUOTED in page and data["quotable"] is False
