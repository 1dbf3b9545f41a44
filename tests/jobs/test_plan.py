"""Read the plan that Flink makes of the whole road: one read, one Python pass."""

from __future__ import annotations

import subprocess
import sys

import pytest

PLAN = """
from jobs.plan import build
from streams.settings import read_settings
print(build(read_settings(), 1, 0, 0, {}).explain())
"""


@pytest.fixture(scope="module")
def plan(flink_client: dict[str, str]) -> str:
    """Give the optimised execution plan, made in a process of its own (it starts a JVM)."""
    done = subprocess.run([sys.executable, "-c", PLAN], env=flink_client, capture_output=True,
                          text=True, timeout=240, check=True)
    return done.stdout.split("Optimized Execution Plan")[1]


@pytest.mark.live
def test_the_python_function_runs_once_for_all_queries(plan: str) -> None:
    assert plan.count("PythonCalc(") == 1
    assert plan.count("[gate(") == 1


@pytest.mark.live
def test_the_row_of_the_gate_is_taken_apart_once(plan: str) -> None:
    assert plan.count(" AS verdict, ") == 1 and plan.count("g.verdict") == 1
    assert plan.count("g.body") == 1


@pytest.mark.live
def test_the_events_of_a_family_are_chosen_once(plan: str) -> None:
    assert plan.count("family = 'vehicle-position'") == 1


@pytest.mark.live
def test_the_raw_topics_are_read_once(plan: str) -> None:
    assert plan.count("TableSourceScan(") == 1


@pytest.mark.live
def test_no_join_keeps_events_in_state(plan: str) -> None:
    assert "Join(" not in plan


@pytest.mark.live
def test_aggregates_are_combined_before_the_shuffle(plan: str) -> None:
    assert plan.count("LocalGroupAggregate(") == plan.count("GlobalGroupAggregate(") > 0
