"""Test every answer that needs no broker, over a real server and a producer without one."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from schemas import registry
from schemas.declare import Kind, Personal
from schemas.render.json_schema import payload_schema
from streams.intake import limits as limits_module
from streams.intake.body import PLAIN_BYTES, WIRE_BYTES
from streams.intake.items import MAX_EVENTS
from streams.problems import SCHEMA
from tests.streams.intake.conftest import ADDRESS, FAMILY, PUBLISHER, OpenDoor, served

BAD = {**FAMILY.example, "capacity": -1}


def now() -> int:
    """Give the time as epoch ms."""
    return time.time_ns() // 1_000_000


def good(**more: Any) -> dict[str, Any]:
    """Give an event that is as declared."""
    return {**FAMILY.example, "observed_at": now(), **more}


def is_problem(answer: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """Check a problem document; give it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    Draft202012Validator(SCHEMA).validate(body)
    assert body["type"] == f"urn:citybrain:problem:{kind}"
    assert body["detail"].isascii() and not body["detail_zh"].isascii()
    return body


@pytest.mark.parametrize("authorization", [
    None, "", "Bearer", "Bearer  x", "Bearer nonsense", "Basic cb_0_0", "cb_0_0",
    "Bearer cb_0_0 x"])
def test_without_a_valid_token_nothing_is_taken(
        client: httpx.Client, authorization: str | None) -> None:
    del client.headers["authorization"]
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client.post(ADDRESS, json=good(), headers=headers)
    is_problem(answer, 401, "no-valid-token")
    assert answer.headers["www-authenticate"].startswith('Bearer realm="city-brain"')
    # who does not authenticate is not told whether a family exists
    assert client.post("/v1/events/ship", json={}, headers=headers).status_code == 401


def test_a_scheme_may_be_written_in_any_case(client: httpx.Client) -> None:
    answer = client.post(ADDRESS, json=BAD, headers={"Authorization": "bEARER cb_0_0"})
    assert answer.status_code == 422


def test_a_family_that_is_not_registered_is_forbidden(client: httpx.Client) -> None:
    told = is_problem(client.post("/v1/events/hotline-call", json={}), 403, "not-registered")
    assert (told["publisher"], told["family"]) == (PUBLISHER, "hotline-call")


def test_a_removed_publisher_is_forbidden(client: httpx.Client) -> None:
    answer = client.post(ADDRESS, json=good(), headers={"Authorization": "Bearer gone"})
    is_problem(answer, 403, "not-registered")


def test_unknown_families_and_addresses_are_not_found(client: httpx.Client) -> None:
    is_problem(client.post("/v1/events/ship", json={}), 404, "unknown-family")
    is_problem(client.get("/v1/events/ship"), 404, "unknown-family")
    for path in ("/v1/events", "/v1/events/", "/nothing", f"{ADDRESS}/1"):
        assert client.get(path).status_code == 404, path


def test_other_methods_are_not_allowed(client: httpx.Client) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = client.request(method, ADDRESS)
        assert answer.status_code == 405
        assert set(answer.headers["allow"].split(", ")) >= {"GET", "POST"}
        assert answer.json()["title_zh"] == "不支持的方法"


def test_a_body_without_length_is_refused(client: httpx.Client) -> None:
    request = client.build_request("POST", ADDRESS, headers={"Content-Type": "application/json"})
    del request.headers["content-length"]
    is_problem(client.send(request), 411, "length-required")


def test_a_chunked_body_needs_no_length(client: httpx.Client) -> None:
    answer = client.post(ADDRESS, content=iter([json.dumps(BAD).encode()]),
                         headers={"Content-Type": "application/json"})
    assert answer.json()["events"][0]["reason"] == "below-minimum"


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused(client: httpx.Client, chunked: bool) -> None:
    body = b"[" + b" " * WIRE_BYTES + b"]"
    content: Any = iter([body[:999_999], body[999_999:]]) if chunked else body
    answer = client.post(ADDRESS, content=content, headers={"Content-Type": "application/json"})
    assert is_problem(answer, 413, "body-too-large")["limit"] == WIRE_BYTES


def packed(body: bytes) -> dict[str, Any]:
    """Give the content and headers of a packed body."""
    return {"content": body, "headers": {"Content-Type": "application/json",
                                         "Content-Encoding": "gzip"}}


def test_gzip_is_taken_in_one_piece_or_several(client: httpx.Client) -> None:
    text = json.dumps([BAD, BAD]).encode()
    for body in (gzip.compress(text), gzip.compress(text[:20]) + gzip.compress(text[20:])):
        assert client.post(ADDRESS, **packed(body)).json()["refused"] == 2


