"""Test how CloudEvents are read, and by what they are refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from schemas import registry
from schemas.errors import Refusal
from schemas.render.json_schema import example_envelope
from streams.intake.cloudevents import MAX_BYTES, from_envelope, from_headers

FAMILY = registry.get_family("parking-occupancy")
ENVELOPE = example_envelope(FAMILY)


def opened(**changes: Any) -> tuple[dict[str, str], bytes] | Refusal:
    """Open the published example, changed as asked; None leaves a member out."""
    whole = {**ENVELOPE, **changes}
    return from_envelope(json.dumps({k: v for k, v in whole.items() if v is not None}).encode())


def test_the_published_example_is_read() -> None:
    found = opened()
    assert not isinstance(found, Refusal)
    assert json.loads(found[1]) == FAMILY.example
    assert found[0] == {name: ENVELOPE[name] for name in
                        ("specversion", "id", "source", "type", "time", "dataschema")}


def test_data_may_come_in_base64() -> None:
    body = json.dumps(FAMILY.example).encode()
    found = opened(data=None, data_base64=base64.b64encode(body).decode())
    assert not isinstance(found, Refusal) and found[1] == body


def test_extensions_are_passed_over_and_absent_data_is_empty() -> None:
    found = opened(data=None, traceparent="00-0af7", other={"a": [1]})
    assert not isinstance(found, Refusal)
    assert found[1] == b"" and "traceparent" not in found[0]


@pytest.mark.parametrize(("changes", "reason", "field"), [
    ({"specversion": "0.3"}, "not-in-list", "specversion"),
    ({"specversion": None}, "missing-field", "specversion"),
    ({"id": None}, "missing-field", "id"), ({"id": ""}, "missing-field", "id"),
    ({"id": 5}, "wrong-type", "id"), ({"id": "号" * MAX_BYTES}, "too-long", "id"),
    ({"id": "a\nb"}, "control-character", "id"), ({"source": None}, "missing-field", "source"),
    ({"source": {}}, "wrong-type", "source"), ({"type": ""}, "missing-field", "type"),
    ({"time": 5}, "wrong-type", "time"), ({"time": "x" * 300}, "too-long", "time"),
    ({"datacontenttype": "text/xml"}, "not-in-list", "datacontenttype"),
    ({"data_base64": "AAAA"}, "wrong-type", "data_base64"),
    ({"data": None, "data_base64": "*"}, "wrong-type", "data_base64"),
    ({"data": None, "data_base64": "号"}, "wrong-type", "data_base64")])
def test_bad_attributes_are_refused(changes: dict[str, Any], reason: str, field: str) -> None:
    found = opened(**changes)
    assert isinstance(found, Refusal)
    assert (found.reason, found.field) == (reason, field)


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/vnd.city+json"])
def test_json_of_any_name_is_taken(kind: str) -> None:
    assert not isinstance(opened(datacontenttype=kind), Refusal)


@pytest.mark.parametrize(("body", "reason"), [
    (b"", "not-json"), (b"{", "not-json"), (b"[]", "not-an-object"), (b"5", "not-an-object"),
    (b'{"a":' * 100_000, "not-json"), (b'{"specversion":"1.0","id":"\\ud800"}', "not-json"),
    (b'{"specversion":NaN}', "not-json")])
def test_what_is_no_envelope_is_refused(body: bytes, reason: str) -> None:
    found = from_envelope(body)
    assert isinstance(found, Refusal) and found.reason == reason


HEADERS = {f"ce-{name}": ENVELOPE[name] for name in ("specversion", "id", "source", "type")}


def test_headers_are_percent_decoded() -> None:
    found = from_headers({**HEADERS, "ce-id": "%E5%8F%B7 1", "ce-other": "x"})
    assert not isinstance(found, Refusal)
    assert found["id"] == "号 1" and "other" not in found


@pytest.mark.parametrize(("changes", "reason", "field"), [
    ({"ce-id": "%FF"}, "bad-header", "id"), ({"ce-id": "\xff"}, "bad-header", "id"),
    ({"ce-id": ""}, "missing-field", "id"), ({"ce-id": "%00"}, "control-character", "id"),
    ({"ce-id": "%0A"}, "control-character", "id"), ({"ce-id": "x" * 257}, "too-long", "id"),
    ({"ce-specversion": "1"}, "not-in-list", "specversion")])
def test_bad_headers_are_refused(changes: dict[str, str], reason: str, field: str) -> None:
    found = from_headers({**HEADERS, **changes})
    assert isinstance(found, Refusal)
    assert (found.reason, found.field) == (reason, field)
