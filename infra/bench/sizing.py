"""Compute what so many events a second need: machines, memory and disks, from measured cost.

`figures.toml` holds two or more measurements (`citybrain bench cost --json`) and the assumptions.
Needs are reckoned in proportion from the greatest load, so that what a component costs by merely
being there grows with it: too much rather than too little. A straight line through the least and
the greatest load tells that part apart. Everything is of one city; a province is so many cities,
each an installation of its own.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas import registry
from streams.duplicates import AHEAD_MS

FIGURES = Path(__file__).with_name("figures.toml")
GIGABYTE = 1e9
HOUR, DAY = 3600, 86_400
# the family that is most of what a city sends; the lifetimes of its topics and rows are declared
MAIN_FAMILY = "vehicle-position"
FLINK = ("taskmanager", "python-workers")
# one process each, by design or since nobody has proved more; their core is where a city ends
SINGLE = ("sink", "finals", "ledger", "alerts", "feedback")


@dataclass(frozen=True, slots=True)
class Straight:
    """Hold a cost as a straight line over events a second."""

    fixed: float
    each: float

    def at(self, rate: float) -> float:
        """Give the cost at so many events a second."""
        return self.fixed + self.each * rate

    def reaches(self, limit: float) -> float:
        """Give the events a second at which the cost is `limit`; infinite where none adds any."""
        return (limit - self.fixed) / self.each if self.each > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Need:
    """Hold one line of the page: what, how much of which unit for a city, and by which formula."""

    name: str
    amount: float
    unit: str
    formula: str
    # machines have a least number for each city; amounts of a province are sums of cities
    group: str


class Figures:
    """Hold the measurements and assumptions of a figures file."""

    def __init__(self, known: dict[str, Any]) -> None:
        """Take what the file says; its loads in rising order."""
        self.loads: list[dict[str, Any]] = sorted(
            known["load"], key=lambda one: float(one["events_per_second"]))
        self.given: dict[str, float] = known["assumptions"]
        self.machine: str = known["machine"]["note"]

    @classmethod
    def read(cls, path: Path = FIGURES) -> Figures:
        """Read a figures file."""
        return cls(tomllib.loads(path.read_text(encoding="utf-8")))

    def line(self, take: Callable[[dict[str, Any]], float]) -> Straight:
        """Lay a line through the least and the greatest load; neither part is below nothing."""
        (low, first), (high, last) = (
            (float(one["events_per_second"]), take(one)) for one in (self.loads[0], self.loads[-1]))
        each = max(0.0, (last - first) / (high - low))
        return Straight(max(0.0, first - each * low), each)

    def share(self, take: Callable[[dict[str, Any]], float]) -> Straight:
        """Lay a line from nothing through the greatest load: the cost of an event there."""
        last = self.loads[-1]
        return Straight(0.0, take(last) / float(last["events_per_second"]))

    def line_of(self, component: str) -> Straight:
        """Give the line of a component's cores."""
        return self.line(lambda one: float(one["cores"].get(component, 0.0)))

    def cores(self, component: str) -> Straight:
        """Give a component's cores, in proportion."""
        return self.share(lambda one: float(one["cores"].get(component, 0.0)))

    def components(self) -> list[str]:
        """List the components that were measured, the dearest first."""
        cores: dict[str, float] = self.loads[-1]["cores"]
        return sorted(cores, key=lambda name: -cores[name])

    def topic_bytes(self, kind: str) -> Straight:
        """Give the bytes a second of a kind of topic, one copy."""
        return self.share(lambda one: float(one["topic_bytes_per_second"].get(kind, 0.0)))

    def groups(self) -> Straight:
        """Give the rows of results, each a group of Flink's state, that are added a second."""
        return self.share(lambda one: float(one["groups_per_second"]))

    def row_bytes(self, kind: str) -> float:
        """Give the bytes of a row of a kind of table, as compressed at the greatest load."""
        return float(self.loads[-1]["bytes_per_row"][kind])

    def group_bytes(self) -> float:
        """Give the bytes of state that one group takes, from the greatest load."""
        return float(self.loads[-1]["state_bytes"]) / float(self.loads[-1]["groups"])


def _machines(cores: float, each: float, used: float, least: int) -> int:
    """Give how many machines of `each` cores carry a load when only `used` of them may be busy."""
    return max(least, math.ceil(cores / used / each))


