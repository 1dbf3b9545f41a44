"""Test that a publisher reads its own reports, and only those, and only when they changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from jsonschema import Draft202012Validator

from streams.feedback.desk import Desk
from streams.intake.app import build
from streams.intake.feedback import PATH
from tests.streams.feedback.streams import AT, Message, detectors, events, letter
from tests.streams.intake.conftest import FAMILY, PUBLISHER, TOKEN, OpenDoor

AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


class Known:
    """Know reports."""

    def __init__(self) -> None:
        """Know none yet."""
        self.is_ready = True
        self.reports: dict[str, dict[str, bytes]] = {}

    def find(self, publisher: str) -> dict[str, bytes]:
        """Give the reports of one publisher."""
        return self.reports.get(publisher, {})


@pytest.fixture
def known() -> Known:
    """Give reports that a test may change."""
    return Known()


@pytest.fixture
def client(open_door: OpenDoor, known: Known) -> Iterator[httpx.AsyncClient]:
    """Give a client of an intake over those reports, without a broker."""
    transport = httpx.ASGITransport(build(open_door(), reports=known))
    yield httpx.AsyncClient(transport=transport, base_url="http://test", headers=AUTHORIZED)


def get(client: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """Ask for reports."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(client.get(PATH, headers=named))


def reported(publisher: str) -> bytes:
    """Make a report of real findings and refusals."""
    desk = Desk(AT)
    desk.take([*events("traffic-flow", detectors(1, 60, publisher)),
               Message("dead-letters", letter(publisher, "traffic-flow", 99, AT + 50_000))])
    [found] = desk.reports(AT + 60_000)
    return msgspec.json.encode(found)


def test_a_publisher_reads_its_reports_and_nobody_elses(
        client: httpx.AsyncClient, known: Known) -> None:
    known.reports = {PUBLISHER: {"traffic-flow": reported(PUBLISHER)},
                     "another": {"traffic-flow": reported("another")}}
    answer = get(client)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    assert told["publisher"] == PUBLISHER
    assert [one["publisher"] for one in told["reports"]] == [PUBLISHER]
    assert told["reports"][0]["refused"][0]["samples"][0]["raw_offset"] == 99
    assert told["silent"] == [FAMILY.name]
    assert "another" not in answer.text
    assert answer.headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("authorization", ["", "Bearer x", "Basic cb_0_0"])
def test_without_a_valid_token_there_is_nothing(
        client: httpx.AsyncClient, known: Known, authorization: str) -> None:
    known.reports = {PUBLISHER: {"traffic-flow": reported(PUBLISHER)}}
    answer = get(client, Authorization=authorization)
    assert answer.status_code == 401
    assert PUBLISHER not in answer.text


def test_what_has_not_changed_is_not_sent_again(client: httpx.AsyncClient, known: Known) -> None:
    known.reports = {PUBLISHER: {"traffic-flow": reported(PUBLISHER)}}
    tag = get(client).headers["etag"]
    again = get(client, If_None_Match=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    known.reports = {}
    changed = get(client, If_None_Match=tag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


def test_before_the_reports_are_read_there_is_no_answer(
        client: httpx.AsyncClient, known: Known) -> None:
    known.is_ready = False
    answer = get(client)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["type"] == "urn:citybrain:problem:not-ready"


def test_answers_are_as_the_document_says(client: httpx.AsyncClient, known: Known) -> None:
    known.reports = {PUBLISHER: {"traffic-flow": reported(PUBLISHER)}}
    document = asyncio.run(client.get("/openapi.json")).json()
    described = document["paths"][PATH]["get"]["responses"]
    schema = described["200"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**schema, "components": document["components"]})
    validator.validate(get(client).json())
    with pytest.raises(Exception, match="required"):
        validator.validate({"publisher": PUBLISHER, "silent": [], "reports": [{}]})
    assert {str(get(client).status_code), str(get(client, Authorization="").status_code)} <= set(
        described)