def test_gzip_that_unpacks_to_too_much_is_refused(client: httpx.Client) -> None:
    bomb = gzip.compress(b" " * 100_000_000)
    assert len(bomb) < WIRE_BYTES
    is_problem(client.post(ADDRESS, **packed(bomb)), 413, "body-too-large")
    dense = gzip.compress(json.dumps([BAD] * 9_000).encode() + b" " * 1_000_000)
    assert is_problem(client.post(ADDRESS, **packed(dense)), 413, "body-too-large")["limit"] < (
        PLAIN_BYTES)


@pytest.mark.parametrize("body", [
    b"", b"x", b"{}", gzip.compress(b"[]")[:-4], gzip.compress(b"[]") + b"rest",
    gzip.compress(b"") * 100])
def test_what_is_no_gzip_is_refused(client: httpx.Client, body: bytes) -> None:
    if body:
        is_problem(client.post(ADDRESS, **packed(body)), 400, "bad-gzip")
    else:
        assert client.post(ADDRESS, **packed(body)).json()["events"][0]["reason"] == "empty"


@pytest.mark.parametrize("headers", [
    {"Content-Type": "text/plain"}, {"Content-Type": ""}, {"Content-Type": "application/xml"},
    {"Content-Type": "application/json; charset=gb18030"},
    {"Content-Type": "application/json", "Content-Encoding": "br"},
    {"Content-Type": "application/json", "Content-Encoding": "gzip, gzip"}])
