"""Test publishing on a real broker, by either client: what is confirmed, and what is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from schemas import registry
from schemas.errors import ComponentError
from streams.broker import client_config, open_admin, open_consumer
from streams.credentials import Credentials, local_credentials
from streams.delivery import plain
from streams.publisher import CLIENTS, Publisher
from streams.publishers import Registration, register
from tests.components import CHECKOUT, hear_interrupts

pytestmark = pytest.mark.live
FAMILY = registry.get_family("vehicle-position")
PARKING = registry.get_family("parking-occupancy")
TOPIC = "raw-test-boat--vehicle-position"


@pytest.fixture(scope="module", params=CLIENTS)
def client(request: pytest.FixtureRequest) -> str:
    """Name one client after the other."""
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def boat(registered: str) -> Credentials:
    """Register a publisher; give its credentials."""
    register(Registration("test-boat", families=[FAMILY.name, PARKING.name]),
             Registration("test-barge", families=[FAMILY.name]))
    return local_credentials("test-boat")


def read(topic: str, expected: int) -> list[Any]:
    """Read the records of a topic from its beginning, until so many are there."""
    consumer = open_consumer("admin", "test-reads")
    parts = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    consumer.assign([TopicPartition(topic, part, 0) for part in parts])
    found: list[Any] = []
    until = time.monotonic() + 30.0
    while len(found) < expected and time.monotonic() < until:
        found += [one for one in consumer.consume(500, 0.2) if one.error() is None]
    consumer.close()
    return found


def end(topic: str) -> int:
    """Count the records ever appended to a topic."""
    consumer = open_consumer("admin", "test-reads")
    parts = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    ends = [consumer.get_watermark_offsets(TopicPartition(topic, part), 10.0)[1] for part in parts]
    consumer.close()
    return sum(ends)


def test_an_event_arrives_with_key_headers_and_time(boat: Credentials, client: str) -> None:
    before = end(TOPIC)
    with Publisher(boat, client=client) as publisher:
        publisher.send(FAMILY.name, FAMILY.example, event_id=f"one-{client}",
                       observed_at_ms=1_764_000_000_000, headers={"replay": b"run"})
    assert publisher.delivered == 1
    (record,) = [one for one in read(TOPIC, before + 1)
                 if json.loads(one.value())["id"] == f"one-{client}"]
    assert record.key() == FAMILY.example["vehicle_id"].encode()
    assert dict(record.headers()) == {
        "ce_specversion": b"1.0", "ce_type": b"vehicle-position", "ce_source": b"test-boat",
        "replay": b"run"}
    assert json.loads(record.value())["observed_at"] == 1_764_000_000_000


def test_both_clients_put_a_key_into_the_same_partition(boat: Credentials) -> None:
    topic = "raw-test-barge--vehicle-position"
    keys = ["", "a", "鲁A12345", "x" * 300, *(f"vehicle-{i}" for i in range(60))]
    for name in CLIENTS:
        with Publisher("test-barge", client=name, verify=False) as publisher:
            for key in keys:
                publisher.send_raw(FAMILY.name, name.encode(), key=key)
    records = read(topic, 2 * len(keys))
    places = {name: {one.key(): one.partition() for one in records
                     if one.value() == name.encode()} for name in CLIENTS}
    assert places["confluent"] == places["plain"]
    assert len(places["plain"]) == len(keys)
    assert len(set(places["plain"].values())) == FAMILY.partitions > 1


def test_records_that_are_too_large_take_nobody_with_them(boat: Credentials, client: str) -> None:
    """The broker's bound on a record holds for a batch of them, too."""
    publisher = Publisher(boat, client=client, verify=False, linger_ms=200)
    for _ in range(300):
        publisher.send_raw(PARKING.name, os.urandom(4_000), key="k")
    for size in (400_000, 4_000, 2_000_000, 320_000, 4_000):
        publisher.send_raw(PARKING.name, os.urandom(size), key="k")
    with pytest.raises(ComponentError, match=r"raw-test-boat--parking-occupancy: too large"):
        publisher.flush()
    assert publisher.delivered == 303
    publisher.close()


def test_what_only_the_broker_finds_too_large_takes_nobody_with_it(
        boat: Credentials, client: str) -> None:
    """Here the topic takes less than is declared, so that no client can know."""
    from kafka.admin import ConfigResource, ConfigResourceType
    topic = "raw-test-dinghy--parking-occupancy"
    register(Registration("test-dinghy", families=[PARKING.name]))
    admin = open_admin()
    admin.alter_configs([ConfigResource(
        ConfigResourceType.TOPIC, topic, configs={"max.message.bytes": "100000"})])
    admin.close()
    time.sleep(1.0)
    publisher = Publisher("test-dinghy", client=client, verify=False, linger_ms=0)
    for size in (2_000, 2_000, 150_000, 2_000):
        publisher.send_raw(PARKING.name, os.urandom(size), key="k")
        time.sleep(0.2)
    with pytest.raises(ComponentError, match=f"{topic}: too large"):
        publisher.flush()
    publisher.send_raw(PARKING.name, b"{}", key="k")
    publisher.close()
    assert publisher.delivered == 4


