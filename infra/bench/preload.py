"""Fill the topic before anybody drains it, and compute the truth beside it.

Records are drawn, encoded and sent as a stream: nothing of it is kept but what the broker holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from infra.bench.contender import FAMILY, PUBLISHER, Course
from infra.bench.oracle import Truth, compute
from infra.bench.stream import Stream
from schemas import registry
from schemas.errors import ComponentError
from schemas.render.kafka import raw_name, raw_topic
from streams.broker import client_config, open_consumer, open_producer

ADMIN = "admin"
FLUSH_SECONDS = 60.0
# beyond this a record that should be in time would be late
LONGEST_SECONDS = 150.0
Headers = list[tuple[str, str | bytes | None]]
Report = Callable[[str], None]


def make_part(course: Course, share: float) -> Course:
    """Make a topic for a part of the stream, with the settings of the whole one's."""
    family = registry.get_family(FAMILY)
    like = raw_topic(PUBLISHER, family)
    name = f"bench-part-{share:g}"
    admin = AdminClient(client_config(ADMIN))
    admin.create_topics([NewTopic(name, like.partitions, 1, config=like.settings)])[name].result(
        FLUSH_SECONDS)
    return replace(course, topic=name)


def preload(stream: Stream, course: Course, report: Report) -> Truth:
    """Send the stream and compute its truth; raise ComponentError where the topic is not so."""
    with ProcessPoolExecutor(1, get_context("spawn")) as aside:
        truth = aside.submit(compute, stream, course.areas, course.shapes)
        began = time.monotonic()
        _send(stream, course.topic, report)
        spent = time.monotonic() - began
        if spent > LONGEST_SECONDS:
            raise ComponentError(f"sending took {spent:.0f} s, in which records have become late:"
                                 " ask for fewer")
        report(f"sent {stream.events:,} records in {spent:.0f} s; computing the truth")
        return truth.result()


def _send(stream: Stream, topic: str, report: Report) -> None:
    """Send all records, each keyed by its vehicle."""
    whole = topic == raw_name(PUBLISHER, FAMILY)
    producer = open_producer(PUBLISHER if whole else ADMIN, **{
        "linger.ms": 20, "queue.buffering.max.kbytes": 131_072})
    sent = 0
    for chunk in stream.chunks():
        for key, body in zip(chunk.keys(), chunk.bodies(), strict=True):
            produce(producer, topic, key, body)
        producer.poll(0)
        sent += len(chunk.number)
        if sent % 500_000 < len(chunk.number):
            report(f"{sent:,} of {stream.events:,} records sent")
    if producer.flush(FLUSH_SECONDS):
        raise ComponentError("Kafka did not confirm all records")
    if (held := _held(topic)) != stream.events:
        raise ComponentError(f"the topic holds {held:,} records instead of {stream.events:,}")


def make_headers(family: str) -> Headers:
    """Say of a record, as CloudEvents do, of which family and from whom it is."""
    return [("ce_specversion", b"1.0"), ("ce_type", family.encode()),
            ("ce_source", PUBLISHER.encode())]


HEADERS = make_headers(FAMILY)


def produce(producer: Producer, topic: str, key: bytes, body: bytes,
            headers: Headers = HEADERS) -> None:
    """Send one record, waiting for room."""
    while True:
        try:
            producer.produce(topic, body, key, headers=headers)
            return
        except BufferError:
            producer.poll(0.1)


def _held(topic: str) -> int:
    """Count the records of the topic, by the offsets of its partitions."""
    consumer = open_consumer(ADMIN, "bench")
    try:
        partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
        bounds = [consumer.get_watermark_offsets(TopicPartition(topic, one), timeout=10)
                  for one in partitions]
    finally:
        consumer.close()
    return sum(high - low for low, high in bounds)
