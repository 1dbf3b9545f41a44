"""Write the OpenAPI 3.1 document of the intake from what is declared now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from schemas.declare import Family
from schemas.errors import Reason
from schemas.render.json_schema import envelope_schema, payload_schema
from streams.intake import feedback
from streams.intake.cloudevents import OPTIONAL, REQUIRED
from streams.intake.items import MAX_EVENTS
from streams.intake.media import Form
from streams.problems import MEDIA, SCHEMA, describe

Document = dict[str, Any]
_TEXT: Document = {"type": "string"}
_COUNT: Document = {"type": "integer", "minimum": 0}
VERDICT: Document = {
    "type": "object", "required": ["index", "id", "status"], "properties": {
        "index": {**_COUNT, "description": "place of the event in the request, from 0"},
        "id": {**_TEXT, "description": "as sent, else a hash of the payload; empty where it could"
                                       " not be read"},
        "status": {"enum": ["accepted", "refused", "unknown"], "description":
                   "accepted: Kafka has it; refused: never sent on; unknown: Kafka did not confirm"
                   " it in time, send it again under the same id"},
        "reason": {"enum": [str(reason) for reason in Reason]},
        "field": _TEXT, "detail": _TEXT,
        "value": {**_TEXT, "description": "shortened; of personal fields the length only"}}}
COUNTS: Document = {
    "accepted": _COUNT, "refused": _COUNT,
    "events": {"type": "array", "items": {"$ref": "#/components/schemas/Verdict"}}}
ANSWER: Document = {"type": "object", "required": ["accepted", "refused", "events"],
                    "properties": COUNTS}
TOLD: Document = {"allOf": [
    {"$ref": "#/components/schemas/Problem"},
    {"type": "object", "properties": {**COUNTS, "unknown": _COUNT}}]}
WORDS = {
    200: "at least one event is accepted (or none was sent); others may be refused: see each",
    422: "every event is refused",
    503: "not confirmed by Kafka, too many requests, or not ready; come again after Retry-After",
}


def _embedded(schema: Document) -> Document:
    """Take from a schema what names it as a document of its own."""
    return {key: value for key, value in schema.items() if not key.startswith("$")}


def _content(family: Family) -> Document:
    """Describe the forms of a body."""
    one: Document = {"$ref": f"#/components/schemas/{family.name}"}
    envelope = _embedded(envelope_schema(family))
    many: Document = {"type": "array", "maxItems": MAX_EVENTS}
    forms: dict[Form, Document] = {
        Form.JSON: {"schema": {"anyOf": [one, many | {"items": one}]}, "example": family.example},
        Form.LINES: {"schema": {**_TEXT, "description": "one JSON object a line"}},
        Form.STRUCTURED: {"schema": envelope},
        Form.BATCH: {"schema": many | {"items": envelope}}}
    return {str(form): told for form, told in forms.items()}


def _parameters() -> list[Document]:
    """Describe the headers of CloudEvents in binary mode."""
    return [{"name": f"ce-{name}", "in": "header", "required": False, "schema": _TEXT,
             "description": "CloudEvents in binary mode; with one of them those that CloudEvents"
                            " requires are required"} for name in (*REQUIRED, *OPTIONAL)]


def _responses() -> Document:
    """Describe the answers to a publishing request."""
    told: Document = {"content": {MEDIA: {"schema": TOLD}}}
    retry: Document = {"headers": {"Retry-After": {"schema": {"type": "integer"}}}}
    refused = describe(400, 401, 403, 404, 408, 411, 413, 415, 429)
    refused["429"] |= retry
    return {
        "200": {"description": WORDS[200], "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}}},
        **refused,
        "422": {"description": WORDS[422], **told},
        "503": {"description": WORDS[503], **told, **retry}}


def _events(family: Family) -> Document:
    """Describe the address of a family."""
    name = family.name
    return {
        "get": {"operationId": f"schema-{name}", "summary": f"JSON Schema of {name}",
                "security": [], "responses": {"200": {
                    "description": "JSON Schema 2020-12 of a payload",
                    "content": {"application/schema+json": {"schema": {"type": "object"}}}}}},
        "post": {"operationId": f"publish-{name}", "summary": family.meaning.en,
                 "x-summary-zh": family.meaning.zh, "parameters": _parameters(),
                 "requestBody": {"required": True, "content": _content(family)},
                 "responses": _responses()}}


def _page(media: str, summary: str, *, unready: bool = False) -> Document:
    """Describe an address without parameters."""
    kind = "object" if "json" in media else "string"
    told: Document = {"description": summary, "content": {media: {"schema": {"type": kind}}}}
    return {"get": {"operationId": summary.replace(" ", "-"), "summary": summary, "security": [],
                    "responses": {"200": told, **({"503": told} if unready else {})}}}


def document(families: Iterable[Family]) -> Document:
    """Write the document."""
    listed = list(families)
    return {
        "openapi": "3.1.0",
        "info": {"title": "City Brain event intake | 城市大脑事件接入", "version": "1.0.0",
                 "description": "Events over HTTP, as JSON or CloudEvents 1.0. Sending an event"
                                " again under the same id is safe: it is counted once."},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": {
            "/": _page("text/html", "How to publish"),
            "/healthz": _page("application/json", "Whether events can be taken", unready=True),
            "/openapi.json": _page("application/json", "This document"),
            feedback.PATH: feedback.path(),
            **{f"/v1/events/{one.name}": _events(one) for one in listed}},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**{one.name: _embedded(payload_schema(one)) for one in listed},
                        **feedback.components(),
                        "Answer": ANSWER, "Verdict": VERDICT, "Problem": SCHEMA}}}
