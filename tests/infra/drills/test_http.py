"""Fuzz real feeds and a real intake, and compare what they answer with their OpenAPI documents."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra.drills import http, stall
from infra.drills.service import DOCUMENTS
from infra.drills.stage import own_publishers
from streams import tokens
from streams.publishers import Registration
from streams.settings import read_settings
from tests.components import running

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(600)]
SEED = int(os.environ.get("CITYBRAIN_TEST_SEED") or 2019)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance,
          response_schema_conformance]
# the store holds nothing here, and so the feeds may tell that they have nothing to give
UNREADY = {503}
NAME, REQUESTS, EXAMPLES = "drill-http", 3_000, 25


@pytest.fixture(scope="module")
def token(kafka: str, clickhouse: tuple[str, int]) -> Iterator[str]:
    """Run feeds and intake as the city does, with a publisher; give its token."""
    one = Registration(NAME, quota_events=0, families=["parking-occupancy", "hotline-call"])
    with (running("registrar"), running("feed"), running("intake"), own_publishers(one)):
        yield tokens.issue(NAME)


def test_garbage_is_answered_and_stalled_clients_are_let_go(token: str) -> None:
    services = http.run(token, REQUESTS, SEED, print)
    assert [one.name for one in services] == ["feed", "intake"]
    for one in services:
        assert one.failures == [], "\n".join(one.failures)
        assert one.statuses.total() == REQUESTS // 2 and one.statuses["200"] > 0
        assert set(one.memory) == {"before", "during", "after", "peak"}
        assert sum(one.stalled.values()) == stall.CLIENTS // len(stall.STALLS) * len(stall.STALLS)
    assert {"400", "404", "405", "415"} <= services[1].statuses.keys()


@pytest.mark.parametrize("mode", list(schemathesis.GenerationMode), ids=str)
@pytest.mark.parametrize("service", list(DOCUMENTS))
def test_every_address_answers_as_its_document_says(
        token: str, service: str, mode: schemathesis.GenerationMode) -> None:
    here = read_settings()
    base = f"http://{here.host}:{here.port(service)}"
    schema = schemathesis.openapi.from_url(base + DOCUMENTS[service])
    operations: list[Any] = [found.ok() for found in schema.get_all_operations()
                             if isinstance(found, Ok)]
    if mode.is_negative:  # nothing can be wrong where nothing is asked
        operations = [one for one in operations if "requestBody" in one.definition.raw or any(
            name["in"] != "path" for name in one.definition.raw.get("parameters", ()))]
    for operation in operations:
        @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
                  phases=[Phase.generate], suppress_health_check=list(HealthCheck))
        @given(operation.as_strategy(generation_mode=mode))
        def holds(case: Any) -> None:
            """Send one case and check the answer."""
            reply = case.call(base_url=base, headers={"Authorization": f"Bearer {token}"})
            if reply.status_code not in UNREADY:
                case.validate_response(reply, checks=CHECKS)

        holds()
    assert len(operations) > 5
