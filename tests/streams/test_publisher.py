"""Test what a publisher refuses, counts and tells, over a client in memory."""

from __future__ import annotations

import atexit
import math
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from schemas import registry
from schemas.errors import ComponentError, DeclarationError, Reason
from streams import publisher as module
from streams.credentials import Credentials
from streams.delivery.base import Headers, Tally, Trouble
from streams.publisher import EventRefusedError, Publisher

FAMILY = registry.get_family("vehicle-position")
TOPIC = "raw-city-traffic--vehicle-position"


class Delivery:
    """Play a client: keep what is offered, refuse what a test says."""

    def __init__(self, refuse: bytes = b"\0", full: float = 0, left: int = 0,
                 trouble: Trouble | None = None) -> None:
        """Refuse bodies that hold `refuse`, be full so often, leave so many without answer."""
        self.sent: list[dict[str, Any]] = []
        self.tally = Tally()
        self.closed = 0
        self._refuse, self._full, self._left, self._trouble = refuse, full, left, trouble

    def look(self, _: str) -> Trouble | None:
        """Tell what is wrong with a topic."""
        return self._trouble

    def offer(self, topic: str, key: bytes, body: bytes, headers: Headers) -> bool:
        """Queue a record."""
        if self._full:
            self._full -= 1
            return False
        refused = self._refuse in body
        self.tally.take(topic, Trouble.FORBIDDEN if refused else None)
        if not refused:
            self.sent.append({"topic": topic, "value": body, "key": key, "headers": headers})
        return True

    def poll(self, seconds: float) -> None:
        """Have nothing to tell."""

    def flush(self, _: float) -> int:
        """Give how many are not confirmed."""
        return self._left

    def close(self) -> None:
        """Count."""
        self.closed += 1


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Publisher, Delivery]]:
    """Give what opens a publisher over a client in memory."""
    for name in ("OPEN_SECONDS", "SETTLE_SECONDS", "_SLICE_SECONDS"):
        monkeypatch.setattr(module, name, 0.01)

    def opened(verify: bool = True, wait_seconds: float = 60.0, **delivery: Any
               ) -> tuple[Publisher, Delivery]:
        one = Delivery(**delivery)

        def log_in(_: Credentials, tally: Tally, *__: object) -> Delivery:
            one.tally = tally
            return one

        monkeypatch.setattr(module, "open_delivery", log_in)
        publisher = Publisher("city-traffic", verify=verify, wait_seconds=wait_seconds)
        atexit.unregister(publisher._leave)
        return publisher, one
    return opened


Publish = Callable[..., tuple[Publisher, Delivery]]


def test_an_event_is_sent_below_the_accounts_prefix_with_its_envelope(publish: Publish) -> None:
    publisher, delivery = publish()
    publisher.send(FAMILY.name, FAMILY.example, event_id="e1", observed_at_ms=1_764_000_000_000,
                   headers={"replay": b"run"})
    (record,) = delivery.sent
    body = msgspec.json.decode(record["value"])
    assert (record["topic"], record["key"]) == (TOPIC, FAMILY.example["vehicle_id"].encode())
    assert dict(record["headers"]) == {
        "ce_specversion": b"1.0", "ce_type": b"vehicle-position", "ce_source": b"city-traffic",
        "replay": b"run"}
    assert body == {**FAMILY.example, "id": "e1", "observed_at": 1_764_000_000_000}


def test_now_is_said_only_where_nobody_says_when(publish: Publish) -> None:
    publisher, delivery = publish()
    before = time.time_ns() // 1_000_000
    publisher.send(FAMILY.name, FAMILY.example)
    publisher.send(FAMILY.name, {**FAMILY.example, "observed_at": 1_764_000_000_000})
    now, said = (msgspec.json.decode(one["value"]) for one in delivery.sent)
    assert now["observed_at"] >= before
    assert "id" not in now
    assert said["observed_at"] == 1_764_000_000_000


def test_copies_of_an_event_meet_in_one_partition_unless_told_otherwise(publish: Publish) -> None:
    publisher, delivery = publish()
    publisher.send(FAMILY.name, FAMILY.example, key="mine")
    assert delivery.sent[0]["key"] == b"mine"


@pytest.mark.parametrize(("change", "reason", "field", "value"), [
    ({"speed": -1}, Reason.BELOW_MINIMUM, "speed", "-1"),
    ({"longitude": "east"}, Reason.WRONG_TYPE, "longitude", "east"),
    ({"vehicle_id": "x" * 300}, Reason.TOO_LONG, "vehicle_id", None)])
def test_a_refusal_says_field_value_and_reason(
        publish: Publish, change: dict[str, Any], reason: Reason, field: str, value: str | None
) -> None:
    publisher, delivery = publish()
    with pytest.raises(EventRefusedError) as caught:
        publisher.send(FAMILY.name, {**FAMILY.example, **change})
    refusal = caught.value.refusal
    assert (refusal.reason, refusal.field) == (reason, field)
    assert value is None or value in refusal.value
    assert str(reason) in str(caught.value)
    assert field in str(caught.value)
    publisher.send(FAMILY.name, FAMILY.example)
    publisher.flush()
    assert (publisher.delivered, len(delivery.sent)) == (1, 1)


