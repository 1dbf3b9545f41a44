"""Deliver by confluent-kafka (librdkafka): idempotent, so that the client's retries add nothing."""

from __future__ import annotations

import logging
import time
from typing import Any, cast

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from streams.credentials import Credentials
from streams.delivery.base import (
    BUFFER_BYTES,
    BUFFER_RECORDS,
    DELIVERY_SECONDS,
    OPEN_SECONDS,
    SETTLE_SECONDS,
    Headers,
    Tally,
    Trouble,
    TroubleError,
    is_reachable,
)
from streams.tls import for_confluent

_SLICE_SECONDS = 0.25
_TROUBLES = {
    KafkaError.UNKNOWN_TOPIC_OR_PART: Trouble.MISSING,
    KafkaError._UNKNOWN_TOPIC: Trouble.MISSING,
    KafkaError.TOPIC_AUTHORIZATION_FAILED: Trouble.FORBIDDEN,
    KafkaError.MSG_SIZE_TOO_LARGE: Trouble.TOO_LARGE,
}


def _settings(credentials: Credentials, linger_ms: int, batch_bytes: int) -> dict[str, Any]:
    """Give the settings of the producer; it is silent in a program that keeps no log."""
    silent: dict[str, Any] = {} if logging.getLogger().handlers else {"log_level": 0}
    return {
        "bootstrap.servers": credentials.bootstrap, **for_confluent(credentials.authority),
        "sasl.mechanism": "SCRAM-SHA-256", "sasl.username": credentials.account,
        "sasl.password": credentials.password, "client.id": f"citybrain-{credentials.publisher}",
        "enable.idempotence": True, "compression.type": "lz4", "linger.ms": linger_ms,
        "batch.size": batch_bytes, "partitioner": "murmur2_random",
        "message.timeout.ms": round(DELIVERY_SECONDS * 1000),
        "topic.metadata.propagation.max.ms": round(OPEN_SECONDS * 1000),
        "queue.buffering.max.messages": BUFFER_RECORDS,
        "queue.buffering.max.kbytes": BUFFER_BYTES >> 10, "log.connection.close": False, **silent}


class ConfluentDelivery:
    """Deliver by librdkafka."""

    def __init__(self, credentials: Credentials, tally: Tally, *, linger_ms: int,
                 batch_bytes: int) -> None:
        """Log in, or raise TroubleError."""
        self._credentials, self._tally = credentials, tally
        self._locked_out_since = 0.0
        self._producer = Producer(
            {**_settings(credentials, linger_ms, batch_bytes), "error_cb": self._on_error})
        self._log_in()

    def _log_in(self) -> None:
        """Wait until the broker answers; a password just set may take it a moment to know."""
        began = time.monotonic()
        while True:
            try:
                self._producer.list_topics(timeout=_SLICE_SECONDS)
                return
            except KafkaException:
                self._producer.poll(0)
            now = time.monotonic()
            if self._locked_out_since and now - began > SETTLE_SECONDS:
                raise TroubleError(Trouble.LOGIN)
            if now - began > OPEN_SECONDS:
                away = not is_reachable(self._credentials)
                raise TroubleError(Trouble.AWAY if away else Trouble.LOGIN)

    def _on_error(self, error: KafkaError) -> None:
        """Note that the broker did not let the account in."""
        if error.code() == KafkaError._AUTHENTICATION:
            self._locked_out_since = self._locked_out_since or time.monotonic()

    def look(self, topic: str) -> Trouble | None:
        """Ask the broker once whether a topic is there and may be written."""
        try:
            error = self._producer.list_topics(topic, timeout=1.0).topics[topic].error
        except KafkaException:
            return Trouble.AWAY
        return None if error is None else _TROUBLES.get(error.code(), Trouble.AWAY)

    def offer(self, topic: str, key: bytes, body: bytes, headers: Headers) -> bool:
        """Queue a record; False when the buffer is full."""
        try:
            self._producer.produce(topic, value=body, key=key, headers=cast(Any, headers),
                                   on_delivery=self._on_delivery)
        except BufferError:
            return False
        except KafkaException as error:
            self._tally.take(topic, _why(error.args[0]))
        self._producer.poll(0)
        return True

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        """Take the broker's answer on one record."""
        self._tally.take(message.topic() or "", None if error is None else _why(error))

    def poll(self, seconds: float) -> None:
        """Take answers for so long."""
        self._producer.poll(seconds)

    def flush(self, seconds: float) -> int:
        """Push what is queued for so long; give how many records have no answer yet."""
        return self._producer.flush(seconds)

    def close(self) -> None:
        """Give up what has no answer yet."""
        self._producer.purge(blocking=False)
        self._producer.flush(1.0)


def _why(error: KafkaError) -> str:
    """Say why a record was refused."""
    return str(_TROUBLES.get(error.code()) or error.str())
