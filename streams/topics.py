"""Create topics as their declarations say, and follow changed settings."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import TopicAlreadyExistsError

from schemas import registry
from schemas.render.kafka import SYSTEM_TOPICS, Topic, event_topic, raw_topic, result_topic
from streams.settings import read_settings


def _configs(topic: Topic) -> dict[str, str]:
    """Give a topic's settings: what is declared, and how many replicas must have a record."""
    return {**topic.settings, "min.insync.replicas": str(read_settings().min_isr)}


def declared_topics(families_of: dict[str, list[str]]) -> list[Topic]:
    """List every topic that should be; `families_of` gives the families of each publisher."""
    families = registry.families()
    raw = [raw_topic(publisher, families[name])
           for publisher, names in families_of.items() for name in names if name in families]
    return [*SYSTEM_TOPICS, *raw, *map(event_topic, families.values()),
            *map(result_topic, registry.results().values())]


def ensure_topics(admin: KafkaAdminClient, topics: Iterable[Topic]) -> list[str]:
    """Create the topics that are missing; give their names. Partitions are never changed."""
    known = set(admin.list_topics())
    missing = {topic.name: topic for topic in topics if topic.name not in known}
    if missing:
        replication = read_settings().replication
        with contextlib.suppress(TopicAlreadyExistsError):  # somebody was quicker
            admin.create_topics({
                name: {"num_partitions": topic.partitions, "replication_factor": replication,
                       "configs": _configs(topic)} for name, topic in missing.items()})
    return sorted(missing)


def align_settings(admin: KafkaAdminClient, topics: Iterable[Topic]) -> None:
    """Set the settings of topics to what their declarations say today."""
    admin.alter_configs([
        ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=_configs(topic))
        for topic in topics])
