"""Test three brokers as one cluster: copies of each record, and one of them away."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from infra.commands.cluster import platform_passwords
from streams.broker import client_config
from tests.components import CHECKOUT, find_free_offset

pytestmark = pytest.mark.live
# three addresses of the loopback stand for three machines
HOSTS = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
SECONDS = 90


class Brokers:
    """Hold the brokers of a cluster, each with a home of its own."""

    def __init__(self, folder: Path, components: Path) -> None:
        """Write the passwords that all are given, and start one broker at each address."""
        self.folder = folder
        self.passwords, self.offset = platform_passwords(), find_free_offset()
        (folder / "passwords.json").write_text(json.dumps(self.passwords))
        nodes = ",".join(f"{i}@{host}" for i, host in enumerate(HOSTS, start=1))
        self.running = {}
        for host in HOSTS:
            home = folder / host
            home.mkdir()
            (home / "components").symlink_to(components)
            with (folder / f"{host}.log").open("w") as log:
                self.running[host] = subprocess.Popen(
                    [sys.executable, "-m", "infra.run", "kafka"], cwd=CHECKOUT, stdout=log,
                    stderr=subprocess.STDOUT, env={
                        **os.environ, "CITYBRAIN_HOME": str(home), "CITYBRAIN_HOST": host,
                        "CITYBRAIN_PORT_OFFSET": str(self.offset), "CITYBRAIN_KAFKA_NODES": nodes,
                        "CITYBRAIN_PASSWORDS": str(folder / "passwords.json"),
                        "CITYBRAIN_REPLICATION": "3", "CITYBRAIN_MIN_ISR": "2",
                        "CITYBRAIN_PROFILE": "small"})

    def config(self, account: str) -> dict[str, Any]:
        """Give a client's settings for all brokers."""
        servers = ",".join(f"{host}:{19092 + self.offset}" for host in HOSTS)
        return {**client_config("admin"), "bootstrap.servers": servers, "log_level": 0,
                "sasl.username": account, "sasl.password": self.passwords[f"kafka:{account}"]}

    def wait(self, count: int) -> AdminClient:
        """Wait until so many brokers know each other."""
        admin, until = AdminClient(self.config("admin"), logger=None), time.monotonic() + SECONDS
        while time.monotonic() < until:
            try:
                if len(admin.list_topics(timeout=3).brokers) == count:
                    return admin
            except KafkaException:
                time.sleep(0.5)
        raise AssertionError(f"not {count} brokers after {SECONDS} s")

    def write(self, topic: str, count: int) -> int:
        """Write records with all their copies; give how many were confirmed."""
        errors: list[object] = []
        producer = Producer({**self.config("admin"), "acks": "all", "message.timeout.ms": 60_000})
        for number in range(count):
            producer.produce(topic, str(number), on_delivery=lambda error, _: errors.append(error))
        producer.flush(70)
        return errors.count(None)


@pytest.fixture(scope="module")
def brokers(stack_home: Path) -> Iterator[Brokers]:
    """Run three brokers that are given their passwords from outside."""
    folder = Path(tempfile.mkdtemp(prefix="citybrain-brokers-"))
    cluster = Brokers(folder, (stack_home / "components").resolve())
    yield cluster
    for one in cluster.running.values():
        one.kill()
        one.wait()
    shutil.rmtree(folder)


def test_three_brokers_copy_each_record_and_go_on_without_one(brokers: Brokers) -> None:
    admin = brokers.wait(3)
    topic = NewTopic("copies", 3, 3, config={"min.insync.replicas": "2"})
    admin.create_topics([topic])["copies"].result(30)
    partitions = admin.list_topics("copies", timeout=10).topics["copies"].partitions.values()
    assert all(sorted(one.replicas) == [1, 2, 3] for one in partitions)
    assert brokers.write("copies", 300) == 300

    away = brokers.running[HOSTS[0]]
    away.kill()
    away.wait()
    assert brokers.write("copies", 300) == 300


def test_home_of_a_broker_keeps_no_password_that_is_given(brokers: Brokers) -> None:
    for host in HOSTS:
        assert not (brokers.folder / host / "secrets" / "passwords.json").exists()
