"""Publish numbered events by Kafka and by HTTP while a city is struck, and hold what was confirmed.

A batch is sent again with the same ids until it is confirmed, as a careful publisher does. So of
each door exactly the ids 0 … n-1 are acknowledged, and each must be in the store once and counted
once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import msgspec

from schemas import registry
from schemas.errors import ComponentError
from streams import tokens
from streams.clock import now_ms
from streams.intake.media import Form
from streams.publisher import Publisher
from streams.store import Store
from streams.tls import address, trust

PUBLISHER = "drill-kills"
FAMILY = "traffic-flow"
DOORS = ("kafka", "http")
BATCH, BATCH_SECONDS = 20, 0.4
FLUSH_SECONDS = 20.0
SENSORS = 8
# a batch that nobody confirms for so long is given up when the drill ends
LAST_SECONDS = 120.0
STORED = """
SELECT count() AS stored, uniqExact(number) AS once FROM (
    SELECT toUInt64(splitByChar('-', id)[-1]) AS number FROM city.traffic_flow
    WHERE source = %(source)s AND startsWith(id, %(prefix)s)) WHERE number < %(number)s"""
ALL = """
SELECT count() AS stored FROM city.traffic_flow
WHERE source = %(source)s AND startsWith(id, %(marker)s)"""
COUNTED = """
SELECT sum(events) AS counted FROM city.sensor_state
WHERE window_seconds = 60 AND startsWith(sensor_id, %(marker)s)"""


class Witness:
    """Send by each door in a thread until told to end."""

    def __init__(self) -> None:
        """Name this session's events by the moment."""
        self.marker = f"kills{now_ms():x}"
        self.acknowledged = dict.fromkeys(DOORS, 0)
        self._publisher: Publisher | None = None
        self._ended = threading.Event()
        self._example = registry.get_family(FAMILY).example
        self._token = tokens.issue(PUBLISHER)

    def _batch(self, door: str) -> list[dict[str, Any]]:
        """Make the next batch of a door; a copy of an event has its key, so its partition."""
        first, now = self.acknowledged[door], now_ms()
        return [{**self._example, "sensor_id": f"{self.marker}-{number % SENSORS}",
                 "id": f"{self.marker}-{door}-{number}", "observed_at": now}
                for number in range(first, first + BATCH)]

    def _send(self, door: str) -> None:
        """Send batch after batch; each again until it is confirmed."""
        offer = {"kafka": self._by_kafka, "http": self._by_http}[door]
        give_up = float("inf")
        while not self._ended.is_set():
            batch = self._batch(door)
            while not offer(batch) and time.monotonic() < give_up:
                if self._ended.is_set():
                    give_up = min(give_up, time.monotonic() + LAST_SECONDS)
                time.sleep(BATCH_SECONDS)
            if time.monotonic() < give_up:
                self.acknowledged[door] += BATCH
            self._ended.wait(BATCH_SECONDS)

    def _by_kafka(self, batch: list[dict[str, Any]]) -> bool:
        """Publish a batch; tell whether all of it is confirmed."""
        try:
            if self._publisher is None:
                self._publisher = Publisher(PUBLISHER, wait_seconds=FLUSH_SECONDS)
            for event in batch:
                self._publisher.send(FAMILY, event)
            self._publisher.flush(FLUSH_SECONDS)
        except ComponentError:
            self._let_go()
            return False
        return True

    def _let_go(self) -> None:
        """Give up the connection to Kafka, to begin with another."""
        one, self._publisher = self._publisher, None
        if one is not None:
            with suppress(ComponentError):
                one.close()

    def _by_http(self, batch: list[dict[str, Any]]) -> bool:
        """Post a batch; tell whether the intake says of each event that it was accepted."""
        with suppress(httpx.HTTPError, ValueError):
            reply = httpx.post(
                f"{address('intake')}/v1/events/{FAMILY}", verify=trust(),
                content=b"\n".join(msgspec.json.encode(one) for one in batch),
                headers={"Authorization": f"Bearer {self._token}", "Content-Type": Form.LINES},
                trust_env=False, timeout=FLUSH_SECONDS)
            return reply.status_code == 200 and reply.json()["accepted"] == len(batch)
        return False

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send until the end of the block, and until what was begun is confirmed."""
        threads = [threading.Thread(target=self._send, args=(door,), daemon=True)
                   for door in DOORS]
        for one in threads:
            one.start()
        try:
            yield
        finally:
            self._ended.set()
            for one in threads:
                one.join(LAST_SECONDS + FLUSH_SECONDS)
            self._let_go()

    def check(self, store: Store, seconds: float) -> list[str]:
        """Wait until the store has each acknowledged event once; give what is wrong at the end."""
        until = time.monotonic() + seconds
        while wrong := self._compare(store):
            if time.monotonic() > until:
                return wrong
            time.sleep(2.0)
        return []

    def _compare(self, store: Store) -> list[str]:
        """Tell which numbers of the store differ from what was acknowledged."""
        wrong, asked = [], {"source": PUBLISHER, "marker": self.marker}
        for door, number in self.acknowledged.items():
            [row] = store.query(STORED, asked | {
                "prefix": f"{self.marker}-{door}-", "number": number})
            if not number:
                wrong.append(f"by {door} nothing was acknowledged")
            if (row["stored"], row["once"]) != (number, number):
                wrong.append(f"by {door} {number:,} events were acknowledged; the store has"
                             f" {row['stored']:,} rows of {row['once']:,} of them")
        [stored], [counted] = store.query(ALL, asked), store.query(COUNTED, asked)
        if stored["stored"] != counted["counted"]:
            wrong.append(f"the store has {stored['stored']:,} events of the witness, results count"
                         f" {counted['counted']:,}")
        return wrong
