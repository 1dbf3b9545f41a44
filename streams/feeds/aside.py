"""Renew the feeds in a process of their own.

To read and to render takes a fifth of a processor, in which the process that answers clients would
answer nobody: Python runs one thread at a time.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import cache
from multiprocessing import get_context, parent_process

from streams.feeds.board import Renewed
from streams.feeds.renewal import Renewal
from streams.store import connect

_LOG = logging.getLogger(__name__)


@cache
def _renewal() -> Renewal:
    """Give this process's renewal."""
    return Renewal(lambda: connect("reader"))


def _tick() -> Renewed:
    """Renew what is due."""
    return _renewal().tick()


def _begin() -> None:
    """Prepare the process: it is stopped by the one that started it, and ends with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    # an absent store is told once a feed, not with a trace at every attempt
    logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End at once when the parent has ended, killed as it may be."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class Aside:
    """Hold the process; one that was killed is started again at the next tick."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._pool: ProcessPoolExecutor | None = None

    async def tick(self) -> Renewed:
        """Renew what is due; nothing where the process was killed over it."""
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, get_context("spawn"), _begin)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, _tick)
        except BrokenProcessPool:
            _LOG.warning("the process that renews the feeds was killed; starting another")
            self._pool = None
            return Renewed()
