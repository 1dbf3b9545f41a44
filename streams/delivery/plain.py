"""Deliver by kafka-python, where nothing compiled can be installed.

Its idempotent producer (3.0.12) ends for good at the first record that the broker refuses: every
record after it fails with the same error. So idempotence is off, and one request at a time keeps
the order; what a retry sends twice, the gate recognises by id, or without one by the payload.
Nor does it bound its buffer, which is done here.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from threading import Condition
from typing import Any

from kafka import KafkaProducer
from kafka.errors import (
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from streams.credentials import Credentials
from streams.delivery.base import (
    BUFFER_BYTES,
    BUFFER_RECORDS,
    DELIVERY_SECONDS,
    OPEN_SECONDS,
    Headers,
    Tally,
    Trouble,
    TroubleError,
    is_reachable,
)
from streams.tls import for_kafka_python

_REQUEST_SECONDS = 10.0
_TROUBLES: tuple[tuple[type[KafkaError], Trouble], ...] = (
    (UnknownTopicOrPartitionError, Trouble.MISSING),
    (TopicAuthorizationFailedError, Trouble.FORBIDDEN),
    (MessageSizeTooLargeError, Trouble.TOO_LARGE),
    (RecordListTooLargeError, Trouble.TOO_LARGE),
)
logging.getLogger("kafka").addHandler(logging.NullHandler())


def _settings(credentials: Credentials, linger_ms: int, batch_bytes: int) -> dict[str, Any]:
    """Give the settings of the producer; its default partitioner is murmur2, as Java's."""
    return {
        "bootstrap_servers": credentials.bootstrap.split(","),
        **for_kafka_python(credentials.authority), "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": credentials.account, "sasl_plain_password": credentials.password,
        "client_id": f"citybrain-{credentials.publisher}", "allow_auto_create_topics": False,
        "acks": "all", "enable_idempotence": False, "max_in_flight_requests_per_connection": 1,
        "compression_type": _compression(), "linger_ms": linger_ms, "batch_size": batch_bytes,
        "bootstrap_timeout_ms": round(OPEN_SECONDS * 1000), "max_block_ms": 1_000,
        "reconnect_backoff_max_ms": 1_000, "request_timeout_ms": round(_REQUEST_SECONDS * 1000),
        "delivery_timeout_ms": round(DELIVERY_SECONDS * 1000), "metrics_enabled": False}


def _compression() -> str:
    """Give the best codec at hand; gzip needs no further package."""
    from kafka.codec import has_lz4
    return "lz4" if has_lz4() else "gzip"


class PlainDelivery:
    """Deliver by kafka-python."""

    def __init__(self, credentials: Credentials, tally: Tally, *, linger_ms: int,
                 batch_bytes: int) -> None:
        """Log in, or raise TroubleError."""
        self._credentials, self._tally = credentials, tally
        self._changed = Condition()
        self._records = self._bytes = 0
        try:
            self._producer = KafkaProducer(**_settings(credentials, linger_ms, batch_bytes))
        except KafkaError as error:
            away = not is_reachable(credentials)
            raise TroubleError(Trouble.AWAY if away else Trouble.LOGIN) from error

    def look(self, topic: str) -> Trouble | None:
        """Ask the broker once whether a topic is there and may be written."""
        try:
            self._producer.partitions_for(topic)
        except KafkaTimeoutError:
            return Trouble.MISSING if is_reachable(self._credentials) else Trouble.AWAY
        except KafkaError as error:
            return _trouble(error) or Trouble.AWAY
        return None

    def offer(self, topic: str, key: bytes, body: bytes, headers: Headers) -> bool:
        """Queue a record; False when the buffer is full."""
        size = len(body)
        with self._changed:
            if self._records > 0 and (self._bytes + size > BUFFER_BYTES
                                      or self._records >= BUFFER_RECORDS):
                return False
            self._records, self._bytes = self._records + 1, self._bytes + size
        try:
            self._producer.send(topic, body, key, headers).add_both(self._answer, topic, size)
        except (KafkaError, ValueError) as error:
            self._answer(topic, size, error)
        except BaseException:  # Ctrl-C: nobody will tell what became of it, so nobody waits for it
            self._forget(size)
            raise
        return True

    def _answer(self, topic: str, size: int, answer: object) -> None:
        """Take the answer on one record, in the client's own thread: an error, or its place."""
        failed = isinstance(answer, Exception)
        self._tally.take(topic, _why(answer) if failed else None)
        self._forget(size)

    def _forget(self, size: int) -> None:
        """Make room in the buffer."""
        with self._changed:
            self._records, self._bytes = self._records - 1, self._bytes - size
            self._changed.notify_all()

    def poll(self, seconds: float) -> None:
        """Wait for an answer for so long."""
        with self._changed:
            if self._records > 0 and seconds:
                self._changed.wait(seconds)

    def flush(self, seconds: float) -> int:
        """Push what is queued for so long; give how many records have no answer yet."""
        until = time.monotonic() + seconds
        with suppress(KafkaTimeoutError):
            self._producer.flush(seconds)
        with self._changed:  # the answers are taken just after the client's own flush ends
            while self._records > 0 and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)
            return max(0, self._records)

    def close(self) -> None:
        """Give up what has no answer yet, and let go."""
        if self._records > 0:
            # close() flushes first, and raises before it has closed anything when that fails
            self._producer._sender.force_close()
            self._producer._sender.join(2.0)
        with suppress(KafkaTimeoutError):
            self._producer.close(timeout=2.0)


def _trouble(error: object) -> Trouble | None:
    """Name what a client's error means to a publisher."""
    return next((trouble for kind, trouble in _TROUBLES if isinstance(error, kind)), None)


def _why(error: object) -> str:
    """Say why a record was refused."""
    return str(_trouble(error) or error)