def test_other_types_and_encodings_are_refused(
        client: httpx.Client, headers: dict[str, str]) -> None:
    answer = client.post(ADDRESS, content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert answer.json()["type"].startswith("urn:citybrain:problem:unsupported-")


def test_ce_headers_go_with_plain_json_only(client: httpx.Client) -> None:
    answer = client.post(ADDRESS, content=b"{}", headers={
        "Content-Type": "application/x-ndjson", "ce-id": "1"})
    is_problem(answer, 400, "ce-headers")


@pytest.mark.parametrize(("media", "body"), [
    ("application/json", b"[" + b"{}," * MAX_EVENTS + b"{}]"),
    ("application/json", b"[" + b"0," * (WIRE_BYTES // 2 - 2) + b"0]"),
    ("application/x-ndjson", b"{}\n" * (MAX_EVENTS + 1)),
    ("application/x-ndjson", b"\n" * (WIRE_BYTES - 1)),
    ("application/cloudevents-batch+json", b"[" + b"{}," * MAX_EVENTS + b"{}]")])
def test_too_many_events_are_refused_whole(
        client: httpx.Client, media: str, body: bytes) -> None:
    answer = client.post(ADDRESS, content=body, headers={"Content-Type": media})
    assert is_problem(answer, 413, "too-many-events")["limit"] == MAX_EVENTS


def test_when_all_are_refused_each_says_why(client: httpx.Client) -> None:
    events = [BAD, good(longitude=0.0, latitude=0.0), good(observed_at=now() + 3_600_000),
              good(observed_at=now() - 86_400_000), {**FAMILY.example}, 5, good(id="x" * 300),
              good(source="another"), {}]
    told = is_problem(client.post(ADDRESS, json=events), 422, "all-refused")
    assert [one["reason"] for one in told["events"]] == [
        "below-minimum", "null-island", "from-the-future", "too-late", "missing-time",
        "not-an-object", "too-long", "wrong-publisher", "missing-field"]
    assert [one["index"] for one in told["events"]] == list(range(len(events)))
    assert (told["accepted"], told["refused"]) == (0, len(events))
    assert told["events"][0]["field"] == "capacity"
    assert told["events"][0]["value"] == "-1"


def test_a_record_that_is_too_large_is_refused_alone(client: httpx.Client) -> None:
    told = client.post(ADDRESS, json=[good(more="x" * 262_144), BAD]).json()
    assert [one["reason"] for one in told["events"]] == ["too-large", "below-minimum"]


def test_values_of_personal_fields_are_masked(open_door: OpenDoor) -> None:
    family = registry.get_family("hotline-call")
    personal = next(one.name for one in family.fields if one.personal is not Personal.NONE
                    and one.kind is Kind.TEXT)
    secret = "13812345678" * 1_000
    with served(open_door(family=family.name)) as (client, _):
        answer = client.post(f"/v1/events/{family.name}",
                             json={**family.example, personal: secret, "observed_at": now()})
    (told,) = is_problem(answer, 422, "all-refused")["events"]
    assert (told["field"], told["reason"]) == (personal, "too-long")
    assert told["value"] == f"*** ({len(secret)} characters)"
    assert "138" not in told["detail"]


def test_nothing_sent_is_nothing_refused(client: httpx.Client) -> None:
    for media, body in (("application/json", b"[]"), ("application/x-ndjson", b"\n \n"),
                        ("application/cloudevents-batch+json", b"[ ]")):
        answer = client.post(ADDRESS, content=body, headers={"Content-Type": media})
        assert (answer.status_code, answer.json()) == (
            200, {"accepted": 0, "refused": 0, "events": []})


@pytest.mark.parametrize("body", [
    b"", b"{", b"NaN", b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"[" * 500_000, b'{"a":' * 100_000,
    b"[1,]", b"[]x", b"9" * 100_000, b'{"id":"\\ud800"}', b'"\xff"', b"{}{}", b"\x00"])
def test_what_is_no_json_is_refused_with_a_reason(client: httpx.Client, body: bytes) -> None:
    for media in ("application/json", "application/x-ndjson", "application/cloudevents+json",
                  "application/cloudevents-batch+json"):
        answer = client.post(ADDRESS, content=body, headers={"Content-Type": media})
        if body == b"" and "nd" in media:
            continue
        assert answer.status_code == 422, (media, answer.text)
        assert all(one["reason"] and one["detail"] for one in answer.json()["events"])


def test_what_kafka_does_not_confirm_is_unknown(client: httpx.Client) -> None:
    answer = client.post(ADDRESS, json=[good(id="a"), BAD, good(id="b")])
    told = is_problem(answer, 503, "not-confirmed")
    assert answer.headers["retry-after"] == "5"
    assert [(one["id"], one["status"]) for one in told["events"]] == [
        ("a", "unknown"), ("", "refused"), ("b", "unknown")]
    assert (told["accepted"], told["refused"], told["unknown"]) == (0, 1, 2)


def test_until_it_is_known_who_may_send_nobody_is_turned_away(open_door: OpenDoor) -> None:
    door = open_door()
    door._tokens.is_ready = False  # type: ignore[misc]
    with served(door) as (client, _):
        answer = client.post(ADDRESS, json=good())
        is_problem(answer, 503, "not-ready")
        assert answer.headers["retry-after"]
        assert client.get("/healthz").status_code == 503
        door._tokens.is_ready = True  # type: ignore[misc]
        assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.parametrize("rates", [{"quota": 20}, {"bytes_rate": 3_000.0}])
def test_who_sends_too_fast_is_told_when_to_come_again(
        open_door: OpenDoor, rates: dict[str, Any]) -> None:
    with served(open_door(**rates)) as (client, _):
        answers = [client.post(ADDRESS, json=[BAD] * 60) for _ in range(5)]
        assert [one.status_code for one in answers][:2] == [422, 422]
        refused = next(one for one in answers if one.status_code == 429)
        assert is_problem(refused, 429, "too-fast")
        assert int(refused.headers["retry-after"]) >= 1


def test_too_many_requests_at_once_are_turned_away(
        open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits_module, "AT_ONCE_EACH", 0)
    with served(open_door()) as (client, _):
        is_problem(client.post(ADDRESS, json=BAD), 429, "too-many-at-once")
        monkeypatch.setattr(limits_module, "AT_ONCE_EACH", 1)
        monkeypatch.setattr(limits_module, "AT_ONCE", 0)
        answer = client.post(ADDRESS, json=BAD)
        is_problem(answer, 503, "busy")
        assert answer.headers["retry-after"]
        monkeypatch.setattr(limits_module, "AT_ONCE", 1)
        # each place was given back
        for _ in range(3):
            assert client.post(ADDRESS, json=BAD).status_code == 422


def test_the_schema_of_a_family_is_given(client: httpx.Client) -> None:
    answer = client.get(ADDRESS)
    assert answer.json() == payload_schema(FAMILY)
    assert "application/x-ndjson" in answer.headers["accept-post"]


def test_the_page_tells_how_to_send_in_both_languages(client: httpx.Client) -> None:
    answer = client.get("/", headers={"Host": "intake.city<b>"})
    assert "curl -H" in answer.text and "intake.city&lt;b&gt;/v1/events/" in answer.text
    assert "事件接入" in answer.text and "Event intake" in answer.text
    for family in registry.families():
        assert f"/v1/events/{family}" in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
