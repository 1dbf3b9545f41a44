"""Test what is made of MQTT topics and payloads, good and bad."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from schemas import registry
from streams.doors.admission import Admitted, admit, feedback_topic, is_feedback
from streams.intake.body import WIRE_BYTES
from streams.intake.limits import Limits
from streams.publishers import Registration

FAMILY = registry.get_family("parking-occupancy")
TOPIC = f"city/v1/p/{FAMILY.name}"
KNOWN = {"p": Registration("p", families=[FAMILY.name], quota_events=10),
         "gone": Registration("gone", families=[FAMILY.name], removed_at=1)}
NOW = time.time_ns() // 1_000_000


def event(name: str = "e", **more: Any) -> dict[str, Any]:
    """Give an event that is good now."""
    return {**FAMILY.example, "id": name, "observed_at": NOW, **more}


def take(payload: object, topic: str = TOPIC, limits: Limits | None = None) -> Admitted:
    """Judge a message."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return admit(topic, body, KNOWN, Limits(0) if limits is None else limits, NOW)


def bodies(admitted: Admitted) -> list[str]:
    """Give the ids of what may go to the raw topic."""
    return [json.loads(one.body)["id"] for one in admitted.ready]


@pytest.mark.parametrize("topic", [TOPIC, f"{TOPIC}/", f"{TOPIC}/gate/7"])
def test_an_event_goes_to_the_raw_topic_of_its_publisher_and_family(topic: str) -> None:
    found = take(event(), topic)
    assert (found.raw_topic, bodies(found), found.refused) == (
        f"raw-p--{FAMILY.name}", ["e"], 0)
    assert dict(found.ready[0].headers)["ce_source"] == b"p"
    assert found.ready[0].key == FAMILY.example[FAMILY.key.name].encode()


@pytest.mark.parametrize("payload", [
    json.dumps([event("a"), event("b")]).encode(),
    b"\n".join(json.dumps(event(one)).encode() for one in "ab"),
    b"\r\n\r\n".join(json.dumps(event(one)).encode() for one in "ab") + b"\n"])
def test_a_message_may_carry_several_events(payload: bytes) -> None:
    assert bodies(take(payload)) == ["a", "b"]


def test_one_event_over_several_lines_is_one_event() -> None:
    assert bodies(take(json.dumps(event(), indent=2).encode())) == ["e"]
    deep = {**event(), "extra": [{"a": 1}, {"b": 2}]}
    assert bodies(take(json.dumps(deep, indent=0).encode())) == ["e"]


def test_one_bad_event_spoils_no_other() -> None:
    found = take([event("a"), event("b", occupied=10_000), event("c")])
    assert bodies(found) == ["a", "c"]
    [verdict] = found.verdicts
    assert (verdict["index"], verdict["status"], verdict["reason"], verdict["field"]) == (
        1, "refused", "above-field", "occupied")


@pytest.mark.parametrize("payload", [
    b"", b"\x00\xff", b"nonsense", b"[1,", b'{"a":1', b"null", b'"text"', b"[[]]", b"[" * 5_000,
    b"\xef\xbb\xbf{}", b'{"a":1}{"b":2}', "ä".encode("utf-16")])
def test_garbage_is_refused_and_told(payload: bytes) -> None:
    found = take(payload)
    assert found.ready == []
    assert found.refused == len(found.verdicts) == 1
    assert found.publisher == "p"


@pytest.mark.parametrize(("topic", "reason", "publisher"), [
    ("city/v1/p/no-such-family", "unknown-family", "p"),
    (f"city/v1/stranger/{FAMILY.name}", "not-registered", "stranger"),
    (f"city/v1/gone/{FAMILY.name}", "not-registered", "gone"),
    ("city/v1/p/grid-case", "not-registered", "p"),
    (f"city/v1/../{FAMILY.name}", "bad-topic", ""), (f"city/v1//{FAMILY.name}", "bad-topic", ""),
    (f"city/v1/P/{FAMILY.name}", "bad-topic", ""), ("city/v1/p", "bad-topic", ""),
    (f"city/v2/p/{FAMILY.name}", "bad-topic", ""), ("", "bad-topic", "")])
def test_topics_of_nobody_are_refused(topic: str, reason: str, publisher: str) -> None:
    found = take(event(), topic)
    assert (found.ready, found.publisher) == ([], publisher)
    assert [one["reason"] for one in found.verdicts] == [reason]


def test_too_much_is_refused_unread_and_verdicts_are_bounded() -> None:
    large = take(b" " * (WIRE_BYTES + 1))
    assert large.verdicts[0]["reason"] == "too-large"
    many = take([{"id": str(i)} for i in range(500)])
    assert (many.refused, len(many.verdicts)) == (500, 100)
    commas = take(b"[" + b"1," * 20_000 + b"1]")
    assert commas.verdicts[0]["reason"] == "too-many-events"


def test_an_event_that_names_another_is_refused() -> None:
    found = take(event(source="city-parking"))
    assert found.verdicts[0]["reason"] == "wrong-publisher"


def test_own_verdicts_are_known_again() -> None:
    assert is_feedback(feedback_topic("p"))
    assert is_feedback("city/v1/p/feedback/x")
    assert not is_feedback(TOPIC)


def test_what_comes_too_fast_is_refused_unread_until_the_debt_is_paid() -> None:
    now = [100.0]
    limits = Limits(0, lambda: now[0])
    many = [event(f"e{i}") for i in range(60)]
    assert len(take(many, limits=limits).ready) == 60  # the quota is 10 a second, the burst 50
    late = take(event("late"), limits=limits)
    assert (late.ready, late.refused, late.too_fast) == ([], 1, True)
    assert late.verdicts[0]["reason"] == "too-fast"
    assert "come again in 1 s" in late.verdicts[0]["detail"]
    assert not take(event(), TOPIC.replace("/p/", "/nobody/"), limits).too_fast
    now[0] += 1.01
    assert bodies(take(event("again"), limits=limits)) == ["again"]


def test_what_is_refused_costs_as_what_is_good() -> None:
    limits = Limits(1_000, lambda: 100.0)
    assert take(b"x" * 6_000, limits=limits).verdicts[0]["reason"] == "not-json"
    assert take(event(), limits=limits).too_fast
