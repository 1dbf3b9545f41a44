"""Render the topics of declarations: names, partitions and settings."""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.declare import Family, ResultTable

HOUR_MS = 3_600_000
MEGABYTE = 1 << 20
# personal originals live no longer than a case is usually answered in: three days
VAULT_HOURS = 72
# the largest payload that the gate reads, and room for key and headers
MAX_RECORD_BYTES = 262_144 + 65_536


@dataclass(frozen=True, slots=True)
class Topic:
    """Describe one topic."""

    name: str
    partitions: int
    settings: dict[str, str]

    @property
    def most_bytes(self) -> int:
        """Give how many bytes it may hold: beyond its size it keeps a segment being written.

        A topic that keeps the newest record of each key for good is counted with its segments.
        """
        kept = max(0, int(self.settings["retention.bytes"]))
        return self.partitions * (kept + 2 * int(self.settings["segment.bytes"]))


def _settings(hours: int, megabytes: int, **more: str) -> dict[str, str]:
    """Give retention in time and size, with segments small enough for it to bite."""
    segment = max(1, min(64, megabytes // 4))
    return {
        "retention.ms": str(hours * HOUR_MS), "retention.bytes": str(megabytes * MEGABYTE),
        "segment.bytes": str(segment * MEGABYTE), "segment.ms": str(HOUR_MS),
        "max.message.bytes": str(MAX_RECORD_BYTES),
        **{name.replace("_", "."): value for name, value in more.items()}}


# no name holds a double hyphen, so that no publisher's prefix begins another's
PUBLISHER_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)


def raw_name(publisher: str, family: str) -> str:
    """Give the name of the raw topic of a publisher and family."""
    return f"raw-{publisher}--{family}"


def raw_topic(publisher: str, family: Family) -> Topic:
    """Render the raw topic of a publisher and family; the broker stamps the time of arrival."""
    return Topic(raw_name(publisher, family.name), family.partitions, _settings(
        family.lifetime.raw_hours, family.lifetime.partition_megabytes,
        message_timestamp_type="LogAppendTime"))


def event_topic(family: Family) -> Topic:
    """Render the topic of clean events."""
    return Topic(family.topic, family.partitions, _settings(
        family.lifetime.topic_hours, family.lifetime.partition_megabytes))


def result_topic(result: ResultTable) -> Topic:
    """Render the upsert topic of a result: the newest version of each key, for a while."""
    return Topic(result.topic, 1, _settings(
        result.lifetime.topic_hours, result.lifetime.partition_megabytes,
        cleanup_policy="compact,delete", message_timestamp_type="LogAppendTime"))


def _kept(name: str, megabytes: int = 16) -> Topic:
    """Render a topic that keeps the newest record of each key for good."""
    settings = _settings(1, megabytes, cleanup_policy="compact")
    return Topic(name, 1, settings | {"retention.ms": "-1", "retention.bytes": "-1"})


SYSTEM_TOPICS: tuple[Topic, ...] = (
    # as long as the longest raw topic, so that each letter outlives its original
    Topic("dead-letters", 1, _settings(168, 256)),
    # what the gate takes out of events, for those who may look it up while a case is open
    Topic("vault", 1, _settings(VAULT_HOURS, 256)),
    Topic("gate-ledger", 1, _settings(48, 64, cleanup_policy="compact,delete",
                                      message_timestamp_type="LogAppendTime")),
    Topic("publisher-progress", 1, _settings(168, 64, cleanup_policy="compact,delete",
                                             message_timestamp_type="LogAppendTime")),
    Topic("window-final", 1, _settings(48, 64)),
    # the newest report on each publisher and family, made anew every other second
    Topic("feedback", 1, _settings(24, 32, cleanup_policy="compact,delete",
                                   message_timestamp_type="LogAppendTime")),
    _kept("publishers"),
    _kept("rules"),
    _kept("intake-tokens"),
    # which dead letters were sent again: longer than anybody keeps an exported file of them
    Topic("repaired", 1, _settings(400 * 24, 64, cleanup_policy="compact,delete")),
    # records of an audit are kept for half a year (Cybersecurity Law, article 21)
    Topic("audit", 1, _settings(180 * 24, 256, message_timestamp_type="LogAppendTime",
                                segment_ms=str(24 * HOUR_MS))),
    _kept("audit-heads"),
)
