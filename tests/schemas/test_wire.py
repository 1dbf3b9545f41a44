"""Test that the decoder accepts what is declared and names what is not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import registry
from schemas.declare import Family
from schemas.errors import Reason, Refusal
from schemas.wire import MAX_BYTES, check, decode
from tests.schemas.mutations import mutations

FAMILIES = registry.own_families()
CASES = [pytest.param(family, payload, reason, field, id=f"{family.name}: {label}")
         for family in FAMILIES for label, payload, reason, field in mutations(family)]
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner,
                                                               max_size=4), max_leaves=12)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_the_example_is_accepted(family: Family) -> None:
    event = decode(family, json.dumps(family.example).encode())
    assert not isinstance(event, Refusal), event
    assert getattr(event, family.key.name) == family.example[family.key.name]


@pytest.mark.parametrize(("family", "payload", "reason", "field"), CASES)
def test_one_broken_field_is_named_with_its_reason(
        family: Family, payload: dict[str, Any], reason: Reason, field: str) -> None:
    refusal = check(family, json.dumps(payload).encode())
    assert refusal is not None
    assert f"{refusal.reason} {refusal.field}" == f"{reason} {field}"


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_a_refused_personal_value_is_never_shown(family: Family) -> None:
    for field in family.fields:
        if str(field.personal) != "none" and field.kind == "text":
            secret = "鲁A98765" * (field.max_length // 4)
            refusal = check(family, json.dumps({**family.example, field.name: secret}).encode())
            assert refusal is not None
            assert "98765" not in refusal.value + refusal.detail


BODIES: dict[str, tuple[bytes, Reason]] = {
    "nothing": (b"", Reason.EMPTY),
    "too large": (b" " * (MAX_BYTES + 1), Reason.TOO_LARGE),
    "a list": (b"[1]", Reason.NOT_AN_OBJECT), "null": (b"null", Reason.NOT_AN_OBJECT),
    "cut short": (b'{"a":', Reason.NOT_JSON), "not JSON": (b"hello", Reason.NOT_JSON),
    "a byte-order mark": (b"\xef\xbb\xbf{}", Reason.NOT_JSON),
    "not UTF-8": (b'{"car_park_id":"\xff"}', Reason.NOT_JSON),
    "half a surrogate": (b'{"car_park_id":"\\ud800"}', Reason.NOT_JSON),
    "not a number": (b'{"capacity":NaN}', Reason.NOT_JSON),
    "nested deeply": (b'{"car_park_id":' + b"[" * 50_000, Reason.WRONG_TYPE),
}


@pytest.mark.parametrize(("body", "reason"), BODIES.values(), ids=BODIES.keys())
def test_a_body_that_is_no_event_is_named(body: bytes, reason: Reason) -> None:
    refusal = check(registry.get_family("parking-occupancy"), body)
    assert refusal is not None
    assert refusal.reason is reason


@settings(deadline=None)
@given(st.sampled_from(FAMILIES), st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(family: Family, body: bytes) -> None:
    assert isinstance(check(family, body), Refusal)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(FAMILIES), st.data())
def test_arbitrary_values_never_raise(family: Family, data: st.DataObject) -> None:
    payload = dict(family.example)
    for name in data.draw(st.lists(st.sampled_from([*payload, "id", "observed_at", "other"]),
                                   max_size=3)):
        payload[name] = data.draw(JSON_VALUES)
    refusal = check(family, json.dumps(payload).encode())
    assert refusal is None or (refusal.reason in Reason and refusal.field)


def test_refusals_can_be_written_as_utf_8() -> None:
    family = registry.get_family("traffic-flow")
    refusal = check(family, json.dumps({**family.example, "flow": "\ud83d\ude00\u0007"}).encode())
    assert refusal is not None
    assert refusal.value.encode() == "😀�".encode()
