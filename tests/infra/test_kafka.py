"""Test the broker: accounts, ACLs, and what a publisher is refused."""

from __future__ import annotations

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from streams.broker import client_config

pytestmark = pytest.mark.live
MINE, OTHERS = "raw-agents--probe", "raw-strangers--probe"


@pytest.fixture(scope="module")
def broker(kafka: str) -> str:
    """Make two topics of which the account `agents` may write the first."""
    admin = AdminClient(client_config("admin"))
    for future in admin.create_topics([NewTopic(MINE, 1, 1), NewTopic(OTHERS, 1, 1)]).values():
        future.result(30)
    rule = AclBinding(ResourceType.TOPIC, "raw-agents--", ResourcePatternType.PREFIXED,
                      "User:agents", "*", AclOperation.WRITE, AclPermissionType.ALLOW)
    for future in admin.create_acls([rule]).values():
        future.result(30)
    return kafka


def _send(topic: str, **settings: object) -> KafkaError | None:
    """Send one record as `agents`; give the error of its delivery."""
    errors: list[KafkaError | None] = []
    producer = Producer({**client_config("agents"), "message.timeout.ms": 8000, "log_level": 0,
                         **settings})
    producer.produce(topic, b"{}", on_delivery=lambda error, _: errors.append(error))
    producer.flush(20)
    return errors[0]


def test_account_writes_below_its_prefix(broker: str) -> None:
    assert _send(MINE) is None


def test_account_is_refused_the_topic_of_another(broker: str) -> None:
    error = _send(OTHERS)
    assert error is not None
    assert error.code() == KafkaError.TOPIC_AUTHORIZATION_FAILED


def test_wrong_password_is_refused(broker: str) -> None:
    client = AdminClient({**client_config("agents"), "sasl.password": "wrong", "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=4)


def test_client_without_account_is_refused(broker: str) -> None:
    client = AdminClient({"bootstrap.servers": broker, "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=4)


def test_controller_listener_refuses_a_publisher(broker: str) -> None:
    from streams.settings import read_settings
    address = f"127.0.0.1:{read_settings().port('kafka_controller')}"
    client = AdminClient({**client_config("agents"), "bootstrap.servers": address,
                          "sasl.mechanism": "PLAIN", "log_level": 0})
    with pytest.raises(KafkaException):
        client.list_topics(timeout=4)


def test_topic_is_not_made_by_writing_to_it(broker: str) -> None:
    error = _send("raw-agents--unknown")
    assert error is not None
    assert "raw-agents--unknown" not in AdminClient(client_config("admin")).list_topics(
        timeout=10).topics
