"""Test that a command whose component is away ends in one clear line and a code other than 0."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.settings import read_settings
from tests.components import CHECKOUT

SAID = {
    "topics --json": "Kafka", "rules list": "Kafka", "verify ledger --json": "Kafka",
    "tables --json": "ClickHouse at", "dead-letters show raw-a--b/0/1": "ClickHouse at",
    "job status --json": "Flink at", "logs kafka": "kafka has not been started yet",
}
Ended = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def ended() -> Iterator[dict[str, Ended]]:
    """Run every command at once in a city that is down; give how each ended."""
    with pytest.MonkeyPatch.context() as patched:
        patched.delenv("CITYBRAIN_SUPERVISED", raising=False)
        home = read_settings().home / "nothing-runs-here"
        environment = {**os.environ, "CITYBRAIN_HOME": str(home),
                       "CITYBRAIN_PORT_OFFSET": "39000"}
        running = {line: subprocess.Popen(
            [sys.executable, "-m", "infra.cli", *line.split()], cwd=CHECKOUT, env=environment,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for line in SAID}
        found = {}
        for line, process in running.items():
            out, err = process.communicate(timeout=120)
            found[line] = Ended(line, process.returncode, out, err)
        yield found


@pytest.mark.parametrize("line", SAID)
def test_it_says_so_in_one_line(ended: dict[str, Ended], line: str) -> None:
    done = ended[line]
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr[:2000]
    assert done.stderr.startswith("Error: ")
    assert SAID[line] in done.stderr


def test_status_tells_that_all_is_down(own_home: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "infra.cli", "status", "--json"], cwd=CHECKOUT,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    # the disk is there, whatever runs on it
    states = {row["name"]: row["state"] for row in json.loads(done.stdout)}
    assert states.pop("disk") == "READY"
    assert set(states.values()) == {"DOWN"}
    assert done.stderr == ""
