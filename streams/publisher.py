"""Publish events to the city: a small typed class that everything of ours uses.

    with Publisher("city-traffic") as publisher:
        publisher.send("vehicle-position", {"vehicle_id": "鲁A12345", ...})

An event is refused here with field, value and reason, exactly as the gate would refuse it; what the
broker confirms is counted, and a record that it refuses does not take its neighbours with it.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message

from schemas import registry
from schemas.errors import ComponentError, Refusal
from schemas.wire import check
from streams.broker import open_producer

FLUSH_SECONDS = 30.0


class EventRefusedError(ValueError):
    """Tell that an event breaks its declaration; `refusal` says field, value and reason."""

    def __init__(self, refusal: Refusal) -> None:
        """Hold the refusal."""
        super().__init__(f"{refusal.reason}: {refusal.field}={refusal.value}: {refusal.detail}")
        self.refusal = refusal


class Publisher:
    """Publish events of one publishing system under its own account and topic prefix."""

    def __init__(self, account: str, *, verify: bool = True, **producer_settings: Any) -> None:
        """Connect as `account`; `verify=False` leaves all checking to the gate."""
        self.account = account
        self.delivered = 0
        self.failures: list[str] = []
        self._verify = verify
        self._encode = msgspec.json.Encoder().encode
        self._producer = open_producer(account, **producer_settings)

    def send(self, family: str, payload: dict[str, Any], *, event_id: str | None = None,
             observed_at_ms: int | None = None, key: str | None = None,
             headers: dict[str, bytes] | None = None) -> None:
        """Queue one event; raise EventRefusedError when it breaks its declaration.

        `observed_at_ms` is epoch milliseconds, now when neither it nor the payload says.
        """
        declared = registry.get_family(family)
        if observed_at_ms is None and "observed_at" not in payload:
            observed_at_ms = time.time_ns() // 1_000_000
        envelope = {"id": event_id, "observed_at": observed_at_ms}
        body = self._encode({**payload, **{k: v for k, v in envelope.items() if v is not None}})
        if self._verify and (refusal := check(declared, body)) is not None:
            raise EventRefusedError(refusal)
        chosen = key if key is not None else str(payload.get(declared.key.name, ""))
        self.send_raw(family, body, key=chosen, headers={
            "ce_specversion": b"1.0", "ce_type": family.encode(),
            "ce_source": self.account.encode(), **(headers or {})})

    def send_raw(self, family: str, body: bytes, *, key: str,
                 headers: dict[str, bytes] | None = None) -> None:
        """Queue bytes as they are, waiting when the buffer is full; the gate will judge them."""
        topic = f"raw-{self.account}--{family}"
        while True:
            try:
                self._producer.produce(topic, value=body, key=key.encode(),
                                       headers=list((headers or {}).items()),
                                       on_delivery=self._on_delivery)
                break
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                self._fail(topic, str(error))
                break
        self._producer.poll(0)

    def _on_delivery(self, error: KafkaError | None, message: Message) -> None:
        """Count a confirmed record or keep why the broker refused it (the first hundred)."""
        if error is None:
            self.delivered += 1
        else:
            self._fail(message.topic() or "", error.str())

    def _fail(self, topic: str, why: str) -> None:
        """Keep why a record was refused."""
        if len(self.failures) < 100:
            self.failures.append(f"{topic}: {why}")

    def poll(self) -> None:
        """Take note of what the broker has confirmed so far."""
        self._producer.poll(0)

    def flush(self, seconds: float = FLUSH_SECONDS) -> None:
        """Wait until everything queued is confirmed; raise ComponentError on what is not."""
        try:
            left = self._producer.flush(seconds)
        except KafkaException as error:
            raise ComponentError(f"publisher {self.account}: {error}") from error
        if self.failures:
            first, self.failures = self.failures[0], []
            raise ComponentError(f"publisher {self.account}: the broker refused a record: {first}")
        if left:
            raise ComponentError(
                f"publisher {self.account}: {left} records not confirmed after {seconds:g} s;"
                " is the broker up and the password right?")

    def close(self) -> None:
        """Flush and disconnect."""
        self.flush()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        """Flush on the way out; what went wrong before is told first."""
        try:
            self.close()
        except ComponentError as error:
            if value is None:
                raise
            value.add_note(str(error))
