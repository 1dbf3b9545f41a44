"""Name the metrics of the feed process."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Counter("citybrain_feed_requests", "Answers, by feed and status", ["path", "status"])
BYTES = Counter("citybrain_feed_bytes", "Bytes of payload sent", ["path"])
RENDER_SECONDS = Histogram("citybrain_feed_render_seconds", "Time to render and compress a payload",
                           ["path"])
RECORDS = Gauge("citybrain_feed_records", "Records in the payload", ["path"])
STALE = Gauge("citybrain_feed_stale", "1 while the payload could not be renewed", ["path"])
READ_FAILURES = Counter("citybrain_feed_read_failures", "Readings of the store that failed",
                        ["path"])


def count_answer(path: str, status: int, size: int) -> None:
    """Count an answer of so many bytes."""
    answers, sent = _counters(path, status)
    answers.inc()
    sent.inc(size)


@cache
def _counters(path: str, status: int) -> tuple[Counter, Counter]:
    """Give the counters of answers and bytes; to find them costs as much as to count."""
    return REQUESTS.labels(path, status), BYTES.labels(path)
