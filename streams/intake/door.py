"""Say who may send what, and take a request's events to Kafka."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from anyio import CapacityLimiter, to_thread

from schemas.declare import Family
from schemas.errors import Refusal
from schemas.render.kafka import raw_name
from streams.disk import Guard
from streams.intake.body import unpack
from streams.intake.items import split
from streams.intake.judge import Judged, Ready, judge, tell
from streams.intake.limits import Limits
from streams.intake.measures import BYTES, EVENTS, REFUSALS
from streams.intake.media import Form
from streams.intake.sender import PATIENCE_SECONDS, Pending, Sender
from streams.metrics import EVENTS as ALL_EVENTS
from streams.problems import Problem
from streams.publishers import Registration

# unpacking and judging are work of the processor: more at once would only take more memory
WORKERS = 2
AWAY_SECONDS = 5
FULL_DISK_SECONDS = 60


class KnownTokens(Protocol):
    """Find publishers by the text of their tokens."""

    @property
    def is_ready(self) -> bool:
        """Tell whether the tokens were read."""

    def find(self, text: str) -> str | None:
        """Find the publisher of a token."""


class KnownPublishers(Protocol):
    """Know what is registered of publishers."""

    @property
    def is_ready(self) -> bool:
        """Tell whether the registrations were read."""

    def known(self) -> Mapping[str, Registration]:
        """Give the registrations by name."""


@dataclass(frozen=True, slots=True)
class Request:
    """Hold what a publisher sent: the packed body, its encoding and form, and HTTP headers."""

    publisher: str
    family: Family
    form: Form
    encoding: str
    body: bytes
    headers: Mapping[str, str]


class Door:
    """Authenticate, admit, judge, send, and tell what became of each event."""

    def __init__(self, tokens: KnownTokens, publishers: KnownPublishers, sender: Sender,
                 limits: Limits, events_rate: float,
                 clock: Callable[[], float] = time.time, disk: Guard | None = None) -> None:
        """Take who is known, where events go, what a publisher may send, and the disk.

        `events_rate` is for publishers without a quota of their own; `clock` gives epoch seconds.
        """
        self._disk = disk or Guard()
        self._tokens, self._publishers, self._sender = tokens, publishers, sender
        self.limits, self._events_rate, self._clock = limits, events_rate, clock
        self._workers = CapacityLimiter(WORKERS)

    @property
    def is_ready(self) -> bool:
        """Tell whether it is known who may send."""
        return self._tokens.is_ready and self._publishers.is_ready

    @property
    def is_full(self) -> bool:
        """Tell whether the disk is too full to take events."""
        return self._disk.is_full()

    def authenticate(self, authorization: str) -> str:
        """Give the publisher of an Authorization header; refuse any other (401)."""
        if not self.is_ready:
            raise Problem(503, "not-ready", "it is not known yet who may send; come again soon",
                          "尚未读到发布方名单，请稍后再试", {"Retry-After": str(AWAY_SECONDS)})
        scheme, _, text = authorization.partition(" ")
        publisher = self._tokens.find(text.strip()) if scheme.lower() == "bearer" else None
        if publisher is not None:
            return publisher
        challenge = 'Bearer realm="city-brain"' + (', error="invalid_token"' if text else "")
        raise Problem(401, "no-valid-token",
                      "send Authorization: Bearer with a token that is valid now",
                      "请在 Authorization 头中给出有效令牌", {"WWW-Authenticate": challenge})

    def admit(self, publisher: str, family: Family) -> None:
        """Refuse a family for which a publisher is not registered (403), and haste (429).

        Nobody's events are taken while the disk is too full for them (503).
        """
        if self.is_full:
            raise Problem(503, "disk-full", "the disk is too full to take events; send them again"
                          " when there is room", "磁盘空间不足，暂停接收，请稍后重发",
                          {"Retry-After": str(FULL_DISK_SECONDS)})
        registered = self._publishers.known().get(publisher)
        if (registered is None or registered.removed_at is not None
                or family.name not in registered.families):
            raise Problem(403, "not-registered", f"{publisher} is not registered for"
                          f" {family.name}", f"{publisher} 未登记发布 {family.name}",
                          publisher=publisher, family=family.name)
        quota = registered.quota_events
        self.limits.check(publisher, self._events_rate if quota is None else quota)

    def families(self, publisher: str) -> list[str]:
        """List the families for which a publisher is registered."""
        registered = self._publishers.known().get(publisher)
        return registered.families if registered else []

    async def take(self, request: Request) -> list[dict[str, Any]]:
        """Judge and send the events of a request; give one verdict each."""
        judged, pending = await to_thread.run_sync(self._judge_and_send, request,
                                                   limiter=self._workers)
        done = asyncio.wrap_future(pending.done)
        await asyncio.wait([done], timeout=self._sender.confirm_seconds + PATIENCE_SECONDS)
        confirmed = iter(list(pending.confirmed))
        verdicts = [_verdict(index, one, isinstance(one.found, Ready) and next(confirmed))
                    for index, one in enumerate(judged)]
        _count(request, verdicts)
        return verdicts

    def _judge_and_send(self, request: Request) -> tuple[list[Judged], Pending]:
        """Unpack, split, judge, queue: what a worker thread does."""
        size, items = len(request.body), []
        try:
            body = unpack(request.body, request.encoding)
            size = len(body)
            items = split(request.form, request.headers, body)
        finally:
            # what is refused whole cost the reading all the same
            self.limits.charge(request.publisher, max(1, len(items)), size)
            BYTES.labels(request.publisher).inc(size)
        now_ms = round(self._clock() * 1000)
        judged = [judge(item, request.publisher, request.family, now_ms) for item in items]
        ready = [one.found for one in judged if isinstance(one.found, Ready)]
        topic = raw_name(request.publisher, request.family.name)
        return judged, self._sender.send(topic, ready)


def _verdict(index: int, judged: Judged, confirmed: bool) -> dict[str, Any]:
    """Tell what became of one event."""
    told: dict[str, Any] = {"index": index, "id": judged.event_id}
    if isinstance(judged.found, Refusal):
        return told | {"status": "refused", **tell(judged.found)}
    return told | {"status": "accepted" if confirmed else "unknown"}


def _count(request: Request, verdicts: list[dict[str, Any]]) -> None:
    """Count what the answer tells."""
    family, topic = request.family.name, raw_name(request.publisher, request.family.name)
    for status, number in Counter(one["status"] for one in verdicts).items():
        EVENTS.labels(request.publisher, family, status).inc(number)
        ALL_EVENTS.labels(topic, status).inc(number)
    for reason, number in Counter(one["reason"] for one in verdicts if "reason" in one).items():
        REFUSALS.labels(family, reason).inc(number)
