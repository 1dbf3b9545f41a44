"""Test `citybrain up`, `status`, `logs` and `down` on real components in a home of their own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from clickhouse_driver import Client

from tests.components import CHECKOUT, find_free_offset

pytestmark = pytest.mark.live
NAMES = "kafka,clickhouse"
SECONDS = 120


class City:
    """Steer a city of its own by the command line."""

    def __init__(self, home: Path, offset: int) -> None:
        """Hold the environment in which its commands run."""
        self.home, self.offset = home, offset
        self.environment = {**os.environ, "CITYBRAIN_HOME": str(home),
                            "CITYBRAIN_PORT_OFFSET": str(offset)}
        self.environment.pop("CITYBRAIN_SUPERVISED")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run([sys.executable, "-m", "infra.cli", *arguments], cwd=CHECKOUT,
                              env=self.environment, capture_output=True, text=True,
                              timeout=SECONDS, check=False)

    def status(self) -> dict[str, dict[str, Any]]:
        """Give the components' status by name."""
        return {row["name"]: row for row in json.loads(self.run("status", "--json").stdout)}

    def passwords(self) -> dict[str, str]:
        """Read the passwords of this city."""
        known: dict[str, str] = json.loads((self.home / "secrets/passwords.json").read_text())
        return known

    def store(self, account: str) -> Client:
        """Open a client of the store."""
        return Client("127.0.0.1", port=19000 + self.offset, user=account,
                      password=self.passwords()[f"clickhouse:{account}"])

    def wait_for(self, name: str, *, other_than: int) -> dict[str, Any]:
        """Wait until a component is ready in a process other than the one given."""
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            row = self.status()[name]
            if row["state"] == "READY" and row["pid"] != other_than:
                return row
            time.sleep(0.5)
        raise AssertionError(f"{name} did not come back: {self.status()[name]}")

    def processes(self) -> list[psutil.Process]:
        """List every live process that carries this city's mark or names its home."""
        found = []
        for process in psutil.process_iter():
            try:
                mark = process.environ().get("CITYBRAIN_SUPERVISED")
                if mark == str(self.home) or any(str(self.home) in one
                                                 for one in process.cmdline()):
                    found.append(process)
            except psutil.Error:
                continue
        return found


@pytest.fixture
def city(stack_home: Path) -> Iterator[City]:
    """Give a city that is not up yet, and leave nothing of it."""
    home = Path(tempfile.mkdtemp(prefix="citybrain-"))
    (home / "components").symlink_to((stack_home / "components").resolve())
    one = City(home, find_free_offset())
    yield one
    one.run("down")
    shutil.rmtree(home)


def test_city_comes_up_heals_keeps_its_data_and_leaves_nothing(city: City) -> None:
    up = city.run("up", "--only", NAMES)
    assert up.returncode == 0, up.stderr
    assert str(city.home / "secrets" / "passwords.json") in up.stdout
    secrets = city.passwords().values()
    assert not any(one in argument for process in psutil.process_iter()
                   for argument in _arguments(process) for one in secrets)
    assert not any(one in up.stdout + up.stderr for one in secrets)

    before = city.status()
    assert before["kafka"]["memory_bytes"] > 0
    city.store("migrator").execute("CREATE TABLE store.kept (n UInt64) ENGINE=MergeTree ORDER BY n")
    city.store("sink").execute("INSERT INTO store.kept VALUES", [(number,) for number in range(9)])
    for name in NAMES.split(","):
        psutil.Process(before[name]["pid"]).send_signal(signal.SIGKILL)
        city.wait_for(name, other_than=before[name]["pid"])
    assert city.store("sink").execute("SELECT sum(n) FROM store.kept") == [(36,)]

    assert city.run("down").returncode == 0
    assert city.processes() == []
    assert city.run("up", "--only", NAMES).returncode == 0
    assert city.store("sink").execute("SELECT sum(n) FROM store.kept") == [(36,)]


def _arguments(process: psutil.Process) -> list[str]:
    """Give the command line of a process; nothing when it is gone."""
    try:
        arguments: list[str] = process.cmdline()
    except psutil.Error:
        return []
    return arguments


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_all_that_runs_in_the_foreground(city: City, number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-m", "infra.cli", "up", "--foreground", "--only",
                           "clickhouse"], cwd=CHECKOUT, env=city.environment, text=True,
                          stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if line.startswith("Ctrl-C"):
                break
        child.send_signal(number)
        assert "nothing is left running" in child.stdout.read()
        assert child.wait(SECONDS) == 0
    assert city.processes() == []


def test_taken_port_is_named_with_its_component(city: City) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 19000 + city.offset))
        holder.listen()
        up = city.run("up", "--only", "clickhouse")
    assert up.returncode == 1
    assert f"port {19000 + city.offset} (clickhouse) is taken" in up.stderr
    assert len(up.stderr.splitlines()) == 1
    assert city.processes() == []


def test_component_that_dies_at_start_is_named_with_the_end_of_its_log(city: City) -> None:
    (city.home / "clickhouse").write_text("a file where a folder must be")
    up = city.run("up", "--only", "clickhouse")
    assert up.returncode == 1
    assert "clickhouse dies at start" in up.stderr
    assert "FileExistsError" in up.stderr
    assert city.processes() == []
    (city.home / "clickhouse").unlink()


def test_unknown_component_is_refused_with_the_known_ones(city: City) -> None:
    up = city.run("up", "--only", "kafak")
    assert up.returncode == 1
    assert "no component kafak; there are" in up.stderr
