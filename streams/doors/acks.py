"""Acknowledge messages in the order in which they came, each when it is confirmed elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Event


@dataclass(slots=True)
class Ticket:
    """Hold one message of a connection that is not acknowledged yet."""

    mid: int
    qos: int
    confirmed: bool = False


class Acks:
    """Hold the tickets of one connection; MQTT wants acknowledgements in the order of arrival.

    A lost connection takes its tickets along: the broker sends those messages again, and an old
    acknowledgement could meet another message under the same number.
    """

    def __init__(self, acknowledge: Callable[[int, int], object]) -> None:
        """Take what acknowledges a message by its number and quality of service."""
        self._acknowledge = acknowledge
        self._tickets: deque[Ticket] = deque()
        self._changed = Condition()

    def __len__(self) -> int:
        """Count what is not acknowledged."""
        return len(self._tickets)

    def add(self, mid: int, qos: int) -> Ticket:
        """Take the next message."""
        ticket = Ticket(mid, qos)
        with self._changed:
            self._tickets.append(ticket)
        return ticket

    def confirm(self, ticket: Ticket) -> None:
        """Acknowledge a message, and those behind it, once all before it are."""
        with self._changed:
            ticket.confirmed = True
            while self._tickets and self._tickets[0].confirmed:
                first = self._tickets.popleft()
                if first.qos:
                    self._acknowledge(first.mid, first.qos)
            self._changed.notify_all()

    def forget(self) -> None:
        """Forget all that is not acknowledged: the connection is gone."""
        with self._changed:
            self._tickets.clear()
            self._changed.notify_all()

    def wait_below(self, count: int, seconds: float, ended: Event) -> bool:
        """Wait until fewer than `count` are left, the time is up or an end is told; tell which."""
        until = time.monotonic() + seconds
        with self._changed:
            while len(self._tickets) >= count:
                if ended.is_set() or time.monotonic() > until:
                    return False
                self._changed.wait(0.2)
        return True
