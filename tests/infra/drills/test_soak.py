"""Test what the soak says of memory, and of a wall that is silent."""

from __future__ import annotations

import os

import psutil
import pytest
from click.testing import CliRunner

from infra.commands.drill import command
from infra.drills import soak
from infra.drills.soak import Soak, growth, tell
from infra.profiles import sizes


def lived(name: str, *, minutes: int, an_hour: float, pid: int = 1) -> Soak:
    """Make a drill that saw one process grow steadily, from 100 MiB."""
    samples = [(float(minute), pid, 100 + an_hour * minute / 60) for minute in range(minutes + 1)]
    return Soak(1, 120.0, 5.0, samples={name: samples})


def test_growth_is_told_by_the_hour() -> None:
    size, grown = growth(lived("sink", minutes=60, an_hour=30.0))["sink"]
    assert grown == pytest.approx(30.0)
    assert size == pytest.approx(122.5, abs=0.5)


def test_a_process_that_fills_up_at_first_and_stays_is_flat() -> None:
    state = Soak(1, 120.0, 5.0, samples={"taskmanager": [
        (float(minute), 1, 1000.0 + min(minute, 25) * 20) for minute in range(61)]})
    assert growth(state)["taskmanager"][1] == pytest.approx(0.0, abs=1e-6)


def test_a_step_is_not_growth_and_an_engine_fills_what_it_is_given() -> None:
    stepped = [(float(minute), 1, 85.0 if minute < 36 else 93.0) for minute in range(61)]
    state = Soak(1, 120.0, 5.0, samples={"ledger": stepped})
    assert growth(state)["ledger"][1] == pytest.approx(0.0, abs=1e-6)
    assert soak.grew(lived("ledger", minutes=60, an_hour=20.0)) == [
        "ledger grew by 20.0 MiB an hour at 115 MiB"]
    given = sizes().kafka_heap + sizes().kafka_direct
    for size, wrong in ((given - 50.0, 0), (given + 1.0, 1)):
        state = Soak(1, 120.0, 5.0, samples={"kafka": [
            (float(minute), 1, size + minute) for minute in range(31)]})
        assert len(soak.grew(state)) == wrong


def test_what_was_killed_too_early_is_not_judged() -> None:
    assert growth(lived("sink", minutes=15, an_hour=100.0)) == {}
    state = lived("sink", minutes=30, an_hour=0.0)
    state.samples["sink"] += [(31.0, 2, 500.0)]
    assert growth(state)["sink"] == pytest.approx((100.0, 0.0), abs=1e-6)


def test_memory_is_noted_of_those_processes_that_are_still_there() -> None:
    own, gone = os.getpid(), psutil.pids()[-1] + 1_000_000
    sizes_now = soak.measure_memory([own, gone])
    assert list(sizes_now) == [own] and sizes_now[own] > 1_000_000
    state = Soak(1, 120.0, 5.0, lived=1.234)
    state.note("python-worker", own, 3 << 20)
    assert state.samples == {"python-worker": [(1.23, own, 3.0)]}


def test_figures_are_plain() -> None:
    told = tell(lived("sink", minutes=60, an_hour=30.0))
    assert told["memory_mib"] == {"sink": {"size": 122, "growth_an_hour": 30.0}}


def test_a_wall_that_is_away_does_not_answer() -> None:
    assert not soak.wall_answers()


def test_a_city_that_does_not_run_is_told() -> None:
    told = CliRunner().invoke(command, ["soak", "--minutes", "1"])
    assert told.exit_code == 1
    assert "does not run: `citybrain up` starts the city" in told.output
