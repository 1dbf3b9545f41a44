"""Test a city that speaks TLS as a whole: all that the platform asks of itself follows."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from streams.settings import LOOPBACK, OPEN, PORTS
from tests.components import CHECKOUT
from tests.tls import address, environment_of, own_address, write

pytestmark = [pytest.mark.live, pytest.mark.alone, pytest.mark.timeout(900)]
# all but the living city and what follows from its events
PARTS = ("kafka", "clickhouse", "registrar", "jobmanager", "taskmanager", "job", "feed", "intake",
         "wall", "console")
PAGES = {"wall": "wall", "console": "console", "feed": "feed", "intake": "intake",
         "jobmanager": "flink_rest"}


def command(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the platform in that city."""
    return subprocess.run([sys.executable, "-m", "infra.cli", *arguments], cwd=CHECKOUT,
                          env=environment, capture_output=True, text=True, timeout=600,
                          check=False)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory, stack_home: Path
         ) -> Iterator[tuple[dict[str, str], str]]:
    """Run a city that is open over TLS; give its environment and what its start told."""
    authority, folder, host = trustme.CA(), tmp_path_factory.mktemp("tls"), own_address()
    write(folder, authority, authority.issue_cert(host))
    environment = environment_of(tmp_path_factory.mktemp("city"), folder, stack_home)
    environment["CITYBRAIN_HOST"] = host
    environment.pop("CITYBRAIN_SUPERVISED")
    started = command(environment, "up", "--only", ",".join(PARTS))
    try:
        assert started.returncode == 0, started.stderr[-2000:] + started.stdout[-2000:]
        yield environment, started.stdout
    finally:
        command(environment, "down")


def test_the_start_tells_the_addresses_that_answer(city: tuple[dict[str, str], str]) -> None:
    environment, told = city
    assert "http://" not in told
    assert all(address(port, environment) in told for port in PAGES.values())


def test_what_only_the_city_asks_is_not_reached_from_elsewhere(
        city: tuple[dict[str, str], str]) -> None:
    environment, host = city[0], city[0]["CITYBRAIN_HOST"]
    if host == LOOPBACK:
        pytest.skip("this machine has no address but loopback")
    for name, port in PORTS.items():
        with socket.socket() as probe:
            probe.settimeout(2)
            there = (host, port + int(environment["CITYBRAIN_PORT_OFFSET"]))
            assert (probe.connect_ex(there) == 0) == (name in OPEN), name


def test_every_component_is_ready_and_the_job_was_submitted_over_tls(
        city: tuple[dict[str, str], str]) -> None:
    states = {one["name"]: one["state"]
              for one in json.loads(command(city[0], "status", "--json").stdout)}
    assert {name: states[name] for name in PARTS} == dict.fromkeys(PARTS, "READY")
    jobs = json.loads(command(city[0], "job", "status", "--json").stdout)
    assert [one["state"] for one in jobs] == ["RUNNING"]


def test_every_right_is_asked_for_and_as_declared(city: tuple[dict[str, str], str]) -> None:
    asked = command(city[0], "verify", "access", "--json")
    cells = json.loads(asked.stdout)
    assert [one for one in cells if one["differs"] or not one["found"]] == []
    assert asked.returncode == 0


def test_a_drill_goes_through_the_door_over_tls(city: tuple[dict[str, str], str]) -> None:
    done = command(city[0], "drill", "http", "--requests", "200", "--json")
    assert done.returncode == 0, done.stderr
