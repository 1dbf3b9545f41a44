"""Lose a whole city while it counts, and have its ledger close again after the backup came back."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.components import find_free_offset
from tests.infra.backup.own_city import PUBLISH, OwnCity
from tests.infra.backup.test_rehearsal import wipe

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.alone,
              pytest.mark.timeout(2700)]
NAMES = "kafka,clickhouse,jobmanager,taskmanager,registrar,job,sink,ledger"
PATIENCE_SECONDS = 900.0


@pytest.fixture
def city(stack_home: Path, areas: Path) -> Iterator[OwnCity]:
    """Give a city with its whole road that is not up yet, and leave nothing of it."""
    home = Path(tempfile.mkdtemp(prefix="citybrain-"))
    for name in ("components", "areas"):
        (home / name).symlink_to((stack_home / name).resolve())
    one = OwnCity(home, find_free_offset())
    yield one
    one.run("down")
    shutil.rmtree(home)


def await_ledger(city: OwnCity, received: int) -> list[dict[str, Any]]:
    """Wait until the ledger has all that was published, nothing in flight; give its rows."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        done = city.run("verify", "ledger", "--minutes", "120", "--json")
        rows: list[dict[str, Any]] = [
            row for row in (json.loads(done.stdout) if done.stdout.startswith("[") else [])
            if row["raw_topic"].startswith("raw-kept--")]
        if (sum(row["received"] for row in rows) == received
                and not any(row["in_flight"] for row in rows)):
            return rows
        assert time.monotonic() < until, (rows, done.stderr[-500:])
        time.sleep(2.0)


def test_the_ledger_closes_before_and_after(city: OwnCity) -> None:
    backup = Path(tempfile.mkdtemp(prefix="backup-")) / "one"
    try:
        city.must("up", "--only", NAMES)
        assert city.call(PUBLISH, 0, 400) == 400
        before = await_ledger(city, 400)
        assert sum(row["counted"] for row in before) == 400
        # these are still on their way when everything stops
        assert city.call(PUBLISH, 400, 700) == 300
        city.must("backup", str(backup))
        city.must("down")
        wipe(city)
        city.must("restore", str(backup))
        city.must("up", "--only", NAMES)
        assert city.call(PUBLISH, 700, 800) == 100
        after = await_ledger(city, 800)
    finally:
        shutil.rmtree(backup.parent)
    assert sum(row["counted"] for row in after) == 800
    assert [row["residual"] for row in after] == [0] * len(after)
