"""Test the process that renews the feeds: it gives all, is replaced, and ends with its parent."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time

import psutil
import pytest

from streams.feeds.aside import Aside
from streams.feeds.board import Board
from tests.streams.feeds.conftest import Reach

pytestmark = pytest.mark.live
PARENT = """
import asyncio, time
import psutil
from streams.feeds.aside import Aside
asyncio.run(Aside().tick())
print(*(one.pid for one in psutil.Process().children(recursive=True)), flush=True)
time.sleep(60)
"""
PATIENCE_SECONDS = 20.0


def test_a_killed_process_is_followed_by_another(reach: Reach) -> None:
    async def renew() -> None:
        aside, board = Aside(), Board()
        board.take(await aside.tick())
        assert all(board.find(one, one.defaults()) for one in board.feeds.values())
        for child in psutil.Process().children(recursive=True):
            if "multiprocessing.spawn" in " ".join(child.cmdline()):
                child.kill()
        assert not (await aside.tick()).snapshots
        assert (await aside.tick()).snapshots
    asyncio.run(renew())


def test_the_process_ends_with_the_one_that_started_it(reach: Reach) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True,
                              env=os.environ.copy())
    assert parent.stdout is not None
    children = [psutil.Process(int(one)) for one in parent.stdout.readline().split()]
    assert children and all(one.is_running() for one in children)
    parent.kill()
    parent.wait()
    until = time.monotonic() + PATIENCE_SECONDS
    while any(one.is_running() for one in children):
        assert time.monotonic() < until, "the process is left over"
        time.sleep(0.1)