def test_a_missing_topic_and_anothers_are_clear_errors(boat: Credentials, client: str) -> None:
    publisher = Publisher(boat, client=client)
    with pytest.raises(ComponentError, match="no topic raw-test-boat--hotline-call") as caught:
        publisher.send("hotline-call", registry.get_family("hotline-call").example)
    assert "citybrain publisher add test-boat --family hotline-call" in str(caught.value)
    assert "\n" not in str(caught.value)
    publisher.send(PARKING.name, PARKING.example)
    publisher.close()
    assert publisher.delivered == 1
    assert "raw-test-boat--hotline-call" not in AdminClient(
        client_config("admin")).list_topics(timeout=10).topics
    posing = Publisher(msgspec.structs.replace(boat, publisher="test-barge"), client=client)
    with pytest.raises(ComponentError, match="'test-boat' may not write raw-test-barge--vehicle"):
        posing.send(FAMILY.name, FAMILY.example)
    posing.close()


def test_a_wrong_password_is_a_clear_error(boat: Credentials, client: str) -> None:
    with pytest.raises(ComponentError, match=r"does not let account 'test-boat' in.* password"):
        Publisher(msgspec.structs.replace(boat, password="wrong"), client=client)


def test_a_dead_broker_is_a_clear_error(boat: Credentials, client: str) -> None:
    with pytest.raises(ComponentError, match=r"no Kafka broker answers at 127.0.0.1:1; "):
        Publisher(msgspec.structs.replace(boat, bootstrap="127.0.0.1:1"), client=client)


def test_the_buffer_of_kafka_python_is_bounded(
        boat: Credentials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plain, "BUFFER_BYTES", 20_000)
    with Publisher(boat, client="plain", verify=False, linger_ms=300) as publisher:
        held = []
        for _ in range(20):
            publisher.send_raw(PARKING.name, os.urandom(8_000), key="k")
            held.append(publisher._delivery._bytes)  # type: ignore[attr-defined]
    assert max(held) <= 20_000
    assert publisher.delivered == 20


PROGRAM = """
import sys
{block}
from schemas import registry
from streams.credentials import read_credentials
from streams.publisher import Publisher
publisher = Publisher(read_credentials(sys.argv[1]), client={client!r}, linger_ms=1000)
example = registry.get_family("parking-occupancy").example
for i in range(50):
    publisher.send("parking-occupancy", example, event_id=str(i))
{end}
"""


def program(tmp_path: Path, boat: Credentials, client: str, end: str, block: str = "") -> list[str]:
    """Write a publisher's own program and its credentials; give the command that runs it."""
    for name, text in (("boat.json", msgspec.json.encode(boat).decode()),
                       ("program.py", PROGRAM.format(client=client, end=end, block=block))):
        (tmp_path / name).write_text(text)
    return [sys.executable, str(tmp_path / "program.py"), str(tmp_path / "boat.json")]


@pytest.fixture
def environment() -> dict[str, str]:
    """Give the environment of a program that imports from the checkout."""
    return {**os.environ, "PYTHONPATH": str(CHECKOUT)}


def test_a_program_that_ends_without_closing_loses_nothing(
        boat: Credentials, client: str, tmp_path: Path, environment: dict[str, str]) -> None:
    before = end("raw-test-boat--parking-occupancy")
    subprocess.run(program(tmp_path, boat, client, ""), env=environment, check=True, timeout=120)
    assert end("raw-test-boat--parking-occupancy") == before + 50


def test_ctrl_c_loses_nothing_that_was_sent(
        boat: Credentials, client: str, tmp_path: Path, environment: dict[str, str]) -> None:
    before = end("raw-test-boat--parking-occupancy")
    waits = "with publisher:\n    print('sent', flush=True)\n    import time; time.sleep(600)"
    child = subprocess.Popen(program(tmp_path, boat, client, waits), env=environment,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             preexec_fn=hear_interrupts)
    assert child.stdout is not None
    assert child.stdout.readline() == "sent\n"
    child.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in child.communicate(timeout=60)[1]
    assert end("raw-test-boat--parking-occupancy") == before + 50


def test_kafka_python_alone_will_do(
        boat: Credentials, tmp_path: Path, environment: dict[str, str]) -> None:
    before = end("raw-test-boat--parking-occupancy")
    hide = ("import importlib.util as u; there = u.find_spec\n"
            "u.find_spec = lambda name, *more: None if name == 'confluent_kafka' else"
            " there(name, *more)\n"
            "sys.modules['confluent_kafka'] = None")
    told = "publisher.close(); print(type(publisher._delivery).__name__)"
    done = subprocess.run(program(tmp_path, boat, "", told, hide), env=environment, check=True,
                          timeout=120, capture_output=True, text=True)
    assert done.stdout == "PlainDelivery\n"
    assert end("raw-test-boat--parking-occupancy") == before + 50
