"""Rehearse the loss of a city: write, back up, wipe, restore, and go on where it was."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.components import CHECKOUT, find_free_offset
from tests.infra.backup.own_city import LOG, PASS, PUBLISH, OwnCity

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(1800)]
NAMES = "kafka,clickhouse,registrar,sink"


@pytest.fixture
def city(stack_home: Path) -> Iterator[OwnCity]:
    """Give a city that is not up yet, and leave nothing of it."""
    home = Path(tempfile.mkdtemp(prefix="citybrain-"))
    for name in ("components", "areas"):
        (home / name).symlink_to((stack_home / name).resolve())
    one = OwnCity(home, find_free_offset())
    yield one
    one.run("down")
    shutil.rmtree(home)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder for backups, outside of the home."""
    path = Path(tempfile.mkdtemp(prefix="backup-"))
    yield path
    shutil.rmtree(path)


def wipe(city: OwnCity) -> None:
    """Lose all that the city knew."""
    for one in city.home.iterdir():
        if not one.is_symlink():
            shutil.rmtree(one) if one.is_dir() else one.unlink()


def test_a_lost_city_goes_on_from_its_backup(city: OwnCity, folder: Path, areas: Path) -> None:
    backup = folder / "one"
    city.must("up", "--only", NAMES)
    assert city.call(PUBLISH, 0, 500) == 500
    assert city.call(PASS, 0, 300) == 0
    city.await_rows(300)
    told = json.loads(city.must("backup", str(backup), "--json"))
    assert told["rows"]["parking_occupancy"] == 300
    assert told["parts"] == ["broker", "store"]
    assert (backup / "secrets.tar").stat().st_mode & 0o777 == 0o600
    assert backup.stat().st_mode & 0o777 == 0o700
    # what stopped for it runs again
    assert {name: row["state"] for name, row in city.status().items()
            if name in NAMES.split(",")} == dict.fromkeys(NAMES.split(","), "READY")
    before = city.call(LOG)
    refused = city.run("restore", str(backup))
    assert "the city runs" in refused.stderr
    city.call(PUBLISH, 500, 600)  # lost with the city
    city.must("down")

    held = city.run("restore", str(backup))
    assert "kafka" in held.stderr
    assert "--force" in held.stderr
    wipe(city)
    restored = json.loads(city.must("restore", str(backup), "--json"))
    assert restored["views_equal"] == len(told["rows"])
    city.must("up", "--only", NAMES)
    assert city.call(LOG) == before  # offsets, times, keys, values, accounts, how far the sink was
    assert before["raw-kept--parking-occupancy"]["records"][-1][1] > 0
    city.await_rows(300)
    # publishers and consumers continue under the old passwords
    assert city.call(PUBLISH, 600, 650) == 50
    city.call(PASS, 300, 400)
    city.await_rows(400)


def test_what_is_damaged_or_interrupted_leaves_everything_as_it_was(
        city: OwnCity, folder: Path, areas: Path) -> None:
    city.must("up", "--only", NAMES)
    city.call(PASS, 0, 50)
    city.await_rows(50)
    interrupted = subprocess.Popen(
        [sys.executable, "-m", "infra.cli", "backup", str(folder / "broken")], cwd=CHECKOUT,
        env=city.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    until = time.monotonic() + 120
    while not (folder / ".broken.unfinished").exists() and time.monotonic() < until:
        time.sleep(0.05)
    interrupted.send_signal(signal.SIGINT)
    said, _ = interrupted.communicate(timeout=300)
    assert interrupted.returncode == 1, said
    assert "nothing of the backup is left" in said
    assert list(folder.iterdir()) == []
    city.wait_for("sink", other_than=0)

    backup = folder / "two"
    city.must("backup", str(backup))
    again = city.run("backup", str(backup))
    assert "is there already" in again.stderr
    city.must("down")
    victim = max((backup / "kafka").rglob("*.log"), key=lambda one: one.stat().st_size)
    body = victim.read_bytes()
    victim.write_bytes(body[:-1] + bytes([body[-1] ^ 1]))
    before = sorted(str(one) for one in (city.home / "kafka").rglob("*"))
    damaged = city.run("restore", str(backup), "--force")
    assert damaged.returncode == 1
    assert "its digest differs" in damaged.stderr
    assert sorted(str(one) for one in (city.home / "kafka").rglob("*")) == before
    city.must("up", "--only", NAMES)
    city.await_rows(50)
