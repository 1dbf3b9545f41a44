"""Publish events to the city: a small typed class that everything of ours uses.

    with Publisher("city-traffic") as publisher:
        publisher.send("vehicle-position", {"vehicle_id": "鲁A12345", ...})

An event is refused here with field, value and reason, exactly as the gate would refuse it; what the
broker confirms is counted, and a record that it refuses does not take its neighbours with it.
Systems elsewhere give `read_credentials(FILE)` instead of a name. Either client of Kafka will do:
confluent-kafka where it is installed, else kafka-python.
"""

from __future__ import annotations

import atexit
import logging
import time
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

import msgspec

from schemas import registry
from schemas.errors import ComponentError, Refusal
from schemas.render.kafka import MAX_RECORD_BYTES, raw_name
from schemas.wire import check
from streams.credentials import Credentials, local_credentials
from streams.delivery.base import (
    BATCH_BYTES,
    OPEN_SECONDS,
    SETTLE_SECONDS,
    Delivery,
    Headers,
    Tally,
    Trouble,
    TroubleError,
    explain,
    is_reachable,
)
from streams.origin import refuse_payload

FLUSH_SECONDS = 30.0
# a record travels in a batch of at least its own size: this much is kept free for the batch's head
_BATCH_HEAD_BYTES = 2_048
# how long one call of a client may last before Ctrl-C is heard
_SLICE_SECONDS = 0.25
CLIENTS = ("confluent", "plain")
log = logging.getLogger(__name__)


class EventRefusedError(ValueError):
    """Tell that an event breaks its declaration; `refusal` says field, value and reason."""

    def __init__(self, refusal: Refusal) -> None:
        """Hold the refusal."""
        super().__init__(f"{refusal.reason}: {refusal.field}={refusal.value}: {refusal.detail}")
        self.refusal = refusal


def open_delivery(credentials: Credentials, tally: Tally, client: str, linger_ms: int) -> Delivery:
    """Log in by a client of CLIENTS, the best installed where none is named."""
    chosen = client or ("confluent" if find_spec("confluent_kafka") else "plain")
    if chosen == "confluent":
        from streams.delivery.confluent import ConfluentDelivery as Client
    else:
        from streams.delivery.plain import PlainDelivery as Client  # type: ignore[assignment]
    return Client(credentials, tally, linger_ms=linger_ms, batch_bytes=BATCH_BYTES)


