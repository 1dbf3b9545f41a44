"""Test on a real broker that topics are made as declared, and follow changed settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from kafka import KafkaAdminClient

from schemas import registry
from schemas.render.kafka import SYSTEM_TOPICS, Topic
from streams.broker import client_config, open_admin
from streams.topics import align_settings, declared_topics, ensure_topics

MINE = Topic("raw-test-topics--probe", 3, {"retention.ms": "3600000", "cleanup.policy": "delete"})


def test_every_declaration_has_its_topics_and_no_two_share_a_name() -> None:
    topics = declared_topics({"bus": ["vehicle-position", "gone-family"], "cab": []})
    names = [topic.name for topic in topics]
    assert len(set(names)) == len(names)
    assert {"raw-bus--vehicle-position"} == {name for name in names if name.startswith("raw-")}
    for name in registry.families():
        assert f"event-{name}" in names
    for name in registry.results():
        assert f"result-{name}" in names
    assert {topic.name for topic in SYSTEM_TOPICS} <= set(names)


def test_the_broker_stamps_the_arrival_of_what_publishers_send() -> None:
    for topic in declared_topics({"bus": sorted(registry.families())}):
        if topic.name.startswith("raw-"):
            assert topic.settings["message.timestamp.type"] == "LogAppendTime", topic.name
            assert topic.settings.get("cleanup.policy", "delete") == "delete"


@pytest.fixture
def admin(registered: str) -> Iterator[KafkaAdminClient]:
    """Open the administration client."""
    one = open_admin()
    yield one
    one.close()


def settings_of(names: list[str]) -> dict[str, dict[str, str]]:
    """Read the settings of topics from the broker."""
    client = AdminClient({**client_config("admin"), "log_level": 0})
    asked = client.describe_configs([ConfigResource(ResourceType.TOPIC, name) for name in names])
    return {one.name: {key: entry.value for key, entry in future.result(15).items()}
            for one, future in asked.items()}


def partitions(name: str) -> int:
    """Count the partitions of a topic."""
    client = AdminClient({**client_config("admin"), "log_level": 0})
    return len(client.list_topics(timeout=10).topics[name].partitions)


@pytest.mark.live
def test_topics_stand_on_the_broker_as_declared(admin: KafkaAdminClient) -> None:
    topics = declared_topics({})
    assert ensure_topics(admin, topics) == []
    found = settings_of([topic.name for topic in topics])
    for topic in topics:
        assert topic.settings.items() <= found[topic.name].items(), topic.name


@pytest.mark.live
def test_a_missing_topic_is_made_once(admin: KafkaAdminClient) -> None:
    assert ensure_topics(admin, [MINE, *SYSTEM_TOPICS]) == [MINE.name]
    assert ensure_topics(admin, [MINE, *SYSTEM_TOPICS]) == []
    assert partitions(MINE.name) == 3


@pytest.mark.live
def test_changed_settings_are_followed_and_partitions_are_not(admin: KafkaAdminClient) -> None:
    ensure_topics(admin, [MINE])
    changed = replace(MINE, partitions=5, settings={"retention.ms": "7200000"})
    ensure_topics(admin, [changed])
    align_settings(admin, [changed])
    found = settings_of([MINE.name])[MINE.name]
    assert found["retention.ms"] == "7200000"
    assert partitions(MINE.name) == 3
