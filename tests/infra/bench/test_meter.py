"""Test that processes are told apart, and that what they use is counted between two moments."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import psutil
import pytest

from infra.bench.meter import REST, Meter, Sample, part_of
from infra.orphans import mark

BURN = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"


@pytest.mark.parametrize(("command", "part"), [
    (["java", "-cp", "x", "kafka.Kafka", "server.properties"], "broker"),
    (["java", "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"], "jvm"),
    (["python", "-m", "infra.clickhouse"], "store"),
    (["python", "-m", "infra.bench.store"], "store"),
    (["python", "-m", "pyflink.fn_execution.beam.beam_boot"], REST),
    (["python", "-m", "streams.sink"], REST)])
def test_parts_are_told_by_the_command_line(command: list[str], part: str) -> None:
    assert part_of(command) == part


def test_use_is_what_grew_between_two_moments() -> None:
    def sample(at: float, cpu: float, memory: int) -> Sample:
        """Make a sample of one part."""
        return Sample(at, {"jvm": cpu}, {"jvm": memory})

    meter = Meter([sample(0, 1.0, 5), sample(1, 2.0, 9), sample(2, 4.5, 7), sample(3, 9, 99)])
    assert meter.between(1.0, 2.5) == ({"jvm": 2.5}, {"jvm": 9})


def test_what_a_process_of_this_city_used_is_kept_when_it_has_ended() -> None:
    with Meter() as meter:
        child = subprocess.Popen([sys.executable, "-c", BURN], env={**os.environ, **mark()})
        time.sleep(0.1)
        meter._looked_at = -10
        meter.sample()
        child.wait()
        meter.sample()
    assert meter.samples[-1].cpu[REST] > 0
    assert meter.samples[-1].memory["jvm"] == 0


def test_who_measures_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.bench.meter.list_marked", lambda: [psutil.Process()])
    with Meter() as meter:
        meter.sample()
    assert all(not any(one.memory.values()) for one in meter.samples)
