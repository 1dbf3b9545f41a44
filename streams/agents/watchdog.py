"""End the process when it stops working while records arrive: its supervisor starts it anew."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable

from confluent_kafka import Consumer, KafkaException, TopicPartition

from streams.agents.history import Positions
from streams.metrics import LAG

LOOK_SECONDS = 10.0
STALL_SECONDS = 60.0
log = logging.getLogger(__name__)


class Progress:
    """Tell a stalled reader from an idle one."""

    def __init__(self, stall_seconds: float = STALL_SECONDS) -> None:
        """Take how long (s) a reader may stand still while records wait."""
        self._stall_seconds = stall_seconds
        self._handled = -1
        self._waiting_since: float | None = None

    def stalled(self, now: float, ends: Positions, positions: Positions) -> bool:
        """Tell whether records have waited and nothing was handled for too long (`now` in s)."""
        handled = sum(positions.get(place, 0) for place in ends)
        behind = any(end > positions.get(place, 0) for place, end in ends.items())
        moved, self._handled = handled != self._handled, handled
        if not behind:
            self._waiting_since = None
        elif moved or self._waiting_since is None:
            self._waiting_since = now
        return self._waiting_since is not None and now - self._waiting_since >= self._stall_seconds


def read_ends(consumer: Consumer, places: list[tuple[str, int]]) -> Positions:
    """Read the present end of each partition; raise KafkaException when the broker is away."""
    return {place: consumer.get_watermark_offsets(TopicPartition(*place), 10.0)[1]
            for place in places}


def _tell_lag(ends: Positions, positions: Positions) -> None:
    """Export how many records of each topic are not handled yet."""
    lags: dict[str, int] = {}
    for (topic, partition), end in ends.items():
        lag = max(0, end - positions.get((topic, partition), 0))
        lags[topic] = lags.get(topic, 0) + lag
    for topic, lag in lags.items():
        LAG.labels(topic).set(lag)


def start_watchdog(consumer: Consumer, positions: Positions,
                   outdated: Callable[[], bool]) -> threading.Thread:
    """Watch `positions` in a thread: exit(1) on a stall, exit(0) when the topics are `outdated`."""
    progress, places = Progress(), sorted(positions)

    def watch() -> None:
        """Look again and again, for as long as the process lives."""
        while True:
            time.sleep(LOOK_SECONDS)
            try:
                ends = read_ends(consumer, places)
            except KafkaException as error:
                log.warning("the broker does not answer the watchdog: %s", error)
                continue
            _tell_lag(ends, dict(positions))
            if progress.stalled(time.monotonic(), ends, dict(positions)):
                log.error("nothing handled for %g s while records wait: ending", STALL_SECONDS)
                os._exit(1)
            if outdated():
                log.info("new results are declared: starting anew with them")
                os._exit(0)

    thread = threading.Thread(target=watch, name="watchdog", daemon=True)
    thread.start()
    return thread
