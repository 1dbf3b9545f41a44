"""Test the MQTT door over a real MQTT broker and a real Kafka."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from schemas import registry
from schemas.render.kafka import raw_name
from streams.agents.history import open_reader, read_back
from streams.disk import Guard
from streams.doors import admission, mqtt
from streams.doors.mqtt import Door
from streams.intake.sender import Sender
from streams.publishers import Registration, register
from streams.settings import read_settings
from tests.streams.doors.conftest import Client, Known, Mosquitto, eventually

pytestmark = pytest.mark.live
NAME, FAMILY = "test-mqtt", registry.get_family("parking-occupancy")
TOPIC = f"city/v1/{NAME}/{FAMILY.name}"


@pytest.fixture(scope="module")
def known(registered: str) -> Known:
    """Give a Kafka that knows one publisher by MQTT."""
    register(Registration(NAME, families=[FAMILY.name]))
    return Known()


@pytest.fixture
def broker(accounts: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Mosquitto:
    """Give a running broker, named by the settings."""
    settings = dataclasses.replace(read_settings(), mqtt=accounts.address)
    monkeypatch.setattr(mqtt, "read_settings", lambda: settings)
    monkeypatch.setattr(mqtt, "AGAIN_SECONDS", (0.2, 0.5))
    return accounts


@pytest.fixture
def client(broker: Mosquitto) -> Iterator[Client]:
    """Give a registered publisher."""
    one = Client(broker, NAME, "one")
    yield one
    one.close()


@contextmanager
def served(known: Known, disk: Guard | None = None, *, login: bool = True, **settings: Any
           ) -> Iterator[Door]:
    """Run the door for as long as a block runs, from when it takes messages, if it may."""
    ended, sender = Event(), Sender("mqtt", lambda: None, **settings)
    door = Door(known, sender, ended, disk or Guard(limit=0))
    thread = threading.Thread(target=door.run)
    thread.start()
    try:
        if disk is None and login:
            eventually(door.is_taking.is_set)
        yield door
    finally:
        ended.set()
        thread.join()
        sender.close()


def at_rest() -> Path:
    """Give the file whose time says since when nothing is left waiting."""
    return read_settings().home / "mqtt" / "at-rest"


def event(name: str, **more: Any) -> dict[str, Any]:
    """Give an event that is good now."""
    return {**FAMILY.example, "id": name, "observed_at": time.time_ns() // 1_000_000, **more}


def written(prefix: str) -> Counter[str]:
    """Count the records of one test in the raw topic, by id."""
    reader = open_reader("admin", "test-mqtt-reader")
    found = list(read_back(reader, raw_name(NAME, FAMILY.name), FAMILY.partitions, None, {}))
    reader.close()
    return Counter(one for message in found if (one := json.loads(
        message.value() or b"{}").get("id", "")).startswith(f"{prefix}-"))


def test_what_is_published_lies_in_the_raw_topic_once(known: Known, client: Client) -> None:
    wanted = {f"plain-{i}": 1 for i in range(200)}
    with served(known):
        for name in wanted:
            client.publish(TOPIC, event(name))
        eventually(lambda: len(written("plain")) == 200)
    with served(known):  # all was acknowledged: nothing comes again
        client.publish(f"{TOPIC}/last", event("plain-last"))
        eventually(lambda: "plain-last" in written("plain"))
    assert written("plain") == {**wanted, "plain-last": 1}


def test_what_comes_while_the_door_is_away_waits_at_the_broker(
        known: Known, client: Client, broker: Mosquitto) -> None:
    with served(known):  # the session begins
        client.publish(TOPIC, event("away-first"))
        eventually(lambda: "away-first" in written("away"))
    for i in range(50):
        client.publish(TOPIC, event(f"away-{i}"))
    client.close()
    broker.stop()
    broker.start()
    with served(known):
        eventually(lambda: len(written("away")) == 51)
    assert set(written("away").values()) == {1}


def test_nothing_is_acknowledged_while_kafka_is_away(known: Known, client: Client) -> None:
    nowhere: dict[str, Any] = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}
    with served(known, confirm_seconds=0.3, **nowhere):
        for i in range(30):
            client.publish(TOPIC, event(f"kept-{i}"))
        time.sleep(2.0)  # it takes them, gives up, and takes them again
    assert written("kept") == {}
    with served(known):
        eventually(lambda: len(written("kept")) == 30)
    assert set(written("kept").values()) == {1}


def test_garbage_is_refused_told_and_stops_nothing(known: Known, client: Client) -> None:
    with served(known):
        client.publish(TOPIC, b"\x00\xffnonsense")
        client.publish(TOPIC, b"")
        client.publish(TOPIC, [event("bad-1"), event("bad-2", occupied=10_000), 7])
        client.publish(f"city/v1/{NAME}/no-such-family", event("bad-3"))
        client.publish(f"city/v1/{NAME}/grid-case", event("bad-4"))
        client.publish(f"city/v1/{NAME}", b"x")
        client.publish(TOPIC, event("bad-5"))
        eventually(lambda: set(written("bad")) == {"bad-1", "bad-5"})
        eventually(lambda: len(client.verdicts) == 5)
    reasons = [[one["reason"] for one in told["events"]] for told in client.verdicts]
    assert sorted(reasons) == sorted([
        ["not-json"], ["empty"], ["above-field", "not-an-object"], ["unknown-family"],
        ["not-registered"]])
    mixed = next(told for told in client.verdicts if told["accepted"])
    assert (mixed["topic"], mixed["accepted"], mixed["refused"]) == (TOPIC, 1, 2)


def test_who_is_too_fast_is_told_and_what_waited_for_the_door_is_not(
        known: Known, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = dataclasses.replace(read_settings(), intake_events=20)
    monkeypatch.setattr(admission, "read_settings", lambda: settings)
    with served(known):
        client.publish(TOPIC, event("fast-first"))
        eventually(lambda: "fast-first" in written("fast"))
        eventually(lambda: at_rest().exists() and time.time() - at_rest().stat().st_mtime < 1)
    long_ago = time.time() - 60
    os.utime(at_rest(), (long_ago, long_ago))
    for i in range(30):  # as many as thirty seconds would let through, long beyond the burst
        client.publish(TOPIC, [event(f"fast-{i}-{k}") for k in range(20)])
    with served(known):
        eventually(lambda: len(written("fast")) == 601)
        assert client.verdicts == []
        for i in range(40):
            client.publish(TOPIC, [event(f"fast-more-{i}-{k}") for k in range(50)])
        eventually(lambda: bool(client.verdicts))
        while "fast-last" not in written("fast"):  # as a publisher does that is told so
            client.publish(TOPIC, event("fast-last"))
    assert len(written("fast")) < 2_601
    assert {one["reason"] for told in client.verdicts for one in told["events"]} == {"too-fast"}


def test_who_is_not_registered_is_told_and_nobody_writes_for_another(
        known: Known, broker: Mosquitto) -> None:
    stranger = Client(broker, "stranger", "two")
    with served(known):
        stranger.publish(TOPIC, event("posed-1"))  # the broker's ACL drops it
        stranger.publish(f"city/v1/stranger/{FAMILY.name}", event("posed-2"))
        eventually(lambda: bool(stranger.verdicts))
    stranger.close()
    assert [one["reason"] for one in stranger.verdicts[0]["events"]] == ["not-registered"]
    assert written("posed") == {}


def test_a_broker_that_goes_away_is_found_again(
        known: Known, client: Client, broker: Mosquitto) -> None:
    with served(known) as door:
        client.publish(TOPIC, event("back-1"))
        eventually(lambda: "back-1" in written("back"))
        broker.stop()
        eventually(lambda: not door.is_taking.is_set())
        broker.start()
        again = Client(broker, NAME, "one")
        again.publish(TOPIC, event("back-2"))
        eventually(lambda: "back-2" in written("back"))
        again.close()


def test_a_full_disk_leaves_events_at_the_broker(
        known: Known, client: Client, tmp_path: Path) -> None:
    with served(known):
        client.publish(TOPIC, event("full-0"))
        eventually(lambda: "full-0" in written("full"))
    with served(known, Guard(tmp_path, 1)):  # every disk is fuller than 1 %
        client.publish(TOPIC, event("full-1"))
        time.sleep(1.5)
    assert set(written("full")) == {"full-0"}
    with served(known):
        eventually(lambda: set(written("full")) == {"full-0", "full-1"})


def test_a_wrong_password_is_told_and_tried_again(
        known: Known, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(mqtt, "get_password", lambda *_: "wrong")
    with served(known, login=False):
        eventually(lambda: "does not let city-brain in" in caplog.text)
    assert "wrong" not in caplog.text
