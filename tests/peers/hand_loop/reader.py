"""Read, check and place records in batches: one half of the partitions, one process."""

from __future__ import annotations

import gc
import json
import os
from pathlib import Path

import msgspec
import numpy as np
import shapely
from confluent_kafka import Consumer, Message, TopicPartition
from numpy.typing import NDArray
from xxhash import xxh3_128_digest

from geo.locate import Locator
from tests.peers.hand_loop.sums import ROAD_CLASSES, Sums
from tests.peers.position import HORIZON_MS, Position

READERS = 2
BATCH = 20_000
WAIT_SECONDS = 0.2
FLUSH_EVENTS = 100_000
RASTER = 4096


class Recent:
    """Know the ids of the last ten minutes, in two sets that take turns."""

    def __init__(self) -> None:
        """Start with none."""
        self._young: dict[bytes, int] = {}
        self._old: dict[bytes, int] = {}
        self._turned_at = 0

    def is_new(self, name: str, at: int) -> bool:
        """Tell whether an id is new, and take note of it."""
        if at - self._turned_at > HORIZON_MS:
            self._old, self._young, self._turned_at = self._young, {}, at
        digest = xxh3_128_digest(name.encode())
        first = self._young.get(digest) or self._old.get(digest)
        if first is not None and at - first <= HORIZON_MS:
            return False
        self._young[digest] = at
        return True


def open_consumer(number: int) -> Consumer:
    """Open the consumer of a reader, for its share of the partitions."""
    consumer = Consumer({
        "bootstrap.servers": os.environ["BENCH_BROKERS"], "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "SCRAM-SHA-256", "sasl.username": os.environ["BENCH_ACCOUNT"],
        "sasl.password": os.environ["BENCH_PASSWORD"], "group.id": os.environ["BENCH_GROUP"],
        "enable.auto.commit": False, "auto.offset.reset": "earliest",
        "queued.max.messages.kbytes": 65_536, "fetch.queue.backoff.ms": 20})
    topic = os.environ["BENCH_TOPIC"]
    # its own partitions for good: one that moves takes uncommitted sums and known ids with it
    consumer.assign([TopicPartition(topic, one) for one in sorted(
        consumer.list_topics(topic, timeout=10).topics[topic].partitions)[number::READERS]])
    return consumer


def open_locator() -> tuple[Locator, NDArray[np.str_]]:
    """Read the areas: a raster, and the exact test on borders; and their codes."""
    features = json.loads(Path(os.environ["BENCH_AREAS"]).read_text())["features"]
    shapes = shapely.from_geojson([json.dumps(one["geometry"]) for one in features])
    return Locator(list(shapes), size=RASTER), np.array([one["id"] for one in features])


class Reader:
    """Read until killed."""

    def __init__(self, sums: Sums, number: int) -> None:
        """Take where sums are kept and which reader this is; open everything else."""
        self._sums, self._recent = sums, Recent()
        self._locator, codes = open_locator()
        sums.areas = codes
        self._decode = msgspec.json.Decoder(Position).decode
        self._class = {name: number for number, name in enumerate(ROAD_CLASSES)}
        self._consumer = open_consumer(number)
        gc.collect()
        gc.freeze()
        gc.disable()

    def run(self) -> None:
        """Read batches; insert sums, then commit, when there are enough or nothing comes."""
        waiting, told = 0, False
        while True:
            batch = self._consumer.consume(BATCH, WAIT_SECONDS)
            if batch and not told:
                print("reading", flush=True)
                told = True
            self._take(batch)
            waiting += len(batch)
            if waiting >= FLUSH_EVENTS or (waiting and not batch):
                self._sums.flush()
                self._consumer.commit(asynchronous=False)
                waiting = 0

    def _take(self, batch: list[Message]) -> None:
        """Check and place one batch."""
        rows = [row for message in batch if (row := self._check(message)) is not None]
        if not rows:
            return
        table = np.array(rows)
        area = self._locator.locate(table[:, 1], table[:, 2])
        held = area >= 0
        at, speed, road_class = (table[held, i].astype(np.int64) for i in (0, 3, 4))
        self._sums.add(at, area[held], road_class, speed)

    def _check(self, message: Message) -> tuple[int, float, float, int, int] | None:
        """Give what counts of a record; None where it goes elsewhere."""
        body, appended_at = message.value() or b"", message.timestamp()[1]
        try:
            one = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._sums.refuse("refused", str(error), body)
            return None
        if appended_at - one.observed_at > HORIZON_MS:
            self._sums.refuse("late", "", body)
            return None
        if not self._recent.is_new(one.id, appended_at):
            self._sums.duplicates += 1
            return None
        return (one.observed_at, one.longitude, one.latitude, round(one.speed * 100),
                self._class[one.road_class])
