"""Kill Kafka and the MQTT door while events come: what MQTT acknowledged lies in the raw topic."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from schemas import registry
from tests.components import find_free_offset
from tests.infra.backup.own_city import OwnCity
from tests.streams.doors.conftest import Client, Mosquitto, eventually
from tests.streams.doors.test_mqtt import event

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(1800)]
NAME, FAMILY = "test-mqtt", registry.get_family("parking-occupancy")
IDS = """
from streams.agents.history import open_reader, read_back
reader = open_reader("admin", "test-reader")
topic = f"raw-test-mqtt--{FAMILY.name}"
print(json.dumps([json.loads(m.value())["id"] for m in read_back(
    reader, topic, FAMILY.partitions, None, {})]))
"""
PASSWORD = """
from streams.secrets import get_password
print(json.dumps(get_password("mqtt", "city-brain")))
"""


@pytest.fixture
def city(stack_home: Path, areas: Path, mosquitto: Mosquitto) -> Iterator[OwnCity]:
    """Give a city of its own whose settings name the MQTT broker."""
    home = Path(tempfile.mkdtemp(prefix="citybrain-"))
    for name in ("components", "areas"):
        (home / name).symlink_to((stack_home / name).resolve())
    one = OwnCity(home, find_free_offset())
    one.environment["CITYBRAIN_MQTT"] = mosquitto.address
    yield one
    one.run("down")
    shutil.rmtree(home)


def await_more(acknowledged: list[str]) -> None:
    """Wait until some more events are acknowledged."""
    many = len(acknowledged) + 40
    eventually(lambda: len(acknowledged) > many)


def test_nothing_acknowledged_is_lost_when_kafka_or_the_door_is_killed(
        city: OwnCity, mosquitto: Mosquitto) -> None:
    mosquitto.allow("city-brain", city.call(PASSWORD))
    mosquitto.allow(NAME, "one")
    mosquitto.start()
    city.must("up", "--only", "kafka,clickhouse,registrar,mqtt")
    city.must("publisher", "add", NAME, "--family", FAMILY.name)
    client = Client(mosquitto, NAME, "one")
    topic, acknowledged, ended = f"city/v1/{NAME}/{FAMILY.name}", list[str](), threading.Event()

    def publish() -> None:
        """Publish twenty events a second until told to stop."""
        while not ended.wait(0.05):
            name = f"e{len(acknowledged)}"
            client.publish(topic, event(name))
            acknowledged.append(name)

    def first_is_there() -> bool:
        """Publish until the registration is known and the session has begun."""
        client.publish(topic, event("first"))
        return "first" in city.call(IDS)

    eventually(first_is_there)
    thread = threading.Thread(target=publish)
    thread.start()
    try:
        for name in ("kafka", "mqtt", "kafka"):
            await_more(acknowledged)
            before = city.status()[name]["pid"]
            psutil.Process(before).send_signal(signal.SIGKILL)
            city.wait_for(name, other_than=before)
    finally:
        ended.set()
        thread.join()
    eventually(lambda: set(acknowledged) <= set(city.call(IDS)))
    assert set(city.call(IDS)) == {*acknowledged, "first"}
    client.close()
