"""List the requests that the HTTP intake must refuse whole, and records that the broker must."""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from confluent_kafka import KafkaError

from infra.drills.draft import Draft
from infra.drills.kinds import TOO_MUCH_BYTES, Fate
from schemas.errors import Reason as Why
from streams.intake.body import WIRE_BYTES
from streams.intake.items import MAX_EVENTS
from streams.intake.media import Form

JSON: dict[str, str] = {"Content-Type": Form.JSON}
LINES: dict[str, str] = {"Content-Type": Form.LINES}


@dataclass(frozen=True, slots=True)
class Call:
    """Hold a request: body and headers of a good event, changed; and how it must be answered.

    `told` is the kind of the problem document, or reason and field of the one event's refusal.
    """

    name: str
    status: int
    told: str | Fate
    body: Callable[[Draft], bytes] = Draft.encoded
    headers: Callable[[Draft], dict[str, str]] = lambda _: JSON
    family: str = "vehicle-position"
    token: str | None = None
    also: dict[str, Any] = field(default_factory=dict)


def _attributes(**changed: str | None) -> Callable[[Draft], dict[str, str]]:
    """Give the headers of a CloudEvent in binary mode, changed."""
    def headers(one: Draft) -> dict[str, str]:
        """Leave out what is None."""
        given = {"specversion": "1.0", "id": one.event_id, "source": one.publisher,
                 "type": one.family, **changed}
        return JSON | {f"ce-{name}": value for name, value in given.items() if value is not None}
    return headers


def _envelope(**changed: Any) -> Callable[[Draft], bytes]:
    """Give a CloudEvent in one piece, changed."""
    def body(one: Draft) -> bytes:
        """Write it."""
        return json.dumps({"specversion": "1.0", "id": one.event_id, "source": one.publisher,
                           "type": one.family, "data": one.payload, **changed}).encode()
    return body


def _structured(_: Draft) -> dict[str, str]:
    """Give the headers of a CloudEvent in one piece."""
    return {"Content-Type": Form.STRUCTURED}


def _packed(_: Draft) -> dict[str, str]:
    """Give the headers of packed lines."""
    return LINES | {"Content-Encoding": "gzip"}


CALLS: tuple[Call, ...] = (
    Call("no-token", 401, "no-valid-token", token=""),
    Call("wrong-token", 401, "no-valid-token", token=f"cb_{'0' * 16}_{'0' * 64}"),
    Call("family-not-declared", 404, "unknown-family", family="ship"),
    Call("family-not-registered", 403, "not-registered", family="service-item"),
    Call("body-over-the-limit", 413, "body-too-large", lambda _: b"x" * (WIRE_BYTES + 1)),
    Call("too-many-events", 413, "too-many-events", lambda _: b"{}\n" * (MAX_EVENTS + 1),
         lambda _: LINES),
    Call("gzip-bomb", 413, "body-too-large",
         lambda _: gzip.compress(b"\0" * (8 * WIRE_BYTES + 1), mtime=0), _packed),
    Call("bad-gzip", 400, "bad-gzip", Draft.encoded, _packed),
    Call("unknown-encoding", 415, "unsupported-encoding",
         headers=lambda _: JSON | {"Content-Encoding": "br"}),
    Call("xml-type", 415, "unsupported-type", headers=lambda _: {"Content-Type": "text/xml"}),
    Call("no-type", 415, "unsupported-type", headers=lambda _: {}),
    Call("charset-gbk", 415, "unsupported-charset",
         headers=lambda _: {"Content-Type": "application/json; charset=gbk"}),
    Call("ce-headers-on-lines", 400, "ce-headers", headers=lambda one: _attributes()(one) | LINES),
    Call("nested-arrays-over-http", 422, Fate(Why.NOT_JSON, "$"), lambda _: b"[" * 100_000),
    Call("ce-id-missing", 422, Fate(Why.MISSING_FIELD, "id"), headers=_attributes(id=None)),
    Call("ce-version-of-the-future", 422, Fate(Why.NOT_IN_LIST, "specversion"),
         headers=_attributes(specversion="2.0")),
    Call("ce-id-not-utf-8", 422, Fate(Why.BAD_HEADER, "id"), headers=_attributes(id="%ff%fe")),
    Call("ce-id-with-control", 422, Fate(Why.CONTROL_CHARACTER, "id"),
         headers=_attributes(id="a%00b")),
    Call("ce-id-too-long", 422, Fate(Why.TOO_LONG, "id"), headers=_attributes(id="x" * 257)),
    Call("ce-source-of-another", 422, Fate(Why.WRONG_PUBLISHER, "source"),
         headers=_attributes(source="city-traffic")),
    Call("ce-type-of-another", 422, Fate(Why.UNKNOWN_FAMILY, "type"),
         headers=_attributes(type="ship")),
    Call("ce-time-garbage", 422, Fate(Why.BAD_TIME, "ce_time"), headers=_attributes(time="noon")),
    Call("envelope-is-a-list", 422, Fate(Why.NOT_AN_OBJECT, "$"), lambda _: b"[]", _structured),
    Call("envelope-nested", 422, Fate(Why.NOT_JSON, "$"), lambda _: b'{"data":' * 100_000,
         _structured),
    Call("envelope-id-null", 422, Fate(Why.WRONG_TYPE, "id"), _envelope(id=None), _structured),
    Call("envelope-data-twice", 422, Fate(Why.WRONG_TYPE, "data_base64"),
         _envelope(data_base64="e30="), _structured),
    Call("envelope-bad-base64", 422, Fate(Why.WRONG_TYPE, "data_base64"),
         lambda one: json.dumps({"specversion": "1.0", "id": one.event_id, "type": one.family,
                                 "source": one.publisher, "data_base64": "?"}).encode(),
         _structured),
)


@dataclass(frozen=True, slots=True)
class Barred:
    """Hold a record that the broker itself must refuse, with the errors that say so."""

    name: str
    errors: tuple[int, ...]
    topic: str = "raw-{publisher}--vehicle-position"
    body: Callable[[], bytes] = lambda: b"{}"
    headers: tuple[tuple[str, bytes], ...] = ()


BARRED: tuple[Barred, ...] = (
    Barred("record-over-the-limit", (KafkaError.MSG_SIZE_TOO_LARGE,),
           body=lambda: os.urandom(TOO_MUCH_BYTES)),
    Barred("headers-over-the-limit", (KafkaError.MSG_SIZE_TOO_LARGE,),
           headers=(("bomb", os.urandom(TOO_MUCH_BYTES)),)),
    Barred("topic-of-another", (KafkaError.TOPIC_AUTHORIZATION_FAILED,),
           "raw-city-traffic--vehicle-position"),
    Barred("topic-that-is-not", (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC),
           "raw-{publisher}--nothing"),
)
