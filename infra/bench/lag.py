"""Read how far the road is behind: records that wait before the gate, and before the store.

What waits before the gate is what the raw topic holds beyond the offset that the gate's own ledger,
as it stands in the store, has come to. What waits before the store are clean events and window
results beyond what the sink has committed, which it does after it inserted. A road that keeps up is
always some records behind, those of the last seconds; one that does not is more so each second.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from infra.bench.ours import GROUP
from streams.broker import client_config, open_consumer
from streams.store import connect

BEFORE_STORE = ("event-probe-position", "result-probe-window")
ASK_SECONDS = 10.0
NEWEST = OffsetSpec.latest()  # type: ignore[no-untyped-call]
PASSED = """
    SELECT sum(reached) AS passed FROM (SELECT max(next_offset) AS reached FROM store.gate_ledger
        WHERE raw_topic = %(topic)s GROUP BY raw_partition)"""


@dataclass(frozen=True, slots=True)
class Lag:
    """Hold, at a moment (monotonic seconds), records sent so far, and waiting at gate and store."""

    at: float
    sent: int
    gate: int
    store: int

    @property
    def total(self) -> int:
        """Give all that wait."""
        return self.gate + self.store


def slope(lags: Sequence[Lag]) -> float:
    """Give by how many records a second the lag grows: the line of least squares; 0 of one look."""
    if len(lags) < 2:
        return 0.0
    at = np.array([one.at for one in lags])
    total = np.array([one.total for one in lags], float)
    away = at - at.mean()
    return float((away * (total - total.mean())).sum() / (away ** 2).sum())


class LagReader:
    """Read the lag of one raw topic, as often as asked."""

    def __init__(self, topic: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Connect to broker and store."""
        self._topic, self._clock = topic, clock
        self._admin = AdminClient(client_config("admin"))
        self._sink = open_consumer("admin", GROUP)
        self._store = connect("migrator")
        known = self._admin.list_topics(timeout=ASK_SECONDS).topics
        self._places = {name: [TopicPartition(name, one) for one in known[name].partitions]
                        for name in (topic, *BEFORE_STORE)}

    def close(self) -> None:
        """Close the connections."""
        self._sink.close()
        self._store.close()

    def read(self) -> Lag:
        """Read what was passed before what there is, so that no lag is missed."""
        passed = int(self._store.query(PASSED, {"topic": self._topic})[0]["passed"] or 0)
        stored = sum(max(0, one.offset) for one in self._sink.committed(
            [one for name in BEFORE_STORE for one in self._places[name]], timeout=ASK_SECONDS))
        ends = self._ends()
        sent = ends[self._topic]
        return Lag(self._clock(), sent, max(0, sent - passed),
                   max(0, sum(ends[name] for name in BEFORE_STORE) - stored))

    def _ends(self) -> dict[str, int]:
        """Sum the ends of each topic's partitions."""
        asked = self._admin.list_offsets(
            {one: NEWEST for places in self._places.values() for one in places})
        ends = dict.fromkeys(self._places, 0)
        for place, future in asked.items():
            ends[place.topic] += future.result(ASK_SECONDS).offset
        return ends
