"""Tell the time as the platform writes it."""

from __future__ import annotations

import time


def now_ms() -> int:
    """Give the present moment as epoch milliseconds, UTC."""
    return time.time_ns() // 1_000_000