def test_what_is_not_verified_is_left_to_the_gate(publish: Publish) -> None:
    publisher, delivery = publish(verify=False)
    publisher.send(FAMILY.name, {**FAMILY.example, "speed": -1})
    assert len(delivery.sent) == 1


def test_an_unknown_family_is_told_with_the_known_ones(publish: Publish) -> None:
    with pytest.raises(DeclarationError, match=r"no event family 'ship'; known: .*vehicle-pos"):
        publish()[0].send("ship", {})


def test_a_record_that_the_broker_refuses_does_not_take_its_neighbours(publish: Publish) -> None:
    publisher, delivery = publish(verify=False, refuse=b"bad")
    for body in (b"1", b"bad", b"3"):
        publisher.send_raw(FAMILY.name, body, key="k")
    with pytest.raises(ComponentError, match=f"city-traffic: the broker refused .*{TOPIC}"):
        publisher.flush()
    assert publisher.delivered == 2
    assert [one["value"] for one in delivery.sent] == [b"1", b"3"]
    publisher.send_raw(FAMILY.name, b"4", key="k")
    publisher.flush()
    assert publisher.delivered == 3


def test_a_record_that_no_broker_takes_does_not_take_its_neighbours(publish: Publish) -> None:
    publisher, _ = publish(verify=False)
    for body in (b"1", b"x" * 2_000_000, b"3"):
        publisher.send_raw(FAMILY.name, body, key="k")
    with pytest.raises(ComponentError, match=r"refused a record: .* too large"):
        publisher.flush()
    assert publisher.delivered == 2


def test_a_full_buffer_is_waited_for(publish: Publish) -> None:
    publisher, delivery = publish(full=3)
    publisher.send(FAMILY.name, FAMILY.example)
    assert len(delivery.sent) == 1


def test_a_buffer_that_stays_full_is_a_clear_error(publish: Publish) -> None:
    publisher, _ = publish(full=math.inf, wait_seconds=0.05)
    with pytest.raises(ComponentError, match=r"city-traffic: .*the buffer is full.*for 0.05 s"):
        publisher.send(FAMILY.name, FAMILY.example)


@pytest.mark.parametrize(("trouble", "told"), [
    (Trouble.MISSING, f"no topic {TOPIC}.*citybrain publisher add city-traffic --family vehicle-p"),
    (Trouble.FORBIDDEN, f"may not write {TOPIC}"), (Trouble.AWAY, "no Kafka broker answers at")])
def test_a_topic_that_cannot_be_written_is_a_clear_error(
        publish: Publish, trouble: Trouble, told: str) -> None:
    publisher, _ = publish(trouble=trouble)
    with pytest.raises(ComponentError, match=told) as caught:
        publisher.send(FAMILY.name, FAMILY.example)
    assert "\n" not in str(caught.value)


def test_what_is_not_confirmed_is_told(publish: Publish) -> None:
    publisher, _ = publish(left=7)
    with pytest.raises(ComponentError, match=r"city-traffic: .*7 records not confirmed after 0.1"):
        publisher.flush(0.1)


def test_an_event_that_names_another_publisher_is_refused(publish: Publish) -> None:
    publisher, delivery = publish()
    with pytest.raises(EventRefusedError, match="wrong-publisher: source=city-parking"):
        publisher.send(FAMILY.name, {**FAMILY.example, "source": "city-parking"})
    publisher.send(FAMILY.name, {**FAMILY.example, "source": "urn:city-traffic:gate-7"})
    assert len(delivery.sent) == 1


def test_nothing_is_sent_after_the_end_and_ending_twice_is_once(publish: Publish) -> None:
    publisher, delivery = publish()
    publisher.send(FAMILY.name, FAMILY.example)
    publisher.close()
    publisher.close()
    assert delivery.closed == 1
    with pytest.raises(ComponentError, match="closed already"):
        publisher.send(FAMILY.name, FAMILY.example)


def test_a_program_that_does_not_close_flushes_at_its_end_and_tells_what_is_lost(
        publish: Publish, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Publisher.flush, "__defaults__", (0.05,))
    publisher, delivery = publish(left=7)
    publisher._leave()
    assert delivery.closed == 1
    assert "7 records not confirmed" in caplog.text


def test_leaving_flushes_and_does_not_hide_what_went_wrong(
        publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Publisher.flush, "__defaults__", (0.05,))
    publisher, _ = publish()
    with publisher:
        publisher.send(FAMILY.name, FAMILY.example)
    assert publisher.delivered == 1
    broken, _ = publish(left=7)
    with pytest.raises(EventRefusedError) as caught, broken:
        broken.send(FAMILY.name, {})
    assert "7 records not confirmed" in caught.value.__notes__[0]
