"""Test that the OpenAPI document tells what the intake answers, no more and no less."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from schemas import registry
from streams.intake.media import TYPES
from tests.streams.intake.conftest import ADDRESS, FAMILY


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


@pytest.fixture
def document(client: httpx.Client) -> dict[str, Any]:
    """Give the document as served."""
    found: dict[str, Any] = client.get("/openapi.json").json()
    return found


def resolve(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    """Give a validator of a schema that refers into the document."""
    return Draft202012Validator({**schema, "components": document["components"]})


def test_the_document_is_well_formed(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert set(references(document)) <= {f"#/components/schemas/{name}" for name in schemas}
    names = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(names) == len(set(names))


def test_every_family_and_form_is_described(document: dict[str, Any]) -> None:
    wanted = {f"/v1/events/{name}" for name in registry.families()}
    assert wanted == {path for path in document["paths"] if path.startswith("/v1/events/")}
    for path in wanted:
        assert set(document["paths"][path]["post"]["requestBody"]["content"]) == set(TYPES)


@pytest.mark.parametrize(("body", "status"), [
    ([], 200), ([{}], 422), ([{**FAMILY.example, "observed_at": 0}, 5], 422),
    ([{**FAMILY.example, "observed_at": "now"}], 503), (None, 401)])
def test_answers_are_as_described(client: httpx.Client, document: dict[str, Any],
                                  body: Any, status: int) -> None:
    told = json.dumps(body).replace('"now"', str(time.time_ns() // 1_000_000))
    headers = {"Content-Type": "application/json"}
    if body is None:
        headers["Authorization"] = "Bearer x"
    answer = client.post(ADDRESS, content=told, headers=headers)
    assert answer.status_code == status
    described = document["paths"][ADDRESS]["post"]["responses"][str(status)]["content"]
    schema = described[answer.headers["content-type"]]["schema"]
    resolve(document, schema).validate(answer.json())
    if status != 401:
        verdict = {"$ref": "#/components/schemas/Verdict"}
        for one in answer.json()["events"]:
            resolve(document, verdict).validate(one)
            assert set(one) <= set(document["components"]["schemas"]["Verdict"]["properties"])


def test_examples_are_as_their_schemas_say(document: dict[str, Any]) -> None:
    for name in registry.families():
        content = document["paths"][f"/v1/events/{name}"]["post"]["requestBody"]["content"]
        for media in content.values():
            if "example" in media:
                resolve(document, media["schema"]).validate(media["example"])
