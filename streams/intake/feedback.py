"""Tell a publisher what became of its events, and what in them looks wrong."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import Response
from xxhash import xxh3_128_hexdigest

from streams.feedback.report import Report
from streams.feeds.negotiation import is_unchanged
from streams.intake.door import AWAY_SECONDS, Door
from streams.problems import Problem, describe

PATH = "/v1/feedback"
JSON = "application/json"


class KnownReports(Protocol):
    """Know the newest reports."""

    @property
    def is_ready(self) -> bool:
        """Tell whether the reports were read."""

    def find(self, publisher: str) -> dict[str, bytes]:
        """Give the reports of one publisher, JSON by family."""


class Feedback(HTTPEndpoint):
    """Give a publisher its own reports, those of its token, and no others."""

    async def get(self, request: Request) -> Response:
        """Give the newest report on each family; 304 where nothing changed since the entity tag."""
        door: Door = request.app.state.door
        publisher = door.authenticate(request.headers.get("authorization", ""))
        reports: KnownReports | None = request.app.state.reports
        if reports is None or not reports.is_ready:
            raise Problem(503, "not-ready", "the reports are not read yet; come again soon",
                          "尚未读到反馈，请稍后再试", {"Retry-After": str(AWAY_SECONDS)})
        found = reports.find(publisher)
        body = msgspec.json.encode({
            "publisher": publisher, "silent": sorted(set(door.families(publisher)) - set(found)),
            "reports": [msgspec.Raw(one) for one in found.values()]})
        # the answer is one publisher's, so no cache between may keep it
        headers = {"ETag": f'"{xxh3_128_hexdigest(body)}"', "Cache-Control": "private, no-cache",
                   "Vary": "Authorization"}
        if is_unchanged(request, headers["ETag"], None):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=JSON)


def components() -> dict[str, Any]:
    """Give the schemas of a report and its parts for OpenAPI, by name."""
    _, found = msgspec.json.schema_components(
        (Report,), ref_template="#/components/schemas/{name}")
    return found


def path() -> dict[str, Any]:
    """Describe the address for OpenAPI."""
    answer = {
        "type": "object", "required": ["publisher", "silent", "reports"], "properties": {
            "publisher": {"type": "string"},
            "silent": {"type": "array", "items": {"type": "string"}, "description":
                       "families for which it is registered and of which nothing came lately"},
            "reports": {"type": "array", "items": {"$ref": "#/components/schemas/Report"}}}}
    return {"get": {
        "operationId": "feedback", "summary": "What became of your events, and what looks wrong",
        "x-summary-zh": "您的事件处理结果与可疑之处",
        "description": "The newest report on each family of the publisher whose token it is,"
                       " renewed within seconds. What an answer to a request refused is not in it:"
                       " those events were never sent on.",
        "parameters": [{"name": "If-None-Match", "in": "header", "required": False,
                        "schema": {"type": "string"}}],
        "responses": {
            "200": {"description": "the reports", "headers": {"ETag": {
                "schema": {"type": "string"}}}, "content": {JSON: {"schema": answer}}},
            "304": {"description": "nothing has changed since the entity tag"},
            **describe(401), "503": {**describe(503)["503"], "headers": {
                "Retry-After": {"schema": {"type": "integer"}}}}}}}
