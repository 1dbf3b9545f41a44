"""Open Kafka clients for the accounts of the platform.

Volume goes through confluent-kafka, administration through kafka-python. Every client authenticates
with SCRAM-SHA-256; keys are spread by murmur2, as Java clients do, so that copies of an event meet
in one partition whichever client sent them.
"""

from __future__ import annotations

import logging
from typing import Any

from confluent_kafka import Consumer, Producer
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from schemas.errors import ComponentError
from streams.delivery.base import BATCH_BYTES
from streams.secrets import get_password
from streams.settings import read_settings
from streams.tls import for_confluent, for_kafka_python

logging.getLogger("kafka").addHandler(logging.NullHandler())


def client_config(account: str) -> dict[str, Any]:
    """Give the connection settings of an account for confluent-kafka.

    In a process that keeps no log, as a command, the client is silent: what is wrong is told once,
    by the error in which the command ends.
    """
    silent: dict[str, Any] = {} if logging.getLogger().handlers else {"log_level": 0}
    return {
        "bootstrap.servers": read_settings().bootstrap,
        **for_confluent(), "sasl.mechanism": "SCRAM-SHA-256",
        "sasl.username": account, "sasl.password": get_password("kafka", account),
        "client.id": f"citybrain-{account}", "log.connection.close": False,
        **silent,
    }


def open_producer(account: str, **settings: Any) -> Producer:
    """Open an idempotent producer (acks=all, lz4, linger 5 ms)."""
    return Producer({
        **client_config(account), "enable.idempotence": True, "compression.type": "lz4",
        "linger.ms": 5, "batch.size": BATCH_BYTES, "partitioner": "murmur2_random",
        "queue.buffering.max.messages": 100_000, "queue.buffering.max.kbytes": 65_536, **settings})


def open_consumer(account: str, group: str, **settings: Any) -> Consumer:
    """Open a consumer that starts at the earliest record and commits only when told to.

    What it holds unread is bounded; a full queue is looked at again at once, and not, as by
    default, after a second, in which a fast reader stands idle.
    """
    return Consumer({
        **client_config(account), "group.id": group, "enable.auto.commit": False,
        "auto.offset.reset": "earliest", "queued.max.messages.kbytes": 16_384,
        "fetch.queue.backoff.ms": 20, "fetch.wait.max.ms": 100,
        "topic.metadata.refresh.interval.ms": 5_000, **settings})


def open_admin(account: str = "admin") -> KafkaAdminClient:
    """Open an administration client; raise ComponentError when the broker is away or refuses."""
    settings = read_settings()
    try:
        return KafkaAdminClient(
            bootstrap_servers=settings.bootstrap, **for_kafka_python(),
            sasl_mechanism="SCRAM-SHA-256", sasl_plain_username=account,
            sasl_plain_password=get_password("kafka", account), client_id=f"citybrain-{account}")
    except KafkaError as error:
        raise ComponentError(
            f"Kafka at {settings.bootstrap} does not answer account {account!r}: {error!r}"
        ) from error
