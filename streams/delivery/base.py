"""Say what a client must do for a publisher, and count what became of its records.

A client is a file beside this one: `confluent` where confluent-kafka is installed, else `plain` on
kafka-python. What differs between them ends there.
"""

from __future__ import annotations

import socket
from enum import StrEnum
from threading import Lock
from typing import Protocol

from streams.credentials import Credentials

# how long a broker may take to let a publisher in, or a topic to be seen after it was made
OPEN_SECONDS = 5.0
# how long one refusal may be a right or password that the broker has not heard of yet
SETTLE_SECONDS = 2.5
# a record that is not confirmed after this is given up, and told
DELIVERY_SECONDS = 300.0
BUFFER_RECORDS, BUFFER_BYTES = 100_000, 64 << 20
# The broker holds a batch to a topic's bound on one record (`schemas.render.kafka`), and refuses it
# whole: a batch must stay below that even where nothing in it can be compressed.
BATCH_BYTES = 262_144
Headers = list[tuple[str, bytes]]


class Trouble(StrEnum):
    """Name what is wrong between a publisher and the broker."""

    AWAY = "away"
    LOGIN = "login"
    MISSING = "missing"
    FORBIDDEN = "forbidden"
    TOO_LARGE = "too large"
    UNCONFIRMED = "unconfirmed"


class TroubleError(Exception):
    """Tell that the broker cannot be used; `trouble` says why."""

    def __init__(self, trouble: Trouble) -> None:
        """Hold what is wrong."""
        super().__init__(str(trouble))
        self.trouble = trouble


class Tally:
    """Count what is confirmed and keep why records were refused (the first hundred)."""

    def __init__(self) -> None:
        """Start at nothing."""
        self._lock = Lock()
        self.delivered = 0
        self.refused = 0
        self.failures: list[str] = []

    @property
    def settled(self) -> int:
        """Give how many records have had their answer."""
        return self.delivered + self.refused

    def take(self, topic: str, why: str | None) -> None:
        """Take the answer on one record: None is confirmed."""
        with self._lock:
            if why is None:
                self.delivered += 1
                return
            self.refused += 1
            if len(self.failures) < 100:
                self.failures.append(f"{topic}: {why}")


class Delivery(Protocol):
    """Be a client that delivers; the constructor raises TroubleError when it is not let in."""

    def look(self, topic: str) -> Trouble | None:
        """Ask the broker once whether a topic is there and may be written."""

    def offer(self, topic: str, key: bytes, body: bytes, headers: Headers) -> bool:
        """Queue a record; False when the buffer is full. Its answer goes to the tally."""

    def poll(self, seconds: float) -> None:
        """Take answers for so long."""

    def flush(self, seconds: float) -> int:
        """Push what is queued for so long; give how many records have no answer yet."""

    def close(self) -> None:
        """Give up what has no answer yet, and let go."""


def is_reachable(credentials: Credentials, seconds: float = 1.0) -> bool:
    """Tell whether any of the bootstrap servers takes connections."""
    for address in credentials.bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=seconds):
                return True
        except (OSError, ValueError):
            continue
    return False


def explain(trouble: Trouble, credentials: Credentials, topic: str = "") -> str:
    """Say in one sentence what is wrong, where, and what to do."""
    name, place = credentials.publisher, credentials.bootstrap
    family = topic.partition("--")[2]
    return f"publisher {name}: " + {
        Trouble.AWAY: f"no Kafka broker answers at {place}; is it running, is the address right?",
        Trouble.LOGIN: f"Kafka at {place} does not let account {credentials.account!r} in; use the"
                       f" password of the newest `citybrain publisher add` or `rotate`",
        Trouble.MISSING: f"there is no topic {topic} at {place}; make it by"
                         f" `citybrain publisher add {name} --family {family}`",
        Trouble.FORBIDDEN: f"account {credentials.account!r} may not write {topic} at {place}; was"
                           f" {name} removed, or the account ended by a rotation?",
        Trouble.TOO_LARGE: f"a record is too large for {topic}; send less in one event",
        Trouble.UNCONFIRMED: f"Kafka at {place} takes connections and confirms nothing; is it"
                             f" overloaded, or the password of account {credentials.account!r}"
                             " another by now?",
    }[trouble]
