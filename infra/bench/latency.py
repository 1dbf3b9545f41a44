"""Measure how long an event takes from being sent to being visible in ClickHouse.

Marker events are sent at a steady pace, open loop: the next one is sent on time whether or not
the last has been seen, and a latency counts from when its marker was due. A reader asks the views
every 50 ms. An event is visible when a SELECT returns it, and counted when a SELECT returns the
window row that contains it; the reader's own pace is not subtracted.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Any

from streams.publisher import Publisher
from streams.publishers import Registration, register
from streams.store import connect

ACCOUNT = "city-bench"
FAMILY = "environment-reading"
QUANTILES = (50, 95, 99, 99.9, 100)
# asks the view of a family for markers that were sent
VISIBLE = """
    SELECT id AS name FROM city.{view} WHERE source = %(source)s
        AND observed_at >= fromUnixTimestamp64Milli(%(since)s) AND startsWith(id, %(prefix)s)"""
# of the running city's markers: those that are counted
COUNTED = """
    SELECT DISTINCT station_id AS name FROM city.air_quality WHERE window_seconds = 60
        AND window_start > now() - 300 AND startsWith(station_id, %(prefix)s)"""
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 60.0
# by so much the first marker sought may be younger than it seems
CLOCK_SECONDS = 1.0


@dataclass
class Latencies:
    """Hold, for each marker, when it was sent and when it was first seen (monotonic seconds)."""

    sent: dict[str, float] = field(default_factory=dict)
    visible: dict[str, float] = field(default_factory=dict)
    counted: dict[str, float] = field(default_factory=dict)

    def quantiles(self, seen: dict[str, float]) -> dict[str, float]:
        """Give p50, p95, p99, p99.9 and the greatest latency (s); unseen markers are infinite."""
        waits = sorted(seen.get(name, math.inf) - at for name, at in self.sent.items())
        if not waits:
            return {}
        return {f"p{q}": waits[min(len(waits) - 1, math.ceil(len(waits) * q / 100) - 1)]
                for q in QUANTILES}


@dataclass(frozen=True, slots=True)
class Marking:
    """Say who sends markers of which family, with what payload, and what asks for those seen.

    A query gets the source, the moment (epoch ms) before which all were seen, and the prefix of
    all names.
    """

    publisher: str
    family: str
    payload: Callable[[str], dict[str, Any]]
    visible: str
    counted: str | None = None

    def queries(self, found: Latencies) -> list[tuple[dict[str, float], str]]:
        """Give each query, with where it is noted what it finds."""
        return [(found.visible, self.visible),
                *([(found.counted, self.counted)] if self.counted else [])]


def _reading(name: str) -> dict[str, Any]:
    """Give a reading of a station that stands in the ocean and is named as the marker."""
    return {"station_id": name, "quantity": "noise", "value": 50.0, "longitude": -30.0,
            "latitude": 0.5}


def measure(seconds: float, every: float) -> Latencies:
    """Send markers into the running city for `seconds`, one `every` so many seconds."""
    register(Registration(name=ACCOUNT, title_en="Latency markers", title_zh="时延探针",
                          families=[FAMILY]))
    return mark(Marking(ACCOUNT, FAMILY, _reading,
                        VISIBLE.format(view="environment_reading"), COUNTED), seconds, every)


def mark(marking: Marking, seconds: float, every: float) -> Latencies:
    """Send markers and watch for them, until all were seen or patience ends."""
    run, found, done = str(time.time_ns()), Latencies(), Event()
    reader = Thread(target=_watch, args=(marking, run, found, done), daemon=True)
    with Publisher(marking.publisher) as publisher:
        reader.start()
        _send(marking, publisher, run, found, (seconds, every))
    until = time.monotonic() + PATIENCE_SECONDS
    while (any(len(seen) < len(found.sent) for seen, _ in marking.queries(found))
           and time.monotonic() < until and reader.is_alive()):
        time.sleep(POLL_SECONDS)
    done.set()
    reader.join()
    return found


def _send(marking: Marking, publisher: Publisher, run: str, found: Latencies,
          pace: tuple[float, float]) -> None:
    """Send the markers on schedule: for so long, one every so many seconds."""
    (seconds, every), start = pace, time.monotonic()
    for i in range(int(seconds / every)):
        due = start + i * every
        time.sleep(max(0.0, due - time.monotonic()))
        name = f"bench-{run}-{i}"
        found.sent[name] = due
        publisher.send(marking.family, marking.payload(name), event_id=name)
        publisher.poll()


def _oldest_unseen(found: Latencies, seen: Mapping[str, float]) -> float:
    """Give how long ago (s) the first marker was due that was not seen yet."""
    now = time.monotonic()
    return max((now - at for name, at in found.sent.copy().items() if name not in seen),
               default=0.0)


def _watch(marking: Marking, run: str, found: Latencies, done: Event) -> None:
    """Ask the views for markers until told to stop."""
    store = connect("reader")
    while not done.is_set():
        for seen, query in marking.queries(found):
            since = time.time() - _oldest_unseen(found, seen) - CLOCK_SECONDS
            rows = store.query(query, {
                "source": marking.publisher, "prefix": f"bench-{run}-",
                "since": int(since * 1000)})
            now = time.monotonic()
            for row in rows:
                seen.setdefault(row["name"], now)
        time.sleep(POLL_SECONDS)
    store.close()
