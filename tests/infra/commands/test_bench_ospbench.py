"""Test what `citybrain bench ospbench` tells of an outcome, without running it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner, Result

from infra.bench import ospbench
from infra.bench.ospbench import Outcome
from infra.commands import bench
from schemas.errors import ComponentError

PARTS = ("broker", "jvm", "python", "store")
RIGHT = Outcome(20_000, 3_000, 4.0, 3.0, 8_000.0, dict.fromkeys(PARTS, 0.1),
                dict.fromkeys(PARTS, 1 << 28), [])


def run(monkeypatch: pytest.MonkeyPatch, outcome: Outcome, *arguments: str) -> Result:
    """Run the command where the benchmark gives an outcome."""
    monkeypatch.setattr(ospbench, "start", lambda _events: outcome)
    return CliRunner().invoke(bench.command, ["ospbench", *arguments])


def test_a_right_outcome_has_its_rate_and_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    done = run(monkeypatch, RIGHT)
    assert done.exit_code == 0
    assert "5,000 events/s, 8,000 without" in done.output and "jvm         5.00 us" in done.output


def test_a_wrong_outcome_has_no_rate_and_exits_with_one(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(RIGHT, failures=["flow_sum differs in 2 rows"])
    done = run(monkeypatch, wrong)
    assert done.exit_code == 1 and "flow_sum differs in 2 rows" in done.output
    assert "events/s" not in done.output
    told = json.loads(run(monkeypatch, wrong, "--json").stdout)
    assert told["rate"] is None and told["failures"] == wrong.failures


def test_what_could_not_be_run_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_events: int) -> Outcome:
        """Fail."""
        raise ComponentError("the benchmark ended with 1")

    monkeypatch.setattr(ospbench, "start", fail)
    done = CliRunner().invoke(bench.command, ["ospbench"])
    assert done.exit_code == 1 and done.output == "Error: the benchmark ended with 1\n"
