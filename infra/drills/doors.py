"""Send drafted records by Kafka, and note what must be found of them afterwards."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from infra.drills.calls import BARRED, Barred
from infra.drills.draft import Draft
from infra.drills.kinds import COPY, GOOD, Fate, Kind
from schemas.errors import ComponentError
from schemas.render.kafka import raw_name
from streams.broker import open_producer
from streams.publisher import EventRefusedError, Publisher

FLUSH_SECONDS = 60.0
Place = tuple[str, int, int]


@dataclass
class Noted:
    """Hold what was sent, and what was told of it at once.

    `at` gives the kind (None: good) of each record by its coordinates, `by_id` of those whose
    coordinates nobody was told; `accepted` counts, by family, what must be counted once.
    """

    at: dict[Place, Kind | None] = field(default_factory=dict)
    by_id: dict[tuple[str, str], Kind | None] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)
    copies: int = 0
    sent: Counter[str] = field(default_factory=Counter)
    fared: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def send(self, kind: Kind | None, family: str) -> None:
        """Note a record on its way."""
        self.sent[name_of(kind)] += 1
        self.copies += fate_of(kind) == COPY
        self.accepted[family] += fate_of(kind) == GOOD

    def judge(self, name: str, expected: object, found: object, where: str) -> None:
        """Note whether a record fared as it must."""
        if expected == found:
            self.fared[name] += 1
        else:
            self.wrong.append(f"{name}: must be {expected}, was {found} ({where})")


def fate_of(kind: Kind | None) -> Fate:
    """Give what must become of a record."""
    return GOOD if kind is None else kind.fate


def name_of(kind: Kind | None) -> str:
    """Give the name of a kind, "" of a good event."""
    return "" if kind is None else kind.name


class KafkaDoor:
    """Produce records as they are, keys and headers included."""

    def __init__(self, publisher: str, noted: Noted) -> None:
        """Log in."""
        self._publisher, self._noted = publisher, noted
        self._producer: Producer = open_producer(publisher, **{"linger.ms": 20})

    def send(self, kind: Kind | None, one: Draft) -> None:
        """Queue a record, waiting for room."""
        topic = raw_name(self._publisher, kind.topic if kind and kind.topic else one.family)
        self._noted.send(kind, one.family)
        while True:
            try:
                headers: Any = one.headers
                self._producer.produce(topic, value=one.body, key=one.key, headers=headers,
                                       on_delivery=partial(self._told, kind))
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)

    def _told(self, kind: Kind | None, error: KafkaError | None, message: Message) -> None:
        """Note the coordinates that the broker gave a record."""
        if error is not None:
            self._noted.wrong.append(f"{name_of(kind) or 'good'}: Kafka: {error.str()}")
            return
        place = (message.topic() or "", message.partition() or 0, message.offset() or 0)
        self._noted.at[place] = kind

    def flush(self) -> None:
        """Wait until everything is confirmed."""
        if left := self._producer.flush(FLUSH_SECONDS):
            raise ComponentError(f"Kafka did not confirm {left} records in {FLUSH_SECONDS:g} s")

    def try_barred(self) -> None:
        """Send what the broker must refuse, each alone: a batch is refused as a whole."""
        alone = open_producer(self._publisher, **{
            "enable.idempotence": False, "batch.num.messages": 1,
            "topic.metadata.propagation.max.ms": 1_000})
        for one in BARRED:
            self._noted.sent[one.name] += 1
            alone.produce(one.topic.format(publisher=self._publisher), value=one.body(),
                          headers=list(one.headers), on_delivery=partial(self._barred, one))
            alone.flush(FLUSH_SECONDS)

    def _barred(self, one: Barred, error: KafkaError | None, _: Message) -> None:
        """Note whether the broker refused a record as it must."""
        code = error.code() if error is not None else 0
        self._noted.judge(one.name, True, code in one.errors, f"Kafka: error {code}")


class ClassDoor:
    """Send through the class that publishers use, which refuses at once."""

    def __init__(self, publisher: str, noted: Noted) -> None:
        """Log in, waiting until a publisher just registered is let in."""
        self._publisher, self._noted = Publisher(publisher), noted

    def send(self, kind: Kind | None, one: Draft) -> None:
        """Send a payload; what is good must go, what is not must be refused here."""
        self._noted.sent[name_of(kind)] += 1
        found: Fate = GOOD
        try:
            self._publisher.send(one.family, one.payload)
        except EventRefusedError as error:
            found = Fate(error.refusal.reason, error.refusal.field)
        if kind is None and found == GOOD:
            self._noted.accepted[one.family] += 1
            self._noted.by_id[one.family, one.event_id] = None
        else:
            self._noted.judge(name_of(kind), fate_of(kind), found, "publisher's class")

    def flush(self) -> None:
        """Wait until everything is confirmed."""
        self._publisher.flush(FLUSH_SECONDS)

    def close(self) -> None:
        """Log out."""
        self._publisher.close()
