"""Measure how long an event takes from being sent to being visible in ClickHouse.

Marker events are sent at a steady pace into the running city, open loop: the next one is sent on
time whether or not the last has been seen. A reader asks the views every 50 ms. An event is visible
when a SELECT returns it, and counted when a SELECT returns the window row that contains it; the
reader's own pace is not subtracted.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from threading import Event, Thread

from streams.publisher import Publisher
from streams.publishers import Registration, register
from streams.store import connect

ACCOUNT = "city-bench"
FAMILY = "environment-reading"
POLL_SECONDS = 0.05
PATIENCE_SECONDS = 60.0


@dataclass
class Latencies:
    """Hold, for each marker, when it was sent and when it was first seen (monotonic seconds)."""

    sent: dict[str, float] = field(default_factory=dict)
    visible: dict[str, float] = field(default_factory=dict)
    counted: dict[str, float] = field(default_factory=dict)

    def quantiles(self, seen: dict[str, float]) -> dict[str, float]:
        """Give p50, p95, p99 and the greatest latency in seconds; unseen markers are infinite."""
        waits = sorted(seen.get(name, math.inf) - at for name, at in self.sent.items())
        if not waits:
            return {}
        return {f"p{q}": waits[min(len(waits) - 1, math.ceil(len(waits) * q / 100) - 1)]
                for q in (50, 95, 99, 100)}


def measure(seconds: float, every: float) -> Latencies:
    """Send markers for `seconds`, one `every` so many seconds, and watch for them."""
    register(Registration(name=ACCOUNT, title_en="Latency markers", title_zh="时延探针",
                          families=[FAMILY]))
    run, found, done = str(time.time_ns()), Latencies(), Event()
    reader = Thread(target=_watch, args=(run, found, done), daemon=True)
    reader.start()
    with Publisher(ACCOUNT) as publisher:
        _send(publisher, run, found, seconds, every)
    until = time.monotonic() + PATIENCE_SECONDS
    while (min(len(found.visible), len(found.counted)) < len(found.sent)
           and time.monotonic() < until):
        time.sleep(POLL_SECONDS)
    done.set()
    reader.join()
    return found


def _send(publisher: Publisher, run: str, found: Latencies, seconds: float, every: float) -> None:
    """Send the markers on schedule."""
    start = time.monotonic()
    for i in range(int(seconds / every)):
        time.sleep(max(0.0, start + i * every - time.monotonic()))
        name = f"bench-{run}-{i}"
        found.sent[name] = time.monotonic()
        publisher.send(FAMILY, {
            "station_id": name, "quantity": "noise", "value": 50.0, "longitude": -30.0,
            "latitude": 0.5}, event_id=name)
        publisher.poll()


def _watch(run: str, found: Latencies, done: Event) -> None:
    """Ask the views for markers until told to stop."""
    store = connect("reader")
    queries = (
        (found.visible, "SELECT id AS name FROM city.environment_reading WHERE source = %(source)s"
                        " AND observed_at > now() - 180 AND startsWith(id, %(prefix)s)"),
        (found.counted, "SELECT DISTINCT station_id AS name FROM city.air_quality"
                        " WHERE window_seconds = 60 AND window_start > now() - 300"
                        " AND startsWith(station_id, %(prefix)s)"),
    )
    while not done.is_set():
        for seen, query in queries:
            rows = store.query(query, {"source": ACCOUNT, "prefix": f"bench-{run}-"})
            now = time.monotonic()
            for row in rows:
                seen.setdefault(row["name"], now)
        time.sleep(POLL_SECONDS)
