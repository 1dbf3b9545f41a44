"""Slow publishers on Kafka to a trickle while the disk is too full, and let them go afterwards.

The doors refuse or pause; who writes to Kafka itself can only be slowed down, by the byte rate of
its account: the broker answers later, clients wait, and nothing that was confirmed is lost.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import closing

from streams.broker import open_admin
from streams.disk import Guard
from streams.publishers import Registration
from streams.quotas import read_byte_rates, set_byte_rate

# bytes a second; no registration asks for so little, so that it tells who is slowed down
TRICKLE_BYTES = 1_021
log = logging.getLogger(__name__)


class Throttle:
    """Hold the accounts of publishers to what the disk allows."""

    def __init__(self, disk: Guard) -> None:
        """Take what watches the disk; who was slowed down before is asked of the broker."""
        self._disk = disk
        self._slowed: set[str] | None = None

    def follow(self, known: Mapping[str, Registration]) -> None:
        """Slow down, or let go, the accounts of all publishers; raise when the broker is away."""
        rates = {account.name: one.quota_bytes or 0
                 for one in known.values() for account in one.logins}
        if not rates:  # not read yet
            return
        full = self._disk.is_full()
        if self._slowed is not None and self._slowed == (set(rates) if full else set()):
            return
        with closing(open_admin()) as admin:
            if self._slowed is None:
                found = read_byte_rates(admin, sorted(rates))
                self._slowed = {name for name, rate in found.items() if rate == TRICKLE_BYTES}
            for account in sorted(set(rates) - self._slowed if full else self._slowed):
                if account in rates:
                    set_byte_rate(admin, account, TRICKLE_BYTES if full else rates[account])
            changed = self._slowed != (set(rates) if full else set())
            self._slowed = set(rates) if full else set()
        if changed:
            log.warning("publishers are %s", "slowed down: the disk is full" if full
                        else "no longer slowed down")
