"""Tell how each component is: state, process, uptime, memory, lag and the age of its data."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import psutil
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from prometheus_client.parser import text_string_to_metric_families

from infra.processes import list_processes
from infra.supervision import Supervisor
from schemas.errors import ComponentError
from streams.broker import client_config
from streams.settings import read_settings
from streams.store import connect

GATE_GROUP = "gate"
SECONDS = 3.0
# the family that a living city publishes most; its age is the age of the store
STORE_AGE = ("SELECT dateDiff('millisecond', max(received_at), now64(3)) / 1000 AS age"
             " FROM city.vehicle_position WHERE observed_at > now() - INTERVAL 1 DAY")


@dataclass(frozen=True, slots=True)
class ComponentStatus:
    """Describe one component; what cannot be known is None."""

    name: str
    state: str
    pid: int | None = None
    uptime_seconds: int | None = None
    memory_bytes: int | None = None
    lag_records: int | None = None
    data_age_seconds: float | None = None


def _memory(pid: int) -> int | None:
    """Sum the resident memory of a process and of all it started, in bytes."""
    try:
        process = psutil.Process(pid)
        return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))
    except psutil.Error:
        return None


def _own_gauges(name: str) -> tuple[int | None, float | None]:
    """Read lag (records, summed) and age (seconds, the greatest) from a process's metrics."""
    settings = read_settings()
    try:
        port = f"metrics_{name}"
        address = f"http://{settings.host_of(port)}:{settings.port(port)}/metrics"
        with urllib.request.urlopen(address, timeout=SECONDS) as answer:
            text = answer.read().decode()
    except (KeyError, urllib.error.URLError, OSError):
        return None, None
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    lags = [one.value for one in samples if one.name == "citybrain_lag_records"]
    ages = [one.value for one in samples if one.name == "citybrain_data_age_seconds"]
    return int(sum(lags)) if lags else None, max(ages) if ages else None


def _gate_lag() -> int | None:
    """Count the raw records that the gate's last checkpoint has not covered."""
    try:
        admin = AdminClient({**client_config("admin"), "log_level": 0})
        group = ConsumerGroupTopicPartitions(GATE_GROUP)
        answer = admin.list_consumer_group_offsets([group], request_timeout=SECONDS)
        done = {(one.topic, one.partition): one.offset
                for one in answer[GATE_GROUP].result().topic_partitions if one.offset >= 0}
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
        ends = admin.list_offsets({TopicPartition(*key): latest for key in done},
                                  request_timeout=SECONDS)
        behind: list[int] = [int(end.result().offset) - done[one.topic, one.partition]
                             for one, end in ends.items()]
    except KafkaException:
        return None
    return sum(max(0, one) for one in behind)


def _store_age() -> float | None:
    """Give the age of the newest vehicle position in the store, in seconds."""
    try:
        age = float(connect("reader").query(STORE_AGE)[0]["age"])
    except (ComponentError, IndexError):
        return None
    return age if age < 86_400 else None


def _lag_and_age(name: str) -> tuple[int | None, float | None]:
    """Give lag and age of a component, from itself or from who knows."""
    if name == "job":
        return _gate_lag(), None
    if name == "clickhouse":
        return None, _store_age()
    return _own_gauges(name)


def list_status() -> list[ComponentStatus]:
    """List the status of every component, in the order of the process table."""
    states, rows = Supervisor().states(), []
    for process in list_processes():
        row = states.get(process.name)
        if row is None or not row["pid"]:
            rows.append(ComponentStatus(process.name, row["statename"] if row else "DOWN"))
            continue
        lag, age = _lag_and_age(process.name)
        state = "READY" if process.ready() else "STARTING"
        rows.append(ComponentStatus(process.name, state, row["pid"],
                                    int(time.time()) - row["start"], _memory(row["pid"]),
                                    lag, age))
    return rows
