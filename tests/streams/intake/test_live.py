"""Test on a real broker that exactly what was acknowledged lies in the raw topics."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import registry
from streams.intake.door import Door
from streams.intake.limits import Limits
from streams.intake.media import Form
from streams.intake.sender import Sender
from streams.publishers import Registrations
from streams.tokens import Tokens, issue, revoke
from tests.streams.intake.conftest import ADDRESS, FAMILY, LIVE, served
from tests.streams.intake.written import event, ids, until, written

pytestmark = pytest.mark.live
LINES = {"Content-Type": Form.LINES}


def cloud(event_id: str, **more: Any) -> dict[str, Any]:
    """Give a CloudEvent that is good now."""
    data = event("x")
    del data["id"]
    return {"specversion": "1.0", "id": event_id, "source": LIVE, "type": FAMILY.name,
            "data": data, **more}


@pytest.fixture(scope="module")
def client(token: str) -> Iterator[httpx.Client]:
    """Give a client of an intake with its real parts, that has been told of the publisher."""
    tokens, publishers = Tokens("intake"), Registrations("intake")
    sender = Sender("intake", lambda: None)
    door = Door(tokens, publishers, sender, Limits(0.0), events_rate=2_000)
    assert until(lambda: tokens.find(token) == LIVE and LIVE in publishers.known())
    with served(door) as (client, _):
        client.headers["Authorization"] = f"Bearer {token}"
        yield client
    sender.close()
    tokens.close()
    publishers.close()


def test_events_of_every_form_lie_in_the_raw_topic_as_acknowledged(client: httpx.Client) -> None:
    before = len(written())
    binary = {f"ce-{name}": value for name, value in cloud("binary").items() if name != "data"}
    lines = b"\n".join(json.dumps(event(f"line-{i}")).encode() for i in range(3)) + b"\n{\n\n"
    sent: list[tuple[dict[str, Any], int]] = [
        ({"json": event("one")}, 1),
        ({"json": [event("a"), event("bad", capacity=-1), event("b")]}, 2),
        ({"content": lines, "headers": LINES}, 3),
        ({"content": gzip.compress(lines.replace(b"line", b"packed")),
          "headers": LINES | {"Content-Encoding": "gzip"}}, 3),
        ({"content": json.dumps(cloud("structured")),
          "headers": {"Content-Type": f"{Form.STRUCTURED}; charset=utf-8"}}, 1),
        ({"content": json.dumps([cloud("batch-1"), cloud("batch-2", source="another"), 5]),
          "headers": {"Content-Type": Form.BATCH}}, 1),
        ({"json": cloud("")["data"], "headers": binary}, 1)]
    acknowledged: list[str] = []
    for request, accepted in sent:
        answer = client.post(ADDRESS, **request)
        assert (answer.status_code, answer.json()["accepted"]) == (200, accepted), answer.text
        acknowledged += [one["id"] for one in answer.json()["events"]
                         if one["status"] == "accepted"]
    messages = written()[before:]
    assert sorted(ids(messages)) == sorted(acknowledged)
    assert len(acknowledged) == 12
    for message in messages:
        headers = dict(message.headers() or [])
        assert headers["ce_source"] == LIVE.encode()
        assert headers["ce_type"] == FAMILY.name.encode()
        assert message.key() == FAMILY.example[FAMILY.key.name].encode()


def test_an_event_without_id_has_the_id_that_the_gate_gives_it(client: httpx.Client) -> None:
    from xxhash import xxh3_128_hexdigest
    payload = event("x")
    del payload["id"]
    first = client.post(ADDRESS, json=payload).json()["events"][0]["id"]
    assert client.post(ADDRESS, json=payload).json()["events"][0]["id"] == first
    last = written()[-2:]
    assert {xxh3_128_hexdigest(one.value() or b"") for one in last} == {first}


def test_what_is_sent_again_is_acknowledged_and_left_to_the_gate(client: httpx.Client) -> None:
    again = [event("again")] * 2
    assert client.post(ADDRESS, json=again).json()["accepted"] == 2
    assert ids(written()[-2:]) == ["again", "again"]


def test_a_large_request_is_confirmed_whole(client: httpx.Client) -> None:
    before = len(written())
    body = b"\n".join(json.dumps(event(f"large-{i}")).encode() for i in range(9_000))
    answer = client.post(ADDRESS, content=gzip.compress(body),
                         headers=LINES | {"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["accepted"]) == (200, 9_000)
    assert len(written()) == before + 9_000


def test_many_clients_at_once_lose_nothing(client: httpx.Client) -> None:
    before, told = len(written()), list[str]()

    def publish(name: int) -> None:
        """Publish some batches, again when asked to wait."""
        for batch in range(5):
            events = [event(f"many-{name}-{batch}-{i}") for i in range(50)]
            while (answer := client.post(ADDRESS, json=events)).status_code == 429:
                time.sleep(0.2)
            told.extend(one["id"] for one in answer.json()["events"])

    threads = [threading.Thread(target=publish, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ids(written()[before:])) == sorted(told)
    assert len(set(told)) == 12 * 5 * 50


def test_a_revoked_token_ends_within_seconds(client: httpx.Client) -> None:
    text = issue(LIVE)
    headers = {"Authorization": f"Bearer {text}"}

    def status() -> int:
        """Publish nothing with the token."""
        return client.post(ADDRESS, json=[], headers=headers).status_code

    assert until(lambda: status() == 200)
    revoke(text.split("_")[1])
    assert until(lambda: status() == 401)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.text(max_size=8) | st.sampled_from(["data", "id", "source", "type", "time",
                                               *(one.name for one in FAMILY.fields)]),
        inner, max_size=4), max_leaves=8)
EXAMPLE = json.dumps(FAMILY.example).encode()
BODIES = st.one_of(
    st.binary(max_size=200), VALUES.map(lambda value: json.dumps(value).encode()),
    st.lists(VALUES, max_size=4).map(lambda some: b"\n".join(json.dumps(v).encode() for v in some)),
    # a good one, cut and mended at random
    st.tuples(st.integers(0, len(EXAMPLE)), st.binary(max_size=4), st.integers(0, 9)).map(
        lambda cut: EXAMPLE[:cut[0]] + cut[1] + EXAMPLE[cut[0] + cut[2]:]))
ASCII = st.characters(min_codepoint=0x20, max_codepoint=0x7e)
PRINTABLE = st.text(ASCII, max_size=30).map(str.strip)
MEDIA = st.sampled_from([*Form][:4]) | st.just("application/json; charset=utf-8") | PRINTABLE
ATTRIBUTES = st.dictionaries(
    st.sampled_from([f"ce-{name}" for name in ("specversion", "id", "source", "type", "time")]),
    PRINTABLE | st.sampled_from(["1.0", LIVE, FAMILY.name, "2026-11-24T00:00:00Z"]),
    max_size=5)


@settings(max_examples=4_000, deadline=None, suppress_health_check=list(HealthCheck))
@given(BODIES, MEDIA, ATTRIBUTES | st.just({}), st.booleans(),
       st.sampled_from([*registry.families(), "ship", "%00", "a%2Fb"]))
def test_whatever_is_sent_is_answered_and_never_with_500(
        client: httpx.Client, body: bytes, media: str, attributes: dict[str, str], packed: bool,
        family: str) -> None:
    headers = {"Content-Type": media, **attributes}
    if packed:
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body)
    answer = client.post(f"/v1/events/{family}", content=body, headers=headers)
    assert answer.status_code in {200, 400, 403, 404, 413, 415, 422, 429}, answer.text
    for one in answer.json().get("events", []):
        assert one["status"] == "accepted" or (one["reason"] != "internal" and one["detail"])
