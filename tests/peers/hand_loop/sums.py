"""Sum records by window, area, class of road and 1 km/h, and lay the sums down in the store."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from multiprocessing import Queue
from queue import Empty
from typing import TypeAlias

import numpy as np
from clickhouse_driver import Client
from numpy.typing import NDArray

ROAD_CLASSES = ("motorway", "trunk", "primary", "secondary", "residential")
BINS = 256
WINDOW_MS = 10_000
CLOSE_SECONDS = 1.0
Integers = NDArray[np.int64]
# the windows that sums of theirs were inserted for, from the readers to who closes windows
Touched: TypeAlias = "Queue[list[int]]"
CLOSE = """
    INSERT INTO store.windows
    SELECT seconds, start, area, road_class, sum(count) AS events, sum(total) AS speed_sum,
        round(quantileExactWeightedInterpolated(0.85)(bin, count) * 100) AS speed_p85,
        min(least) AS speed_min, max(most) AS speed_max, {version} AS version
    FROM (
        SELECT {seconds} AS seconds, window_start - window_start % {seconds} AS start, area,
            road_class, bin, sum(events) AS count, sum(speed_sum) AS total,
            min(speed_min) AS least, max(speed_max) AS most
        FROM store.partials WHERE start IN ({starts})
        GROUP BY start, area, road_class, bin)
    GROUP BY seconds, start, area, road_class"""


def open_store() -> Client:
    """Open a connection to the store."""
    return Client(os.environ["BENCH_STORE_HOST"], port=int(os.environ["BENCH_STORE_PORT"]),
                  user=os.environ["BENCH_STORE_ACCOUNT"],
                  password=os.environ["BENCH_STORE_PASSWORD"], compression="lz4",
                  settings={"use_numpy": True})


class Sums:
    """Gather records, and insert their sums."""

    def __init__(self, touched: Touched) -> None:
        """Take where to tell which windows were touched."""
        self._touched, self._store = touched, open_store()
        self._parts: list[tuple[Integers, ...]] = []
        self._letters: list[tuple[str, str, bytes]] = []
        self.areas: NDArray[np.str_] = np.array([])
        self.duplicates = 0

    def add(self, at: Integers, area: Integers, road_class: Integers, speed: Integers) -> None:
        """Take records that count: epoch ms, numbers of area and class, hundredths of km/h."""
        self._parts.append((at // WINDOW_MS, area, road_class, speed))

    def refuse(self, kind: str, reason: str, body: bytes) -> None:
        """Take a dead letter."""
        self._letters.append((kind, reason, body))

    def flush(self) -> None:
        """Insert everything gathered, and tell which windows it belongs to."""
        if self._letters:
            kinds, reasons, bodies = zip(*self._letters, strict=True)
            self._store.execute("INSERT INTO store.letters VALUES", [
                np.array(kinds), np.array(reasons),
                np.array([one.decode("utf-8", "replace") for one in bodies])], columnar=True)
        if self.duplicates:
            self._store.execute("INSERT INTO store.duplicates VALUES",
                                [np.array([self.duplicates], np.uint64)], columnar=True)
        if self._parts:
            columns = [np.concatenate(column) for column in zip(*self._parts, strict=True)]
            self._insert(*columns)
        self._parts, self._letters, self.duplicates = [], [], 0

    def _insert(self, window: Integers, area: Integers, road_class: Integers,
                speed: Integers) -> None:
        """Sum and insert; equal keys are laid side by side by sorting."""
        key = ((window * len(self.areas) + area) * len(ROAD_CLASSES) + road_class) * BINS + (
            speed // 100)
        order = np.argsort(key, kind="stable")
        key, speed = key[order], speed[order]
        first = np.flatnonzero(np.diff(key, prepend=-1))
        group, bins = np.divmod(key[first], BINS)
        group, road = np.divmod(group, len(ROAD_CLASSES))
        start, place = np.divmod(group, len(self.areas))
        self._store.execute("INSERT INTO store.partials VALUES", [
            (start * (WINDOW_MS // 1000)).astype(np.uint32), self.areas[place],
            np.array(ROAD_CLASSES)[road], bins.astype(np.uint16),
            np.diff(first, append=len(key)).astype(np.uint64),
            np.add.reduceat(speed, first).astype(np.uint64),
            np.minimum.reduceat(speed, first).astype(np.uint32),
            np.maximum.reduceat(speed, first).astype(np.uint32)], columnar=True)
        self._touched.put(np.unique(start * (WINDOW_MS // 1000)).tolist())


def keep_windows(touched: Touched) -> None:
    """Compute the touched windows anew, again and again, until killed."""
    store = open_store()
    while True:
        time.sleep(CLOSE_SECONDS)
        starts = set(touched.get())
        try:
            while True:
                starts |= set(touched.get_nowait())
        except Empty:
            close(store, starts)


def close(store: Client, starts: Iterable[int]) -> None:
    """Compute windows of both lengths from the partial sums."""
    for seconds in (10, 60):
        wanted = sorted({one - one % seconds for one in starts})
        store.execute(CLOSE.format(seconds=seconds, version=time.time_ns(),
                                   starts=", ".join(map(str, wanted))))
