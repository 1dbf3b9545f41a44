"""Read, render and compress the feeds, each once a period, for the board."""

from __future__ import annotations

import gzip
import hashlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from streams.feeds.board import Key, Renewed, Snapshot, key_of
from streams.feeds.documents import LICENCE, Content, moment
from streams.feeds.inventory import GEOJSON, Feed, renew_feeds
from streams.queries.reader import Store

_LOG = logging.getLogger(__name__)
PREVIEW_ROWS = 6


@dataclass(slots=True)
class _Held:
    """Hold what a variant was last rendered from; times are epoch seconds."""

    content: Content
    fingerprint: str
    published_at: float
    read_at: float
    stale: bool = False


def _fingerprint(content: Content) -> str:
    """Give a digest of the data alone."""
    data = orjson.dumps((content.as_of, content.suppressed, content.records))
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _document(feed: Feed, values: Mapping[str, str], held: _Held) -> dict[str, Any]:
    """Put the records of a feed into its document."""
    content, published = held.content, moment(round(held.published_at * 1000))
    geojson = feed.media == GEOJSON
    for record in content.records:
        target = record["properties"] if geojson else record
        target["published_at"] = published
    about: dict[str, Any] = {
        "title": {"en": feed.title.en, "zh": feed.title.zh}, "feed": feed.path, **values,
        "as_of": moment(content.as_of), "published_at": published,
        "period_seconds": feed.period_seconds, "stale": held.stale, "licence": LICENCE,
        "suppressed_records": content.suppressed}
    if held.stale:
        about["last_read_at"] = moment(round(held.read_at * 1000))
    if geojson:
        return {"type": "FeatureCollection", **about, "features": content.records}
    return {**about, "records": content.records}


def _preview(content: Content) -> list[dict[str, Any]]:
    """Give the first records, those that show figures before those that do not."""
    records = [one.get("properties", one) for one in content.records]
    return sorted(records, key=lambda one: one.get("suppressed", False))[:PREVIEW_ROWS]


def _render(feed: Feed, values: Mapping[str, str], held: _Held) -> Snapshot:
    """Render and compress a payload."""
    begun = time.perf_counter()
    body = orjson.dumps(_document(feed, values, held))
    compressed = gzip.compress(body, compresslevel=6, mtime=0)
    return Snapshot(
        held.content.as_of, len(held.content.records), _preview(held.content), held.published_at,
        held.read_at, held.stale, body, compressed,
        hashlib.blake2b(body, digest_size=16).hexdigest(), time.perf_counter() - begun)


class Renewal:
    """Renew the feeds that are due, one tick after the other."""

    def __init__(self, open_store: Callable[[], Store],
                 clock: Callable[[], float] = time.time) -> None:
        """Take how to reach the store: opened at the first tick, and again after a failure."""
        self._open_store = open_store
        self._clock = clock
        self._store: Store | None = None
        self._held: dict[Key, _Held] = {}
        self._due: dict[str, float] = {}
        self._failing: set[str] = set()

    def tick(self) -> Renewed:
        """Take in new declarations, then renew every feed that is due; never raises."""
        feeds, renewed, now = renew_feeds(), Renewed(), self._clock()
        for feed in feeds.values():
            if self._due.get(feed.path, 0.0) <= now:
                self._due[feed.path] = now + feed.period_seconds
                for values in feed.variants():
                    self._renew(feed, values, renewed)
        return renewed

    def _renew(self, feed: Feed, values: dict[str, str], renewed: Renewed) -> None:
        """Read and render one variant, or mark what stood there as stale."""
        key = key_of(feed, values)
        try:
            if self._store is None:
                self._store = self._open_store()
            content = feed.read(self._store, values)
        except Exception as error:  # whatever fails, the other feeds go on
            self._fail(feed, values, error, renewed)
            return
        if feed.path in self._failing:
            self._failing.discard(feed.path)
            _LOG.info("%s is read again", feed.path)
        last, now, fingerprint = self._held.get(key), self._clock(), _fingerprint(content)
        same = last if last is not None and last.fingerprint == fingerprint else None
        if same is not None and not same.stale:
            same.read_at = renewed.unchanged[key] = now
            return
        self._held[key] = held = _Held(
            content, fingerprint, now if same is None else same.published_at, now)
        renewed.snapshots[key] = _render(feed, values, held)

    def _fail(self, feed: Feed, values: dict[str, str], error: Exception, renewed: Renewed) -> None:
        """Tell of a failed reading, and mark the payload stale."""
        key = key_of(feed, values)
        self._store = None
        renewed.failed.append(key)
        if feed.path not in self._failing:
            self._failing.add(feed.path)
            _LOG.warning("%s cannot be read: %s", feed.path, _line(error))
        held = self._held.get(key)
        if held is not None and not held.stale:
            held.stale = True
            renewed.snapshots[key] = _render(feed, values, held)


def _line(error: Exception) -> str:
    """Write an error in one short line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
