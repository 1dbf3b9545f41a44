"""Delay sign-ins after failures, by account and by client."""

from __future__ import annotations

import time


class SignInDelays:
    """Delay sign-ins after failures: by account and by client, twice as long each time.

    Many people may share a client's address, so that it is delayed after more failures.
    """

    FREE, LONGEST, FORGET = {"name": 4, "client": 20}, 900.0, 3600.0

    def __init__(self) -> None:
        """Start without failures."""
        self._failures: dict[str, tuple[int, float]] = {}

    def wait(self, *keys: str) -> float:
        """Give how many seconds are left to wait; 0 when a try is allowed.

        A key is "name …" or "client …".
        """
        return max((self._left(key) for key in keys), default=0.0)

    def _left(self, key: str) -> float:
        """Give what is left of one key's delay."""
        count, at = self._failures.get(key, (0, 0.0))
        beyond = count - self.FREE[key.partition(" ")[0]]
        if beyond < 0:
            return 0.0
        delay = min(self.LONGEST, 2.0 ** min(beyond + 1, 10))
        return max(0.0, at + delay - time.monotonic())

    def fail(self, *keys: str) -> None:
        """Count a failure; failures long past are forgotten."""
        now = time.monotonic()
        self._failures = {key: one for key, one in self._failures.items()
                          if now - one[1] < self.FORGET}
        for key in keys:
            self._failures[key] = (self._failures.get(key, (0, 0.0))[0] + 1, now)

    def succeed(self, *keys: str) -> None:
        """Forget the failures of these keys."""
        for key in keys:
            self._failures.pop(key, None)
