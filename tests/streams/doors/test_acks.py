"""Test that messages are acknowledged in order, when confirmed, never for a lost connection."""

from __future__ import annotations

import random
import threading
from threading import Event

from streams.doors.acks import Acks, Ticket


def test_acknowledgements_keep_the_order_of_arrival() -> None:
    told: list[tuple[int, int]] = []
    acks = Acks(lambda mid, qos: told.append((mid, qos)))
    first, second, third = (acks.add(mid, 1) for mid in (7, 8, 9))
    acks.confirm(second)
    acks.confirm(third)
    assert told == []
    acks.confirm(first)
    assert told == [(7, 1), (8, 1), (9, 1)]
    assert len(acks) == 0


def test_what_was_sent_without_a_promise_is_not_acknowledged() -> None:
    told: list[int] = []
    acks = Acks(lambda mid, _: told.append(mid))
    for ticket in [acks.add(0, 0), acks.add(3, 1)]:
        acks.confirm(ticket)
    assert told == [3]


def test_a_lost_connection_takes_its_tickets_along() -> None:
    told: list[int] = []
    acks = Acks(lambda mid, _: told.append(mid))
    old = acks.add(1, 1)
    acks.forget()
    new = acks.add(1, 1)  # the broker may use the number again
    acks.confirm(old)
    assert told == []
    acks.confirm(new)
    assert told == [1]


def test_confirmations_from_many_threads_keep_the_order() -> None:
    told: list[int] = []
    acks = Acks(lambda mid, _: told.append(mid))
    tickets = [acks.add(mid, 1) for mid in range(2_000)]
    random.Random(5).shuffle(tickets)

    def confirm(part: list[Ticket]) -> None:
        """Confirm some of them."""
        for one in part:
            acks.confirm(one)

    threads = [threading.Thread(target=confirm, args=(part,))
               for part in (tickets[::3], tickets[1::3], tickets[2::3])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == list(range(2_000))


def test_room_is_waited_for_and_an_end_is_heard() -> None:
    acks, ended = Acks(lambda *_: None), Event()
    ticket = acks.add(1, 1)
    assert not acks.wait_below(1, 0.05, ended)
    thread = threading.Timer(0.05, acks.confirm, [ticket])
    thread.start()
    assert acks.wait_below(1, 30.0, ended)
    thread.join()
    acks.add(2, 1)
    ended.set()
    assert not acks.wait_below(1, 30.0, ended)
