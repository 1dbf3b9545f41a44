"""Judge one MQTT message by its topic and payload, as the HTTP intake judges a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas import registry
from schemas.declare import Family
from schemas.errors import Refusal
from schemas.render.kafka import PUBLISHER_NAME, raw_name
from streams.intake.body import WIRE_BYTES
from streams.intake.items import split
from streams.intake.judge import Ready, judge, tell
from streams.intake.limits import Limits
from streams.intake.media import Form
from streams.problems import Problem
from streams.publishers import Registration
from streams.settings import read_settings

FEEDBACK = "feedback"
# verdicts told of one message
MOST_VERDICTS = 100
_TOPIC = re.compile(r"city/v1/([^/]+)/([^/]+)(?:/.*)?", re.DOTALL)


@dataclass(slots=True)
class Admitted:
    """Hold what is made of a message: events for a raw topic, and verdicts on what was refused.

    `publisher` is empty where the topic names nobody to whom verdicts could be sent. What came
    `too_fast` was not read.
    """

    publisher: str = ""
    raw_topic: str = ""
    ready: list[Ready] = field(default_factory=list)
    refused: int = 0
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    too_fast: bool = False

    def refuse(self, verdict: dict[str, Any]) -> None:
        """Count one refusal, and keep the first of them."""
        self.refused += 1
        if len(self.verdicts) < MOST_VERDICTS:
            self.verdicts.append({"status": "refused", **verdict})


def is_feedback(topic: str) -> bool:
    """Tell whether a topic is one on which this door itself publishes verdicts."""
    found = _TOPIC.fullmatch(topic)
    return found is not None and found[2] == FEEDBACK


def feedback_topic(publisher: str) -> str:
    """Name the topic of the verdicts on a publisher's events."""
    return f"city/v1/{publisher}/{FEEDBACK}"


def admit(topic: str, payload: bytes, known: Mapping[str, Registration], limits: Limits,
          now_ms: int) -> Admitted:
    """Judge a message at a moment (epoch ms): one event, an array or lines of them.

    `known` are the registrations by name; `limits` hold what each may send, and what comes beyond
    is refused unread. That the sender may write this topic at all is the MQTT broker's to say, by
    its ACL.
    """
    admitted = Admitted()
    found = _TOPIC.fullmatch(topic)
    if found is None or not PUBLISHER_NAME.fullmatch(found[1]):
        admitted.refuse({"reason": "bad-topic", "detail": "write to city/v1/<publisher>/<family>"})
        return admitted
    admitted.publisher = found[1]
    family = registry.families().get(found[2])
    registered = known.get(found[1])
    if family is None:
        admitted.refuse({"reason": "unknown-family", "field": "$topic", "value": found[2][:64],
                         "detail": "no such family is declared"})
    elif (registered is None or registered.removed_at is not None
            or family.name not in registered.families):
        admitted.refuse({"reason": "not-registered", "field": "$topic", "value": found[1][:64],
                         "detail": f"{found[1][:64]} is not registered for {family.name}"})
    elif len(payload) > WIRE_BYTES:
        admitted.refuse({"reason": "too-large", "field": "$", "value": f"{len(payload)} bytes",
                         "detail": f"a message may have {WIRE_BYTES} bytes at most"})
    else:
        _judge_in_time(admitted, family, payload, limits, registered.quota_events, now_ms)
    return admitted


def _judge_in_time(admitted: Admitted, family: Family, payload: bytes, limits: Limits,
                   quota: int | None, now_ms: int) -> None:
    """Judge the events of a registered publisher that has not sent too much lately."""
    try:
        limits.check(admitted.publisher,
                     read_settings().intake_events if quota is None else quota)
    except Problem as problem:
        admitted.too_fast = True
        admitted.refuse({"reason": problem.kind, "field": "$", "value": "",
                         "detail": str(problem.detail)})
        return
    _judge(admitted, family, payload, now_ms)
    limits.charge(admitted.publisher, max(1, len(admitted.ready) + admitted.refused),
                  len(payload))


def _judge(admitted: Admitted, family: Family, payload: bytes, now_ms: int) -> None:
    """Judge the events of a message whose topic is good."""
    admitted.raw_topic = raw_name(admitted.publisher, family.name)
    try:
        items = split(_form(payload), {}, payload)
    except Problem as problem:
        admitted.refuse({"reason": problem.kind, "field": "$", "value": "",
                         "detail": str(problem.detail)})
        return
    for index, item in enumerate(items):
        one = judge(item, admitted.publisher, family, now_ms)
        if isinstance(one.found, Refusal):
            admitted.refuse({"index": index, "id": one.event_id, **tell(one.found)})
        else:
            admitted.ready.append(one.found)


def _form(payload: bytes) -> Form:
    """Tell lines of objects from one object or array: MQTT 3.1.1 names no media type."""
    stripped = payload.strip()
    lines = stripped.startswith(b"{") and re.search(rb"\}\s*\n\s*\{", stripped) is not None
    return Form.LINES if lines and _each_line_closes(stripped) else Form.JSON


def _each_line_closes(payload: bytes) -> bool:
    """Tell whether each line that is not blank begins and ends an object."""
    return all(line.strip().startswith(b"{") and line.strip().endswith(b"}")
               for line in payload.split(b"\n") if line.strip())
