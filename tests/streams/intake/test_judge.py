"""Test that the door and the gate say the same of an event, whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from schemas import registry
from schemas.errors import Reason, Refusal
from streams.gate import Gate, Verdict
from streams.intake import judge as module
from streams.intake.items import Item
from streams.intake.judge import Ready, judge
from streams.privacy import Pseudonyms
from streams.record import Record

NOW = 1_764_000_000_000
FAMILY = registry.get_family("hotline-call")
PUBLISHER = "test-http"
NAMES = [*(one.name for one in FAMILY.fields), "id", "observed_at", "source", "other"]
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=True), st.text(max_size=40),
    st.integers(NOW - 7_200_000, NOW + 120_000), st.sampled_from([PUBLISHER, "another", "a\u0000"]))
CHANGES = st.dictionaries(st.sampled_from(NAMES), SCALARS | st.lists(SCALARS, max_size=2),
                          max_size=3)


def gate() -> Gate:
    """Give a gate that has seen nothing."""
    return Gate(locate=lambda lon, _: [""] * len(lon), to_wgs84=lambda _, lon, lat: (lon, lat),
                datum_of=lambda _: "wgs84", may_replay=lambda _: False,
                pseudonyms=Pseudonyms(b"key"), clock=lambda: NOW)


def at_the_gate(ready_or_raw: bytes, headers: dict[str, bytes]) -> dict[str, Any]:
    """Judge a record as it would lie in the raw topic; tell id, reason, field and value."""
    record = Record(f"raw-{PUBLISHER}--{FAMILY.name}", 0, 0, NOW, ready_or_raw,
                    ce_id=headers.get("ce_id"), ce_time=headers.get("ce_time"),
                    ce_source=headers.get("ce_source"))
    (judged,) = gate().judge([record])
    if judged.verdict is Verdict.ACCEPTED:
        return {"id": judged.event_id}
    letter = json.loads(judged.body)
    return {name: letter[name] for name in ("reason", "field", "value", "detail")}


def at_the_door(item: Item) -> dict[str, Any]:
    """Judge an item; tell the same."""
    judged = judge(item, PUBLISHER, FAMILY, NOW)
    if isinstance(judged.found, Refusal):
        one = judged.found
        return {"reason": one.reason, "field": one.field, "value": one.value, "detail": one.detail}
    return {"id": judged.event_id}


@settings(max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(CHANGES)
@example({})
@example({"id": "号" * 200})
def test_door_and_gate_agree_on_payloads(changes: dict[str, Any]) -> None:
    payload = {**FAMILY.example, "observed_at": NOW, **changes}
    body = json.dumps(payload).encode()
    assert at_the_door(Item(body)) == at_the_gate(body, {})


@settings(max_examples=2_000, deadline=None)
@given(st.binary(max_size=60))
def test_door_and_gate_agree_on_anything(body: bytes) -> None:
    assert at_the_door(Item(body)) == at_the_gate(body, {})


@settings(max_examples=500, deadline=None)
@given(st.text(max_size=30))
def test_door_and_gate_agree_on_the_time_of_an_attribute(time: str) -> None:
    body = json.dumps(FAMILY.example).encode()
    time = time.encode("utf-8", "replace").decode()
    assert at_the_door(Item(body, {"time": time})) == at_the_gate(body, {"ce_time": time.encode()})


@settings(max_examples=500, deadline=None)
@given(CHANGES, st.text(min_size=1, max_size=80))
def test_the_gate_passes_what_the_door_passed_under_the_same_id(
        changes: dict[str, Any], event_id: str) -> None:
    payload = {**FAMILY.example, "observed_at": NOW, **changes}
    event_id = event_id.encode("utf-8", "replace").decode()
    item = Item(json.dumps(payload).encode(), {"id": event_id, "source": f"urn:{PUBLISHER}:x",
                                               "type": FAMILY.name, "specversion": "1.0"})
    judged = judge(item, PUBLISHER, FAMILY, NOW)
    if isinstance(judged.found, Ready):
        headers = {name: value for name, value in judged.found.headers
                   if isinstance(value, bytes)}
        assert headers["ce_source"] == PUBLISHER.encode()
        assert at_the_gate(judged.found.body, headers) == {"id": judged.event_id}


@pytest.mark.parametrize(("attributes", "reason", "field"), [
    ({"source": "another"}, Reason.WRONG_PUBLISHER, "source"),
    ({"source": f"{PUBLISHER}-2"}, Reason.WRONG_PUBLISHER, "source"),
    ({"type": "ship"}, Reason.UNKNOWN_FAMILY, "type"),
    ({"time": "yesterday"}, Reason.BAD_TIME, "ce_time")])
def test_attributes_that_do_not_fit_are_refused(
        attributes: dict[str, str], reason: Reason, field: str) -> None:
    body = json.dumps({**FAMILY.example, "observed_at": NOW}).encode()
    told = at_the_door(Item(body, attributes))
    assert (told["reason"], told["field"]) == (reason, field)


def test_no_event_brings_headers_that_only_replays_have() -> None:
    body = json.dumps({**FAMILY.example, "observed_at": NOW}).encode()
    found = judge(Item(body, {"id": "1"}), PUBLISHER, FAMILY, NOW).found
    assert isinstance(found, Ready)
    assert {name for name, _ in found.headers} == {"ce_id", "ce_specversion", "ce_type",
                                                   "ce_source"}


def test_what_cannot_be_judged_spoils_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> None:
        """Break."""
        raise ZeroDivisionError

    monkeypatch.setattr(module, "observe", broken)
    told = at_the_door(Item(json.dumps(FAMILY.example).encode()))
    assert (told["reason"], told["value"]) == ("internal", "ZeroDivisionError")
