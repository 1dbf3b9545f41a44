"""Register publishing systems: account, topic prefix, datum, families.

A registration is data in the compacted topic `publishers`. The owner that a family declares is
registered by itself; others, such as the source of a recording, by `register`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition
from kafka.errors import KafkaError

from schemas import registry
from schemas.errors import ComponentError
from schemas.render.kafka import raw_topic
from streams.accounts import ensure_account, ensure_rights, publisher_rights
from streams.broker import open_admin, open_consumer, open_producer
from streams.topics import ensure_topics

TOPIC = "publishers"
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_LOOK_AGAIN_SECONDS = 5.0


class Registration(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hold what is registered of one publishing system."""

    name: str
    title_en: str = ""
    title_zh: str = ""
    datum: str = "wgs84"
    families: list[str] = []
    replay: bool = False


def default_registrations() -> list[Registration]:
    """List the owners of the declared families as publishers of them."""
    owned: dict[str, list[str]] = {}
    for family in registry.families().values():
        owned.setdefault(family.owner, []).append(family.name)
    return [Registration(name, name, name, families=families) for name, families in owned.items()]


def read_registrations(account: str) -> dict[str, Registration]:
    """Read all registrations as an account that may read the topic."""
    consumer = open_consumer(account, f"{account}-publishers")
    try:
        found: dict[str, Registration] = {}
        place = TopicPartition(TOPIC, 0)
        low, high = consumer.get_watermark_offsets(place, timeout=10.0)
        if high <= low:
            return found
        consumer.assign([TopicPartition(TOPIC, 0, low)])
        _collect(consumer, high, found)
        return found
    except KafkaException as error:
        raise ComponentError(f"the registrations in Kafka cannot be read: {error}") from error
    finally:
        consumer.close()


def _collect(consumer: Consumer, end: int, found: dict[str, Registration]) -> None:
    """Collect registrations up to the end of the topic."""
    position, until = -1, time.monotonic() + 20.0
    while position < end - 1 and time.monotonic() < until:
        for message in consumer.consume(500, 0.5):
            position = max(position, message.offset() or 0)
            key, value = message.key(), message.value()
            if message.error() is None and key is not None and value is not None:
                found[key.decode()] = msgspec.json.decode(value, type=Registration)


class Registrations:
    """Look publishers up; one registered while running is found within seconds."""

    def __init__(self, account: str) -> None:
        """Read the registrations as they stand."""
        self._account = account
        self._known = read_registrations(account)
        self._looked_at = time.monotonic()

    def datum(self, publisher: str) -> str:
        """Give the datum of a publisher, WGS-84 where none is registered."""
        if (publisher not in self._known
                and time.monotonic() - self._looked_at > _LOOK_AGAIN_SECONDS):
            self._known = read_registrations(self._account)
            self._looked_at = time.monotonic()
        known = self._known.get(publisher)
        return known.datum if known else "wgs84"


def register(*registrations: Registration, keep: bool = False) -> None:
    """Register publishers: account, right to write below its prefix, raw topics, the record.

    With `keep`, what is registered of a known publisher stays, and only families are added.
    """
    admin = open_admin()
    try:
        for one in registrations:
            _check(one)
            ensure_account(admin, one.name)
            ensure_rights(admin, publisher_rights(one.name))
            ensure_topics(admin, [raw_topic(one.name, registry.get_family(name))
                                  for name in one.families])
    except KafkaError as error:
        raise ComponentError(f"registering publishers failed: {error!r}") from error
    finally:
        admin.close()
    _write(registrations, keep)


def _check(one: Registration) -> None:
    """Refuse a name that could run into another's prefix, or families that do not exist."""
    if not _NAME.fullmatch(one.name):
        raise ComponentError(
            f"publisher name {one.name!r}: lower-case letters, digits and single hyphens only")
    for name in one.families:
        registry.get_family(name)


def merge(one: Registration, before: Registration | None, *, keep: bool) -> Registration:
    """Add the families registered before; with `keep` leave all else as it was."""
    families = sorted({*one.families, *(before.families if before else [])})
    return msgspec.structs.replace(before if before and keep else one, families=families)


def _write(registrations: Iterable[Registration], keep: bool) -> None:
    """Write registrations that are new or changed to the topic."""
    known = read_registrations("admin")
    producer = open_producer("admin")
    for one in registrations:
        before = known.get(one.name)
        merged = merge(one, before, keep=keep)
        if merged != before:
            producer.produce(TOPIC, key=one.name.encode(), value=msgspec.json.encode(merged))
    if producer.flush(20.0):
        raise ComponentError("the broker did not take the registrations within 20 s")
