"""Keep the rendered payload of every feed, as it was last renewed.

Clients never reach the store: they get what stands on the board. Equal data keeps its bytes, its
entity tag and its time. When the store is away the last payload stays, marked stale, and after
`STALE_PERIODS` periods the feed says that it is unavailable.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from streams.feeds.inventory import Feed, list_feeds, renew_feeds
from streams.feeds.measures import READ_FAILURES, RECORDS, RENDER_SECONDS, STALE

STALE_PERIODS = 60
Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold one rendered payload; times are epoch seconds, `as_of` epoch ms.

    `records` is how many there are, `preview` the first of them.
    """

    as_of: int | None
    records: int
    preview: list[dict[str, Any]]
    published_at: float
    read_at: float
    stale: bool
    body: bytes
    compressed: bytes
    etag: str
    render_seconds: float


@dataclass(frozen=True, slots=True)
class Renewed:
    """Hold what a renewal gave: new payloads, what is unchanged since when, and failed readings."""

    snapshots: dict[Key, Snapshot] = field(default_factory=dict)
    unchanged: dict[Key, float] = field(default_factory=dict)
    failed: list[Key] = field(default_factory=list)


def key_of(feed: Feed, values: Mapping[str, str]) -> Key:
    """Name a variant of a feed on the board."""
    return feed.path, tuple(sorted(values.items()))


class Board:
    """Hold the snapshots."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        """Begin with nothing."""
        self._clock = clock
        self._snapshots: dict[Key, Snapshot] = {}
        self.feeds: dict[str, Feed] = list_feeds()

    def find(self, feed: Feed, values: Mapping[str, str]) -> Snapshot | None:
        """Find the payload of a variant, unless there is none or it is too old."""
        found = self._snapshots.get(key_of(feed, values))
        if found is None or self.age(found) > STALE_PERIODS * feed.period_seconds:
            return None
        return found

    def now(self) -> float:
        """Give the time by the board's clock, epoch seconds."""
        return self._clock()

    def age(self, snapshot: Snapshot) -> float:
        """Give the seconds since the data of a payload was read."""
        return max(0.0, self._clock() - snapshot.read_at)

    def take(self, renewed: Renewed) -> None:
        """Take in what was renewed, and new declarations."""
        for key, snapshot in renewed.snapshots.items():
            RENDER_SECONDS.labels(key[0]).observe(snapshot.render_seconds)
            self._put(key, snapshot)
        for key, read_at in renewed.unchanged.items():
            if key in self._snapshots:
                self._put(key, replace(self._snapshots[key], read_at=read_at))
        for path, _ in renewed.failed:
            READ_FAILURES.labels(path).inc()
            STALE.labels(path).set(1)
        self.feeds = renew_feeds()

    def _put(self, key: Key, snapshot: Snapshot) -> None:
        """Put a payload in its place."""
        self._snapshots[key] = snapshot
        STALE.labels(key[0]).set(snapshot.stale)
        RECORDS.labels(key[0]).set(snapshot.records)
