"""Limit what one publisher may send: events and bytes a second, and requests at once."""

from __future__ import annotations

import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Lock

from streams.intake.measures import IN_FLIGHT
from streams.problems import Problem

# a publisher that was silent may send so many seconds' worth at once
BURST_SECONDS = 5.0
AT_ONCE = 64
AT_ONCE_EACH = 8
BUSY_SECONDS = 2
MOST_FORGIVEN_SECONDS = 86_400.0


class Bucket:
    """Let through so much a second on average.

    What a request costs is known only when it was read: it is charged afterwards, may leave a
    debt, and the next one waits until that is paid.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        """Start full; `rate` is units a second, 0 is no limit."""
        self._clock, self._at = clock, clock()
        self.rate = rate
        self._level = rate * BURST_SECONDS

    def _fill(self) -> None:
        """Add what has come since it was last looked at."""
        now = self._clock()
        filled = min(self.rate * BURST_SECONDS, self._level + (now - self._at) * self.rate)
        self._level, self._at = max(self._level, filled), now  # what was forgiven stays

    def forgive(self, seconds: float) -> None:
        """Let through, beyond the burst, what these seconds would have let through."""
        self._fill()
        self._level += self.rate * seconds

    def charge(self, units: float) -> None:
        """Take units out."""
        self._fill()
        if self.rate:  # what was free once is no debt later
            self._level -= units

    def wait_seconds(self) -> float:
        """Give how long until something may come through; 0 when it may now."""
        self._fill()
        return 0.0 if self.rate == 0 or self._level >= 0 else -self._level / self.rate


class Limits:
    """Hold the buckets and the requests in flight of each publisher; safe across threads."""

    def __init__(self, bytes_rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Take how many bytes a second each publisher may send; 0 is no limit."""
        self._bytes_rate, self._clock, self._lock = bytes_rate, clock, Lock()
        self._events: dict[str, Bucket] = {}
        self._bytes: dict[str, Bucket] = {}
        self._flying: Counter[str] = Counter()
        self._forgiven = 0.0

    def forgive(self, seconds: float) -> None:
        """Let every publisher catch up on so many seconds in which nothing was taken of anybody."""
        with self._lock:
            self._forgiven = min(seconds, MOST_FORGIVEN_SECONDS)
            for bucket in (*self._events.values(), *self._bytes.values()):
                bucket.forgive(self._forgiven)

    def _bucket(self, buckets: dict[str, Bucket], publisher: str, rate: float) -> Bucket:
        """Get a publisher's bucket at its rate of now."""
        found = buckets.get(publisher)
        if found is None:
            found = buckets[publisher] = Bucket(rate, self._clock)
            found.forgive(self._forgiven)
        found.rate = rate
        return found

    def check(self, publisher: str, events_rate: float) -> None:
        """Refuse a publisher that has sent too much lately (429); the rate is events a second."""
        with self._lock:
            events = self._bucket(self._events, publisher, events_rate)
            volume = self._bucket(self._bytes, publisher, self._bytes_rate)
            wait = max(events.wait_seconds(), volume.wait_seconds())
        if wait > 0:
            seconds = math.ceil(wait)
            raise Problem(
                429, "too-fast", f"{publisher} may send {events_rate:g} events and"
                f" {self._bytes_rate:g} bytes a second; come again in {seconds} s",
                f"{publisher} 每秒最多发送 {events_rate:g} 条事件、{self._bytes_rate:g} 字节，请"
                f" {seconds} 秒后再试", {"Retry-After": str(seconds)})

    def charge(self, publisher: str, events: int, size: int) -> None:
        """Charge what a request carried, size in bytes."""
        with self._lock:
            for buckets, units in ((self._events, events), (self._bytes, size)):
                if publisher in buckets:
                    buckets[publisher].charge(units)

    @contextlib.contextmanager
    def slot(self, publisher: str) -> Iterator[None]:
        """Hold one of the places for requests; refuse when none is free (429 or 503)."""
        retry = {"Retry-After": str(BUSY_SECONDS)}
        if self._flying[publisher] >= AT_ONCE_EACH:
            raise Problem(429, "too-many-at-once", f"{AT_ONCE_EACH} requests of one publisher at"
                          " once at most", f"每个发布方最多同时 {AT_ONCE_EACH} 个请求", retry)
        if self._flying.total() >= AT_ONCE:
            raise Problem(503, "busy", "too many requests at once; come again soon",
                          "请求过多，请稍后再试", retry)
        self._flying[publisher] += 1
        IN_FLIGHT.inc()
        try:
            yield
        finally:
            self._flying[publisher] -= 1
            IN_FLIGHT.dec()
