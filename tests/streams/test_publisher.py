"""Test what a publisher refuses, counts and tells, over a producer in memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from confluent_kafka import KafkaError, KafkaException

from schemas import registry
from schemas.errors import ComponentError, DeclarationError, Reason
from streams import publisher as module
from streams.publisher import EventRefusedError, Publisher
from tests.streams.played import Told

FAMILY = registry.get_family("vehicle-position")
TOPIC = "raw-city-traffic--vehicle-position"


class Producer:
    """Play a producer: keep what is sent, refuse what a test says."""

    def __init__(self, refuse: bytes = b"\0", full: int = 0, left: int = 0) -> None:
        """Refuse bodies that hold `refuse`, be full so many times, leave so many unconfirmed."""
        self.sent: list[dict[str, Any]] = []
        self._refuse, self._full, self._left = refuse, full, left
        self._waiting: list[tuple[Callable[..., None], KafkaError | None, Told]] = []

    def produce(self, topic: str, *, value: bytes, on_delivery: Callable[..., None],
                **more: Any) -> None:
        """Queue a record."""
        if self._full:
            self._full -= 1
            raise BufferError
        if len(value) > 1_000_000:
            raise KafkaException(KafkaError(KafkaError.MSG_SIZE_TOO_LARGE))
        error = KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED) if self._refuse in value else None
        if error is None:
            self.sent.append({"topic": topic, "value": value, **more})
        self._waiting.append((on_delivery, error, Told(topic, 0, value=value)))

    def poll(self, _: float) -> int:
        """Tell what became of what was queued."""
        told, self._waiting = self._waiting, []
        for on_delivery, error, message in told:
            on_delivery(error, message)
        return len(told)

    def flush(self, _: float) -> int:
        """Tell the rest; give how many are not confirmed."""
        self.poll(0.0)
        return self._left


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Publisher, Producer]]:
    """Give what opens a publisher over a producer in memory."""
    def opened(verify: bool = True, **producer: Any) -> tuple[Publisher, Producer]:
        one = Producer(**producer)
        monkeypatch.setattr(module, "open_producer", lambda *_, **__: one)
        return Publisher("city-traffic", verify=verify), one
    return opened


Publish = Callable[..., tuple[Publisher, Producer]]


def test_an_event_is_sent_below_the_accounts_prefix_with_its_envelope(publish: Publish) -> None:
    publisher, producer = publish()
    publisher.send(FAMILY.name, FAMILY.example, event_id="e1", observed_at_ms=1_764_000_000_000,
                   headers={"replay": b"run"})
    (record,) = producer.sent
    body = msgspec.json.decode(record["value"])
    assert (record["topic"], record["key"]) == (TOPIC, FAMILY.example["vehicle_id"].encode())
    assert dict(record["headers"]) == {
        "ce_specversion": b"1.0", "ce_type": b"vehicle-position", "ce_source": b"city-traffic",
        "replay": b"run"}
    assert body == {**FAMILY.example, "id": "e1", "observed_at": 1_764_000_000_000}


def test_now_is_said_only_where_nobody_says_when(publish: Publish) -> None:
    publisher, producer = publish()
    before = time.time_ns() // 1_000_000
    publisher.send(FAMILY.name, FAMILY.example)
    publisher.send(FAMILY.name, {**FAMILY.example, "observed_at": 1_764_000_000_000})
    now, said = (msgspec.json.decode(one["value"]) for one in producer.sent)
    assert now["observed_at"] >= before
    assert "id" not in now
    assert said["observed_at"] == 1_764_000_000_000


def test_copies_of_an_event_meet_in_one_partition_unless_told_otherwise(publish: Publish) -> None:
    publisher, producer = publish()
    publisher.send(FAMILY.name, FAMILY.example, key="mine")
    assert producer.sent[0]["key"] == b"mine"


@pytest.mark.parametrize(("change", "reason", "field", "value"), [
    ({"speed": -1}, Reason.BELOW_MINIMUM, "speed", "-1"),
    ({"longitude": "east"}, Reason.WRONG_TYPE, "longitude", "east"),
    ({"vehicle_id": "x" * 300}, Reason.TOO_LONG, "vehicle_id", None)])
def test_a_refusal_says_field_value_and_reason(
        publish: Publish, change: dict[str, Any], reason: Reason, field: str, value: str | None
) -> None:
    publisher, producer = publish()
    with pytest.raises(EventRefusedError) as caught:
        publisher.send(FAMILY.name, {**FAMILY.example, **change})
    refusal = caught.value.refusal
    assert (refusal.reason, refusal.field) == (reason, field)
    assert value is None or value in refusal.value
    assert str(reason) in str(caught.value)
    assert field in str(caught.value)
    publisher.send(FAMILY.name, FAMILY.example)
    publisher.flush()
    assert (publisher.delivered, len(producer.sent)) == (1, 1)


def test_what_is_not_verified_is_left_to_the_gate(publish: Publish) -> None:
    publisher, producer = publish(verify=False)
    publisher.send(FAMILY.name, {**FAMILY.example, "speed": -1})
    assert len(producer.sent) == 1


def test_an_unknown_family_is_told_with_the_known_ones(publish: Publish) -> None:
    with pytest.raises(DeclarationError, match=r"no event family 'ship'; known: .*vehicle-pos"):
        publish()[0].send("ship", {})


def test_a_record_that_the_broker_refuses_does_not_take_its_neighbours(publish: Publish) -> None:
    publisher, producer = publish(verify=False, refuse=b"bad")
    for body in (b"1", b"bad", b"3"):
        publisher.send_raw(FAMILY.name, body, key="k")
    with pytest.raises(ComponentError, match=f"city-traffic: the broker refused .*{TOPIC}"):
        publisher.flush()
    assert publisher.delivered == 2
    assert [one["value"] for one in producer.sent] == [b"1", b"3"]
    publisher.send_raw(FAMILY.name, b"4", key="k")
    publisher.flush()
    assert publisher.delivered == 3


def test_a_record_that_no_broker_takes_does_not_take_its_neighbours(publish: Publish) -> None:
    publisher, _ = publish(verify=False)
    for body in (b"1", b"x" * 2_000_000, b"3"):
        publisher.send_raw(FAMILY.name, body, key="k")
    with pytest.raises(ComponentError, match="refused a record"):
        publisher.flush()
    assert publisher.delivered == 2


def test_a_full_buffer_is_waited_for(publish: Publish) -> None:
    publisher, producer = publish(full=3)
    publisher.send(FAMILY.name, FAMILY.example)
    assert len(producer.sent) == 1


def test_what_is_not_confirmed_is_told(publish: Publish) -> None:
    publisher, _ = publish(left=7)
    with pytest.raises(ComponentError, match=r"7 records not confirmed after 1 s; .*password"):
        publisher.flush(1.0)


def test_leaving_flushes_and_does_not_hide_what_went_wrong(publish: Publish) -> None:
    publisher, _ = publish()
    with publisher:
        publisher.send(FAMILY.name, FAMILY.example)
    assert publisher.delivered == 1
    broken, _ = publish(left=7)
    with pytest.raises(EventRefusedError) as caught, broken:
        broken.send(FAMILY.name, {})
    assert "7 records not confirmed" in caught.value.__notes__[0]
