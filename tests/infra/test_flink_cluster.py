"""Test a JobManager and two TaskManagers that find each other as on several machines."""

from __future__ import annotations

import contextlib
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

import httpx
import pytest

from tests.components import CHECKOUT, find_free_offset

pytestmark = pytest.mark.live
SECONDS = 90


@pytest.fixture
def address(stack_home: Path) -> Iterator[str]:
    """Run the three, each with a home of its own and one folder for all; give the REST address."""
    folder, offset = Path(tempfile.mkdtemp(prefix="citybrain-flink-")), find_free_offset()
    running = []
    for name in ("jobmanager", "taskmanager-0", "taskmanager-1"):
        home = folder / name
        home.mkdir()
        (home / "components").symlink_to((stack_home / "components").resolve())
        environment = {
            **os.environ, "CITYBRAIN_HOME": str(home), "CITYBRAIN_SUPERVISED": str(home),
            "CITYBRAIN_PORT_OFFSET": str(offset), "CITYBRAIN_HOST": "0.0.0.0",  # noqa: S104
            "CITYBRAIN_PLAINTEXT": "yes", "CITYBRAIN_PROFILE": "small",
            "CITYBRAIN_FLINK": socket.gethostname(), "CITYBRAIN_PARALLELISM": "4",
            "CITYBRAIN_TASKMANAGERS": "2", "CITYBRAIN_FLINK_STORAGE": str(folder / "shared")}
        with (folder / f"{name}.log").open("w") as log:
            running.append(subprocess.Popen(
                [sys.executable, "-m", "infra.run", name.partition("-")[0]], cwd=CHECKOUT,
                env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True))
    yield f"http://{socket.gethostname()}:{18081 + offset}"
    for one in running:
        os.killpg(one.pid, signal.SIGKILL)
        one.wait()
    shutil.rmtree(folder)


def test_two_task_managers_offer_the_slots_of_all_jobs_together(address: str) -> None:
    until = time.monotonic() + SECONDS
    found: tuple[int, int] = (0, 0)
    # a manager is counted when it registers, its slots when it reports them
    while time.monotonic() < until and found != (2, 4):
        time.sleep(0.5)
        with contextlib.suppress(httpx.HTTPError):
            overview = httpx.get(f"{address}/overview", timeout=2).json()
            found = (overview["taskmanagers"], overview["slots-total"])
    assert found == (2, 4)
