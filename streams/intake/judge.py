"""Judge events at the door with the functions of the gate, so that both say the same."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from schemas.declare import Family
from schemas.errors import Reason, Refusal
from schemas.render.kafka import raw_name
from schemas.wire import decode, shown
from streams.intake.items import Item
from streams.masking import mask_refusal
from streams.origin import refuse_payload, refuse_source
from streams.record import Record, identify, observe, refuse_id, refuse_untimely

DETAIL_CHARACTERS = 300
log = logging.getLogger(__name__)
Headers = list[tuple[str, str | bytes | None]]


@dataclass(slots=True)
class Ready:
    """Hold an event that may go to the raw topic, with its key and ce_ headers."""

    body: bytes
    key: bytes
    headers: Headers


@dataclass(slots=True)
class Judged:
    """Hold the id of an event, empty when it cannot be known, and what is made of it."""

    event_id: str
    found: Ready | Refusal


def tell(refusal: Refusal) -> dict[str, str]:
    """Lay a refusal out for the publisher, its explanation cut where it is very long."""
    return {"reason": str(refusal.reason), "field": refusal.field, "value": refusal.value,
            "detail": refusal.detail[:DETAIL_CHARACTERS]}


def judge(item: Item, publisher: str, family: Family, now_ms: int) -> Judged:
    """Judge one event at a moment (epoch ms); whatever goes wrong is a refusal."""
    try:
        judged = _judge(item, publisher, family, now_ms)
        if isinstance(judged.found, Refusal):
            judged.found = mask_refusal(family, judged.found)
        return judged
    except Exception as error:  # one event must not spoil the others of its request
        log.exception("could not judge an event of %s", family.name)
        return Judged("", Refusal(Reason.INTERNAL, "$", type(error).__name__,
                                  "the intake could not judge the event"))


def _judge(item: Item, publisher: str, family: Family, now_ms: int) -> Judged:
    """Judge one event; see `judge`."""
    if item.refusal is not None:
        return Judged("", item.refusal)
    told = {name: value.encode() for name, value in item.attributes.items()}
    record = Record(raw_name(publisher, family.name), 0, 0, now_ms, item.body,
                    ce_id=told.get("id"), ce_time=told.get("time"))
    event = decode(family, item.body)
    if isinstance(event, Refusal):
        return Judged(item.attributes.get("id", ""), event)
    event_id = identify(record, event)
    refusal = refuse_id(record) or _refuse_foreign(item, publisher, family)
    if refusal is not None:
        return Judged(event_id, refusal)
    observed = observe(record, event)
    if isinstance(observed, Refusal):
        return Judged(event_id, observed)
    late = refuse_untimely(observed, record, family.horizon_seconds, replayed=False)
    if late is not None:
        return Judged(event_id, late)
    key = str(getattr(event, family.key.name)).encode()
    return Judged(event_id, Ready(item.body, key, _headers(told, publisher, family)))


def _refuse_foreign(item: Item, publisher: str, family: Family) -> Refusal | None:
    """Refuse an event that says to be of another publisher or family."""
    kind = item.attributes.get("type", family.name)
    if kind != family.name:
        return Refusal(Reason.UNKNOWN_FAMILY, "type", shown(None, kind),
                       f"this address takes {family.name}")
    return (refuse_source("source", item.attributes.get("source", ""), publisher)
            or refuse_payload(item.body, publisher))


def _headers(told: dict[str, bytes], publisher: str, family: Family) -> Headers:
    """Give the record headers: what the event said, and type and source as they are known."""
    attributes = told | {"specversion": b"1.0", "type": family.name.encode(),
                         "source": publisher.encode()}
    return [(f"ce_{name}", value) for name, value in attributes.items()]