def flink_needs(figures: Figures, rate: float) -> list[Need]:
    """Give what Flink needs for a city."""
    given = figures.given
    used, each = given["busy_share"], given["cores_of_a_flink_machine"]
    workers = figures.cores("python-workers").at(rate)
    cores = workers + figures.cores("taskmanager").at(rate)
    horizon = registry.families()[MAIN_FAMILY].horizon_seconds + AHEAD_MS / 1000
    groups = figures.groups().at(rate) * given["state_hours"] * HOUR
    return [
        Need("Flink: cores busy", cores, "cores", "TaskManager + Python workers, in"
             " proportion", "flink"),
        Need("Flink: slots, each with a Python worker", math.ceil(workers / used), "slots",
             "Python workers' cores ÷ busy share, since a worker is one core at most", "flink"),
        Need("Flink: machines", _machines(cores, each, used, 2), "machines",
             f"cores ÷ busy share ÷ {each:g} cores, at least 2", "flink"),
        Need("Flink: ids of recent events in the Python workers",
             rate * 2 * horizon * given["bytes_of_an_id"] / GIGABYTE, "GB",
             f"rate × 2 dictionaries × ({horizon:g} s) × {given['bytes_of_an_id']:g} bytes",
             "flink"),
        Need("Flink: state, at most", groups * figures.group_bytes() / GIGABYTE, "GB",
             f"groups added a second × {given['state_hours']:g} h of lifetime ×"
             f" {figures.group_bytes():.0f} bytes of checkpoint a group", "flink"),
    ]


def kafka_needs(figures: Figures, rate: float) -> list[Need]:
    """Give what Kafka needs for a city."""
    given, family = figures.given, registry.families()[MAIN_FAMILY]
    copies = given["replication"]
    results = max(one.lifetime.topic_hours for one in registry.results().values())
    hours = {"raw": family.lifetime.raw_hours, "event": family.lifetime.topic_hours,
             "result": results, "other": results}
    written = sum(figures.topic_bytes(kind).at(rate) for kind in hours)
    kept = sum(figures.topic_bytes(kind).at(rate) * HOUR * time for kind, time in hours.items())
    cores = figures.cores("kafka").at(rate) * copies
    share = figures.topic_bytes("raw").at(rate) * HOUR * family.lifetime.raw_hours / (1 << 20)
    return [
        Need("Kafka: cores busy, at most", cores, "cores",
             f"one broker's cores × {copies:g} copies", "kafka"),
        Need("Kafka: brokers", _machines(cores, given["cores_of_a_broker"], given["busy_share"], 3),
             "machines", f"cores ÷ busy share ÷ {given['cores_of_a_broker']:g} cores, at least 3",
             "kafka"),
        Need("Kafka: written", written * copies / 1e6, "MB/s",
             f"bytes a second of all topics × {copies:g} copies", "kafka"),
        Need("Kafka: disks together, at most", kept * copies / given["disk_share"] / GIGABYTE, "GB",
             f"Σ bytes/s × declared hours (raw {hours['raw']}, events {hours['event']}, results"
             f" {results}) × {copies:g} ÷ {given['disk_share']:g} of a disk", "kafka"),
        Need("Kafka: size of the main raw topic for its declared hours", share, "MiB",
             f"raw bytes/s × {hours['raw']} h; declared:"
             f" {family.lifetime.partition_megabytes} MiB × {family.partitions} partitions",
             "kafka"),
    ]


def store_needs(figures: Figures, rate: float) -> list[Need]:
    """Give what ClickHouse needs for a city."""
    given, family = figures.given, registry.families()[MAIN_FAMILY]
    copies, cores = given["replication"], figures.cores("clickhouse").at(rate)
    days = max(one.lifetime.store_days for one in registry.results().values())
    events = rate * DAY * family.lifetime.store_days * figures.row_bytes("event")
    results = figures.groups().at(rate) * DAY * days * figures.row_bytes("result")
    nodes = _machines(cores, given["cores_of_a_store_node"], given["busy_share"], 1)
    return [
        Need("Store: cores busy, each replica", cores, "cores",
             "ClickHouse's cores; each replica inserts and merges all", "store"),
        Need("Store: nodes", nodes * copies, "machines",
             f"cores ÷ busy share ÷ {given['cores_of_a_store_node']:g} cores, ×"
             f" {copies:g} replicas", "store"),
        Need("Store: rows of events, each replica", events / given["disk_share"] / GIGABYTE, "GB",
             f"rate × {family.lifetime.store_days} days × {figures.row_bytes('event'):.0f} bytes a"
             f" row ÷ {given['disk_share']:g}; declared: {family.lifetime.store_megabytes} MiB",
             "store"),
        Need("Store: rows of results, each replica, at most",
             results / given["disk_share"] / GIGABYTE, "GB",
             f"groups added a second × {days} days × {figures.row_bytes('result'):.0f} bytes a row"
             f" ÷ {given['disk_share']:g}", "store"),
    ]


def city_needs(figures: Figures, rate: float) -> list[Need]:
    """Give all that a city with so many events a second needs."""
    return [*flink_needs(figures, rate), *kafka_needs(figures, rate), *store_needs(figures, rate)]
