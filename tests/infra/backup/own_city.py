"""Do in a city of its own what a test's own settings, which are frozen, cannot."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from tests.components import CHECKOUT
from tests.infra.test_launch import City

SECONDS = 300.0

# what each call does in the city's own environment
PROLOGUE = """
import json, sys, time
from contextlib import closing
from schemas import registry
from streams.broker import open_admin, open_consumer, open_producer
from streams.store import connect
FAMILY = registry.get_family("parking-occupancy")
"""
PUBLISH = """
from streams.publisher import Publisher
from streams.publishers import Registration, register
register(Registration("kept", families=[FAMILY.name], quota_bytes=0))
with Publisher("kept") as publisher:
    for i in range(int(sys.argv[1]), int(sys.argv[2])):
        publisher.send(FAMILY.name, FAMILY.example, event_id=f"e{i}")
    publisher.flush()
    print(publisher.delivered)
"""
# what the gate would make of them
PASS = """
producer, now = open_producer("gate"), time.time_ns() // 1_000_000
for i in range(int(sys.argv[1]), int(sys.argv[2])):
    row = {"id": f"e{i}", "source": "kept", "observed_at": now, "received_at": now,
           "computed_at": now, "area": "370102", "raw_topic": f"raw-kept--{FAMILY.name}",
           "raw_partition": 0, "raw_offset": i,
           **{f.name: FAMILY.example.get(f.name) for f in FAMILY.kept}}
    producer.produce(FAMILY.topic, json.dumps(row).encode(), f"e{i}".encode())
print(producer.flush(30))
"""
# a view may come a moment after the topics by which the registrar counts as ready
COUNT = """
from schemas.errors import ComponentError
with closing(connect("reader")) as store:
    try:
        print(store.query("SELECT count() AS n FROM city.parking_occupancy")[0]["n"])
    except ComponentError:
        print(-1)
"""
# every record of the topics as it lies there, and how far the sink has come
LOG = """
import hashlib
from confluent_kafka import TopicPartition
from streams.agents.history import open_reader, read_back
told = {}
for topic in (f"raw-kept--{FAMILY.name}", FAMILY.topic, "publishers"):
    reader = open_reader("admin", "sink")
    parts = len(reader.list_topics(topic, timeout=10).topics[topic].partitions)
    records = sorted((m.partition(), m.offset(), m.timestamp()[1], (m.key() or b"").decode(),
                      hashlib.sha256(m.value() or b"").hexdigest())
                     for m in read_back(reader, topic, parts, None, {}))
    places = [TopicPartition(topic, part) for part in range(parts)]
    told[topic] = {"records": records,
                   "sink": [one.offset for one in reader.committed(places, timeout=10)]}
    reader.close()
with closing(open_admin()) as admin:
    told["accounts"] = sorted(admin.describe_user_scram_credentials())
print(json.dumps(told))
"""


class OwnCity(City):
    """Steer a city of its own, and work in it."""

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, which may lie behind several starts of components."""
        return subprocess.run([sys.executable, "-m", "infra.cli", *arguments], cwd=CHECKOUT,
                              env=self.environment, capture_output=True, text=True,
                              timeout=2 * SECONDS, check=False)

    def call(self, code: str, *arguments: object) -> Any:
        """Run code in the city's environment; give the JSON of its last line."""
        done = subprocess.run(
            [sys.executable, "-c", PROLOGUE + code, *map(str, arguments)], cwd=CHECKOUT,
            env=self.environment, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.strip().splitlines()[-1])

    def must(self, *arguments: str) -> str:
        """Run a command that must succeed; give what it prints."""
        done = self.run(*arguments)
        assert done.returncode == 0, (arguments, done.stdout[-2000:], done.stderr[-2000:])
        return done.stdout

    def await_rows(self, number: int) -> None:
        """Wait until the store shows so many events."""
        until = time.monotonic() + SECONDS
        while (found := self.call(COUNT)) != number:
            assert time.monotonic() < until, f"{found} rows, wanted {number}"
            time.sleep(0.5)
