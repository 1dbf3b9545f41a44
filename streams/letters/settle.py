"""Find what the gate made of records by where they lie, each by a trace of its own.

An accepted record is an event with its coordinates, a refused one a dead letter with them; a
duplicate is one that the gate has passed while the store has its id from another record. Nothing is
obtained by subtraction, so that others may publish to the same topic meanwhile.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from schemas import registry
from streams.queries.letters import list_accepted, list_known, list_refused
from streams.queries.reader import Store
from streams.queries.replay import GateCount, read_gate

POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Sent:
    """Hold where a record lies, whose event it is, and which dead letter it stands for."""

    topic: str
    partition: int
    offset: int
    publisher: str
    event_id: str
    original: str

    @property
    def place(self) -> tuple[int, int]:
        """Give partition and offset."""
        return self.partition, self.offset


@dataclass(slots=True)
class Settled:
    """Hold how the gate judged what was sent; `reasons` counts refusals by reason and field."""

    sent: int = 0
    accepted: int = 0
    refused: int = 0
    duplicates: int = 0
    in_flight: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, other: Settled) -> None:
        """Add what another batch came to."""
        for name in ("sent", "accepted", "refused", "duplicates", "in_flight"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons += other.reasons


def settle(sent: Sequence[Sent], store: Store, waiting: Callable[[int], None],
           seconds: float = 60.0) -> Settled:
    """Wait until each record has left its trace, or none has for `seconds`."""
    settled, left = Settled(len(sent)), list(sent)
    until = time.monotonic() + seconds
    while left and time.monotonic() < until:
        waiting(len(left))
        found = {one for topic, some in groupby(
            sorted(left, key=lambda one: one.topic), key=lambda one: one.topic)
            for one in _trace(topic, list(some), store, settled)}
        if found:
            until = time.monotonic() + seconds
            left = [one for one in left if one not in found]
        else:
            time.sleep(POLL_SECONDS)
    settled.in_flight = len(left)
    return settled


def _trace(topic: str, sent: Sequence[Sent], store: Store, settled: Settled) -> list[Sent]:
    """Count the records of one topic that have left a trace, and give them."""
    family = registry.families().get(topic.rpartition("--")[2])
    if family is None:
        return []
    # the gate is asked first: what it has passed by now is looked for afterwards
    gate = read_gate(store, topic, int(time.time()))
    places = [one.place for one in sent]
    accepted = list_accepted(store, family.table, topic, places)
    refused = list_refused(store, topic, places)
    passed = [one for one in sent if one.place not in accepted and one.place not in refused
              and gate.get(one.partition, GateCount()).next_offset > one.offset]
    ids = list_known(store, family.table, sent[0].publisher, [one.event_id for one in passed])
    duplicates = [one for one in passed if one.event_id in ids]
    settled.accepted += len(accepted)
    settled.refused += len(refused)
    settled.duplicates += len(duplicates)
    settled.reasons.update(refused.values())
    return [one for one in sent if one.place in accepted or one.place in refused] + duplicates
