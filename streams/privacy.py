"""Give keyed pseudonyms for identifiers, under a key of the day.

A pseudonym is the first 128 bits of HMAC-SHA-256 under a key of the day on which the event was
observed, so that a vehicle can be counted within a day and not followed across days (GB/T
35273-2020 6.2). A day's key is random and destroyed when no raw record of that day is left: from
then on nobody can tell whose a pseudonym was, not even by trying every plate there is. Where a
person speaks, the case is part of what is hashed: two calls of one day are of two pseudonyms.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import lru_cache

DAY_MS = 86_400_000
CHINA_OFFSET_MS = 8 * 3_600_000


class Pseudonyms:
    """Turn identifiers into pseudonyms under a key of the day (Asia/Shanghai)."""

    def __init__(self, keys: bytes | Callable[[int], bytes]) -> None:
        """Take what gives the key of a day since 1970; one master key for all serves tests."""
        self._keys = keys
        self.of = lru_cache(maxsize=100_000)(self._of)
        self._day_key = lru_cache(maxsize=64)(self._find_key)

    def _find_key(self, day: int) -> bytes:
        """Give the key of one day since 1970."""
        if isinstance(self._keys, bytes):
            return hmac.digest(self._keys, b"day:%d" % day, "sha256")
        return self._keys(day)

    def _of(self, label: str, value: str, day: int, case: str = "") -> str:
        """Give the pseudonym, 32 hexadecimal digits, of a value; `case` narrows it to one case."""
        scope = f"{label}\x1e{case}" if case else label
        message = f"{scope}\x1f{value.strip().upper()}".encode()
        return hmac.digest(self._day_key(day), message, "sha256")[:16].hex()

    @staticmethod
    def day(milliseconds: int) -> int:
        """Give the day since 1970, in China, of an instant in epoch milliseconds."""
        return (milliseconds + CHINA_OFFSET_MS) // DAY_MS
