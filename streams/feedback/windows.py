"""Count exactly over sliding windows in bounded memory, and read percentiles of delays.

The window of a minute moves in steps of 5 s, that of an hour in steps of a minute: each covers its
span and at most one step more. Moments are epoch ms, those at which the broker appended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Generic, TypeVar

from streams.feedback.report import Delay

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
# binary digits to which a delay is kept: it is off by 1/32 at most
_DIGITS = 5
T = TypeVar("T", bound=Hashable)


class Sliding(Generic[T]):
    """Count things over one window."""

    def __init__(self, span_ms: int, step_ms: int) -> None:
        """Take the window's length and the step in which it moves."""
        self._span, self._step = span_ms, step_ms
        self._buckets: dict[int, Counter[T]] = {}
        self.total: Counter[T] = Counter()

    def add(self, what: T, at: int, number: int = 1) -> None:
        """Count something that happened at a moment."""
        start = at - at % self._step
        bucket = self._buckets.get(start)
        if bucket is None:
            bucket = self._buckets[start] = Counter()
        bucket[what] += number
        self.total[what] += number

    def roll(self, now: int) -> None:
        """Forget what lies before the window that ends now."""
        for start in [one for one in self._buckets if one + self._step <= now - self._span]:
            for what, number in self._buckets.pop(start).items():
                self.total[what] -= number
                if not self.total[what]:
                    del self.total[what]


class Counts(Generic[T]):
    """Count things over the last minute and the last hour."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._minute: Sliding[T] = Sliding(MINUTE_MS, 5_000)
        self._hour: Sliding[T] = Sliding(HOUR_MS, MINUTE_MS)
        self.minute, self.hour = self._minute.total, self._hour.total

    def add(self, what: T, at: int, number: int = 1) -> None:
        """Count something that happened at a moment."""
        self._minute.add(what, at, number)
        self._hour.add(what, at, number)

    def roll(self, now: int) -> None:
        """Let both windows end now."""
        self._minute.roll(now)
        self._hour.roll(now)


def to_bin(delay_ms: int) -> int:
    """Round a delay to the middle of its bin, a thirty-second of it at most; the sign stays."""
    size = abs(delay_ms)
    shift = max(0, size.bit_length() - _DIGITS)
    middle = (size >> shift << shift) + (1 << shift >> 1)
    return middle if delay_ms >= 0 else -middle


def read_delay(bins: Counter[int]) -> Delay | None:
    """Read smallest, median, 95th percentile and greatest delay from counted bins."""
    ranked = sorted(bins.items())
    number = sum(count for _, count in ranked)
    if not number:
        return None

    def at_rank(rank: float) -> int:
        """Give the first bin at which so many events are reached."""
        reached = 0
        for delay, count in ranked:
            reached += count
            if reached >= rank:
                return delay
        return ranked[-1][0]

    return Delay(min=ranked[0][0], p50=at_rank(0.5 * number), p95=at_rank(0.95 * number),
                 max=ranked[-1][0])
