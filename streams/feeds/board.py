"""Keep the rendered payload of every feed: read, rendered and compressed once a tick.

Clients never reach the store: they get what stands on the board. Equal data keeps its bytes, its
entity tag and its time. When the store is away the last payload stays, marked stale, and after
`STALE_PERIODS` periods the feed says that it is unavailable.
"""

from __future__ import annotations

import gzip
import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson

from schemas import registry
from schemas.errors import DeclarationError
from streams.feeds.documents import Content, moment
from streams.feeds.inventory import GEOJSON, Feed, list_feeds
from streams.feeds.measures import READ_FAILURES, RECORDS, RENDER_SECONDS, STALE
from streams.queries.reader import Store

_LOG = logging.getLogger(__name__)
STALE_PERIODS = 60
LICENCE = {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"}
Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Hold one rendered payload; times are epoch seconds."""

    content: Content
    fingerprint: str
    published_at: float
    read_at: float
    stale: bool
    body: bytes
    compressed: bytes
    etag: str


def key_of(feed: Feed, values: Mapping[str, str]) -> Key:
    """Name a variant of a feed on the board."""
    return feed.path, tuple(sorted(values.items()))


def _fingerprint(content: Content) -> str:
    """Give a digest of the data alone."""
    data = orjson.dumps((content.as_of, content.suppressed, content.records))
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def document(feed: Feed, values: Mapping[str, str], content: Content, *, published_at: float,
             read_at: float, stale: bool) -> dict[str, Any]:
    """Put the records of a feed into its document."""
    published = moment(round(published_at * 1000))
    geojson = feed.media == GEOJSON
    for record in content.records:
        target = record["properties"] if geojson else record
        target["published_at"] = published
    about: dict[str, Any] = {
        "title": {"en": feed.title.en, "zh": feed.title.zh}, "feed": feed.path, **values,
        "as_of": moment(content.as_of), "published_at": published,
        "period_seconds": feed.period_seconds, "stale": stale, "licence": LICENCE,
        "suppressed_records": content.suppressed}
    if stale:
        about["last_read_at"] = moment(round(read_at * 1000))
    if geojson:
        return {"type": "FeatureCollection", **about, "features": content.records}
    return {**about, "records": content.records}


def render(feed: Feed, values: Mapping[str, str], content: Content, *, fingerprint: str,
           published_at: float, read_at: float, stale: bool = False) -> Snapshot:
    """Render and compress a payload."""
    with RENDER_SECONDS.labels(feed.path).time():
        body = orjson.dumps(document(feed, values, content, published_at=published_at,
                                     read_at=read_at, stale=stale))
        compressed = gzip.compress(body, compresslevel=6, mtime=0)
    return Snapshot(content, fingerprint, published_at, read_at, stale, body, compressed,
                    hashlib.blake2b(body, digest_size=16).hexdigest())


class Board:
    """Hold the snapshots and renew them; `tick` runs in one thread, `find` in any."""

    def __init__(self, open_store: Callable[[], Store],
                 clock: Callable[[], float] = time.time) -> None:
        """Take how to reach the store: opened at the first tick, and again after a failure."""
        self._open_store = open_store
        self._clock = clock
        self._store: Store | None = None
        self._snapshots: dict[Key, Snapshot] = {}
        self._due: dict[str, float] = {}
        self._failing: set[str] = set()
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

    def tick(self) -> None:
        """Take in new declarations, then renew every feed that is due; never raises."""
        try:
            registry.refresh()
        except DeclarationError:
            _LOG.exception("declarations not refreshed")
        self.feeds = list_feeds()
        now = self._clock()
        for feed in self.feeds.values():
            if self._due.get(feed.path, 0.0) <= now:
                self._due[feed.path] = now + feed.period_seconds
                for values in feed.variants():
                    self._renew(feed, values)

    def _renew(self, feed: Feed, values: dict[str, str]) -> None:
        """Read and render one variant, or mark what stands there as stale."""
        key = key_of(feed, values)
        last = self._snapshots.get(key)
        try:
            if self._store is None:
                self._store = self._open_store()
            content = feed.read(self._store, values)
        except Exception as error:  # whatever fails, the other feeds go on
            self._fail(feed, values, last, error)
            return
        if feed.path in self._failing:
            self._failing.discard(feed.path)
            _LOG.info("%s is read again", feed.path)
        now = self._clock()
        fingerprint = _fingerprint(content)
        STALE.labels(feed.path).set(0)
        RECORDS.labels(feed.path).set(len(content.records))
        if last is not None and last.fingerprint == fingerprint and not last.stale:
            self._snapshots[key] = replace(last, read_at=now)
            return
        same = last is not None and last.fingerprint == fingerprint
        published = last.published_at if last is not None and same else now
        self._snapshots[key] = render(feed, values, content, fingerprint=fingerprint,
                                      published_at=published, read_at=now)

    def _fail(self, feed: Feed, values: dict[str, str], last: Snapshot | None,
              error: Exception) -> None:
        """Count a failed reading, and mark the payload stale."""
        self._store = None
        READ_FAILURES.labels(feed.path).inc()
        STALE.labels(feed.path).set(1)
        if feed.path not in self._failing:
            self._failing.add(feed.path)
            _LOG.warning("%s cannot be read: %s", feed.path, _line(error))
        if last is not None and not last.stale:
            self._snapshots[key_of(feed, values)] = render(
                feed, values, last.content, fingerprint=last.fingerprint,
                published_at=last.published_at, read_at=last.read_at, stale=True)


def _line(error: Exception) -> str:
    """Write an error in one short line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
