"""Test on a real broker that each account may do what it is for, and nothing else."""

from __future__ import annotations

import time

import pytest
from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from schemas import registry
from streams.accounts import RIGHTS
from streams.broker import client_config, open_admin, open_consumer
from streams.publisher import Publisher
from streams.publishers import Registration, register

pytestmark = pytest.mark.live
RAW, OTHERS = "raw-test-buses--parking-occupancy", "raw-test-cabs--parking-occupancy"
TOPICS = (RAW, "feedback", "event-parking-occupancy", "result-parking-state", "dead-letters",
          "gate-ledger", "publisher-progress", "window-final", "publishers", "rules",
          "intake-tokens", "repaired", "audit", "audit-heads", "vault")
# r reads, w writes, d sees that it is there and how long it is; a dot is nothing; the columns are
# TOPICS in their order
MATRIX = {
    "gate":       "r  .  w  w  w  w  w  .  r  .  .  .  .  .  w",
    "sink":       ".  r  r  r  r  r  r  r  r  .  .  .  .  .  .",
    "agents":     ".  .  r  r  .  .  r  rw .  rw .  .  .  .  .",
    "ledger":     "d  .  r  .  r  .  .  .  .  .  .  .  .  .  .",
    "feedback":   ".  w  r  .  r  r  .  .  .  .  .  .  .  .  .",
    "intake":     "w  r  .  .  .  .  .  .  r  .  r  .  .  .  .",
    "folder":     ".  .  .  .  .  .  .  .  r  .  .  .  .  .  .",
    "mqtt":       "w  .  .  .  .  .  .  .  r  .  .  .  .  .  .",
    "vault":      "r  .  .  .  .  .  .  .  .  .  .  .  .  .  r",
    "repair":     "w  .  .  .  .  .  .  .  r  .  .  rw .  .  .",
    "rebuild":    ".  r  r  r  r  r  r  r  r  .  .  .  .  .  .",
    "audit":      ".  .  .  .  .  .  .  .  .  .  .  .  w  .  .",
    "anchor":     ".  .  .  .  .  .  .  .  .  .  .  .  .  w  .",
    "auditor":    ".  .  .  .  .  .  .  .  .  .  .  .  r  r  .",
    "test-buses": "w  .  .  .  .  .  .  .  .  .  .  .  .  .  .",
}
LETTERS = {"READ": "r", "WRITE": "w", "CREATE": "c", "DELETE": "x", "ALTER": "a",
           "ALTER_CONFIGS": "g", "DESCRIBE_CONFIGS": "s"}


@pytest.fixture(scope="module")
def publishers(registered: str) -> str:
    """Register two publishers of one family."""
    register(*(Registration(name, families=["parking-occupancy"])
               for name in ("test-buses", "test-cabs")))
    return registered


def rights(account: str) -> dict[str, str]:
    """Ask the broker what an account may do with each topic."""
    admin = AdminClient({**client_config(account), "log_level": 0})
    asked = admin.describe_topics(TopicCollection([*TOPICS, OTHERS]), request_timeout=15,
                                  include_authorized_operations=True)
    found = {}
    for topic, future in asked.items():
        try:
            operations = {one.name for one in future.result().authorized_operations or ()}
        except KafkaException as error:
            assert error.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED, topic
            operations = set()
        told = "".join(sorted(LETTERS[name] for name in operations - {"DESCRIBE"}))
        found[topic] = told or ("d" if operations else ".")
    return found


@pytest.mark.parametrize("account", MATRIX)
def test_an_account_has_exactly_the_rights_of_the_table(publishers: str, account: str) -> None:
    wanted = dict(zip(TOPICS, MATRIX[account].split(), strict=True))
    # what all raw topics are to an account of ours, another's is to a publisher
    wanted[OTHERS] = "." if account == "test-buses" else wanted[RAW]
    assert rights(account) == wanted


def test_the_table_tells_every_account() -> None:
    assert set(RIGHTS) == set(MATRIX) - {"test-buses"}


def test_no_account_of_ours_may_change_topics_accounts_or_rights(publishers: str) -> None:
    for account in MATRIX:
        admin = AdminClient({**client_config(account), "log_level": 0})
        told = admin.describe_cluster(include_authorized_operations=True, request_timeout=15)
        allowed = {one.name for one in told.result().authorized_operations or ()}
        assert allowed <= {"DESCRIBE", "IDEMPOTENT_WRITE"}, account


def test_a_publisher_cannot_read_what_it_wrote(publishers: str) -> None:
    with Publisher("test-buses") as publisher:
        publisher.send("parking-occupancy", registry.get_family("parking-occupancy").example)
    consumer = open_consumer("test-buses", "test-buses-spy", log_level=0)
    consumer.assign([TopicPartition(RAW, 0, 0)])
    codes: set[int] = set()
    until = time.monotonic() + 20.0
    while KafkaError.TOPIC_AUTHORIZATION_FAILED not in codes and time.monotonic() < until:
        for told in consumer.consume(10, 0.2):
            error = told.error()
            assert error is not None, "a publisher read a record"
            codes.add(error.code())
    consumer.close()
    assert KafkaError.TOPIC_AUTHORIZATION_FAILED in codes


def test_a_publisher_sees_nothing_of_our_groups(publishers: str) -> None:
    admin = AdminClient({**client_config("test-buses"), "log_level": 0})
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions("sink")])
    with pytest.raises(KafkaException) as caught:
        asked["sink"].result(15)
    assert caught.value.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED


def test_rights_are_given_once_however_often(publishers: str) -> None:
    from kafka.admin import (
        ACLFilter,
        ACLOperation,
        ACLPermissionType,
        ACLResourcePatternType,
        ResourcePatternFilter,
        ResourceType,
    )

    def count() -> int:
        admin = open_admin()
        found = admin.describe_acls(ACLFilter(
            None, None, ACLOperation.ANY, ACLPermissionType.ANY,
            ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)))
        admin.close()
        return len(found[0] if isinstance(found, tuple) else found)

    before = count()
    register(Registration("test-buses", families=["parking-occupancy"]))
    assert count() == before > 0
