"""Test that the OpenAPI document tells what is served, no more and no less."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from starlette.routing import Route

from streams.feeds.app import build
from tests.streams.feeds.conftest import Reach, Ticking

pytestmark = pytest.mark.live


def references(node: Any) -> Iterator[str]:
    """List every reference in a document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """List path and operation."""
    for path, item in document["paths"].items():
        assert set(item) == {"get"}
        yield path, item["get"]


def test_every_route_and_feed_is_documented(client: httpx.Client, board: Ticking) -> None:
    documented = set(client.get("/v1/openapi.json").json()["paths"])
    routes = {re.sub(r":\w+", "", one.path) for one in build(board).routes
              if isinstance(one, Route)}
    assert documented == (routes - {"/v1/{path}"}) | set(board.feeds)


def test_the_document_is_well_formed(client: httpx.Client) -> None:
    document = client.get("/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert set(references(document)) <= {
        f"#/components/schemas/{name}" for name in schemas}
    names = [one["operationId"] for _, one in operations(document)]
    assert len(names) == len(set(names))
    for path, operation in operations(document):
        in_path = {one["name"] for one in operation.get("parameters", [])
                   if one["in"] == "path"}
        assert in_path == set(re.findall(r"{(\w+)}", path))
        assert all(one["description"] for one in operation["responses"].values())


def test_every_documented_path_answers_as_documented(client: httpx.Client) -> None:
    document = client.get("/v1/openapi.json").json()
    for path, operation in operations(document):
        filled = path
        for one in operation.get("parameters", []):
            if one["in"] == "path":
                filled = filled.replace(f"{{{one['name']}}}", one["example"])
        for address in [filled, *(f"{filled}?{one['name']}={value}"
                                  for one in operation.get("parameters", [])
                                  if one["in"] == "query" for value in one["schema"]["enum"])]:
            answer = client.get(address)
            assert str(answer.status_code) in operation["responses"], address
            media = answer.headers["content-type"].split(";")[0]
            content = operation["responses"][str(answer.status_code)]["content"]
            assert media in content
            if "json" in media:
                schema = content[media]["schema"] | {"components": document["components"]}
                Draft202012Validator(schema).validate(answer.json())


def test_an_outage_is_documented_where_it_may_be_told(
        client: httpx.Client, board: Ticking, reach: Reach) -> None:
    document = client.get("/v1/openapi.json").json()
    reach.away, reach.now = True, reach.now + 100_000
    board.feeds.clear()
    answer = client.get("/health")
    assert answer.status_code == 503
    told = document["paths"]["/health"]["get"]["responses"]["503"]["content"]
    Draft202012Validator(told[answer.headers["content-type"]]["schema"]).validate(answer.json())