class Publisher:
    """Publish events of one publishing system under its own account and topic prefix."""

    def __init__(self, who: str | Credentials, *, verify: bool = True, client: str = "",
                 linger_ms: int = 5, wait_seconds: float = FLUSH_SECONDS) -> None:
        """Log in as a system of this machine, or with the credentials given.

        `verify=False` leaves all checking to the gate. While the buffer is full a call waits, and
        gives up when the broker has confirmed nothing for `wait_seconds`. Raise ComponentError
        when the broker is away or does not let the account in.
        """
        self._credentials = local_credentials(who) if isinstance(who, str) else who
        self.account = self._credentials.publisher
        self._verify, self._wait_seconds = verify, wait_seconds
        self._encode = msgspec.json.Encoder().encode
        self._tally = Tally()
        self._topics: dict[str, str] = {}
        try:
            self._delivery = open_delivery(self._credentials, self._tally, client, linger_ms)
        except TroubleError as error:
            raise ComponentError(explain(error.trouble, self._credentials)) from error
        self._closed = False
        # after the client has registered its own, which gives up after a second: ours runs before
        atexit.register(self._leave)

    @property
    def delivered(self) -> int:
        """Give how many records the broker has confirmed, as far as was polled."""
        return self._tally.delivered

    @property
    def failures(self) -> list[str]:
        """Give why records were refused, the first hundred since the last flush."""
        return self._tally.failures

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
        if self._verify:
            refusal = check(declared, body) or refuse_payload(body, self.account)
            if refusal is not None:
                raise EventRefusedError(refusal)
        chosen = key if key is not None else str(payload.get(declared.key.name, ""))
        self.send_raw(family, body, key=chosen, headers={
            "ce_specversion": b"1.0", "ce_type": family.encode(),
            "ce_source": self.account.encode(), **(headers or {})})

    def send_raw(self, family: str, body: bytes, *, key: str,
                 headers: dict[str, bytes] | None = None) -> None:
        """Queue bytes as they are, waiting when the buffer is full; the gate will judge them.

        Raise ComponentError when the family's topic is missing or may not be written, when the
        buffer stays full, or after the end.
        """
        topic = self._topics.get(family) or self._find_topic(family)
        if self._closed:
            raise ComponentError(f"publisher {self.account}: closed already; open another one")
        pairs = list((headers or {}).items())
        if _size(key, body, pairs) > MAX_RECORD_BYTES - _BATCH_HEAD_BYTES:
            self._tally.take(topic, Trouble.TOO_LARGE)
            return
        if not self._delivery.offer(topic, key.encode(), body, pairs):
            self._offer_patiently(topic, key.encode(), body, pairs)

    def _find_topic(self, family: str) -> str:
        """Find the topic of a family; one made a moment ago may take the broker some time."""
        topic, began = raw_name(self.account, family), time.monotonic()
        while (trouble := self._delivery.look(topic)) is not None:
            waited = time.monotonic() - began
            if waited > (SETTLE_SECONDS if trouble is Trouble.FORBIDDEN else OPEN_SECONDS):
                raise ComponentError(explain(trouble, self._credentials, topic))
            time.sleep(_SLICE_SECONDS)
        self._topics[family] = topic
        return topic

    def _offer_patiently(self, topic: str, key: bytes, body: bytes, headers: Headers) -> None:
        """Wait for room in the buffer for as long as the broker answers at all."""
        settled, since = self._tally.settled, time.monotonic()
        while not self._delivery.offer(topic, key, body, headers):
            self._delivery.poll(0.1)
            if self._tally.settled != settled:
                settled, since = self._tally.settled, time.monotonic()
            if time.monotonic() - since > self._wait_seconds:
                raise ComponentError(
                    f"{self._diagnosis()} (the buffer is full, and nothing was confirmed for"
                    f" {self._wait_seconds:g} s)")

    def _diagnosis(self) -> str:
        """Say why the broker does not answer."""
        away = not is_reachable(self._credentials)
        return explain(Trouble.AWAY if away else Trouble.UNCONFIRMED, self._credentials)

    def poll(self) -> None:
        """Take note of what the broker has confirmed so far."""
        self._delivery.poll(0)

    def flush(self, seconds: float = FLUSH_SECONDS) -> None:
        """Wait until everything queued is confirmed; raise ComponentError on what is not."""
        until = time.monotonic() + seconds
        while left := self._delivery.flush(_SLICE_SECONDS):
            if time.monotonic() >= until:
                break
        if self.failures:
            first = self.failures[0]
            self.failures.clear()
            raise ComponentError(f"publisher {self.account}: the broker refused a record: {first}")
        if left:
            raise ComponentError(
                f"{self._diagnosis()} ({left} records not confirmed after {seconds:g} s)")

    def close(self) -> None:
        """Flush and disconnect; what is not confirmed by then is given up, and told."""
        if self._closed:
            return
        try:
            self.flush()
        finally:
            self._closed = True
            atexit.unregister(self._leave)
            self._delivery.close()

    def _leave(self) -> None:
        """Flush at the end of a program that did not close."""
        try:
            self.close()
        except ComponentError as error:
            log.error("%s", error)

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


def _size(key: str, body: bytes, headers: Headers) -> int:
    """Give about how many bytes a record takes, uncompressed."""
    return len(body) + len(key) * 4 + sum(len(name) + len(value) + 10 for name, value in headers)
