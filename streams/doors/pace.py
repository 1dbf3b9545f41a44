"""Hold MQTT's publishers to their rates, without blaming them for what the door itself delayed.

All share one session, in which messages are acknowledged in order: to hold one publisher's back
would hold back everybody's, so what comes too fast is refused. What waited at the broker while the
door or Kafka was away comes at once afterwards, and is forgiven: since when nothing was left
waiting stands in a file, which outlives the door.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from streams.doors.admission import Admitted
from streams.intake.limits import Limits
from streams.settings import read_settings

TELL_SECONDS = 1.0


class Pace:
    """Hold the limits of one door, and what of their refusals is still to be told."""

    def __init__(self, limits: Limits) -> None:
        """Take the limits."""
        self.limits = limits
        self._untold: Counter[str] = Counter()
        self._told_at: dict[str, float] = {}

    def rest(self) -> None:
        """Note that all that was taken is confirmed now."""
        with suppress(OSError):  # a full disk; the limits only get more generous
            _file().parent.mkdir(parents=True, exist_ok=True)
            _file().touch()

    def resume(self) -> None:
        """Forgive the time since nothing was left waiting for the last time."""
        with suppress(OSError):
            self.limits.forgive(max(0.0, time.time() - _file().stat().st_mtime))

    def to_tell(self, admitted: Admitted) -> int:
        """Give how many refusals to tell a publisher of now, 0 for none.

        What came too fast is told once a second, with how many messages it was since.
        """
        if not admitted.too_fast:
            return admitted.refused
        name, now = admitted.publisher, time.monotonic()
        self._untold[name] += admitted.refused
        if now - self._told_at.get(name, -TELL_SECONDS) < TELL_SECONDS:
            return 0
        self._told_at[name] = now
        return self._untold.pop(name)


def _file() -> Path:
    """Give the file whose time says since when nothing is left waiting."""
    return read_settings().home / "mqtt" / "at-rest"
