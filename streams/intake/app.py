"""Build the intake service: routes, answers, headers."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.endpoints import HTTPEndpoint
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from schemas import registry
from schemas.declare import Family
from schemas.render.json_schema import payload_schema
from streams.intake import openapi
from streams.intake.body import check_encoding, check_length, read_body
from streams.intake.door import AWAY_SECONDS, Door, Request
from streams.intake.feedback import PATH, Feedback, KnownReports
from streams.intake.front import draw_front
from streams.intake.measures import REQUESTS, SECONDS
from streams.intake.media import TYPES, recognise
from streams.problems import Problem, answer

JSON = "application/json"
HEADERS: dict[str, str] = {
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": ("default-src 'none'; style-src 'unsafe-inline'; base-uri 'none';"
                                " form-action 'none'; frame-ancestors 'none'"),
}


def _door(request: HttpRequest) -> Door:
    """Get the door of the running service."""
    door: Door = request.app.state.door
    return door


def _family(request: HttpRequest) -> Family:
    """Get the family of an address (404)."""
    found = registry.families().get(request.path_params["family"])
    if found is None:
        raise Problem(404, "unknown-family", "no such family is declared; see /",
                      "没有声明这种事件，见 /")
    return found


def _json(body: Any, status: int = 200, **headers: str) -> Response:
    """Answer JSON."""
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store", **headers}, JSON)


async def front(request: HttpRequest) -> Response:
    """Draw the page that people read."""
    host = request.headers.get("host", "127.0.0.1")
    page = draw_front(list(registry.families().values()), f"{request.url.scheme}://"
                      + (host if len(host) < 100 else "127.0.0.1"))
    return Response(page, media_type="text/html; charset=utf-8",
                    headers={"Cache-Control": "no-cache"})


async def describe(_: HttpRequest) -> Response:
    """Give the OpenAPI document."""
    return _json(openapi.document(registry.families().values()))


async def health(request: HttpRequest) -> Response:
    """Tell whether events can be taken."""
    door = _door(request)
    status = ("unavailable" if not door.is_ready else "disk-full" if door.is_full else "ok")
    return _json({"status": status}, 200 if status == "ok" else 503)


class Events(HTTPEndpoint):
    """Tell what events of a family are, and take them."""

    async def get(self, request: HttpRequest) -> Response:
        """Give the JSON Schema of a family's payload."""
        return Response(orjson.dumps(payload_schema(_family(request))),
                        headers={"Accept-Post": ", ".join(TYPES), "Cache-Control": "max-age=5"},
                        media_type="application/schema+json")

    async def post(self, request: HttpRequest) -> Response:
        """Take events; answer when Kafka has confirmed them."""
        family = request.path_params["family"]
        label = family if family in registry.families() else ""
        try:
            reply = await _publish(request)
        except HTTPException as problem:
            REQUESTS.labels(label, problem.status_code).inc()
            raise
        except ClientDisconnect:
            REQUESTS.labels(label, 499).inc()
            return Response(status_code=400)  # nobody is there to read it
        REQUESTS.labels(label, reply.status_code).inc()
        return reply


async def _publish(request: HttpRequest) -> Response:
    """Take events; see `Events.post`. What can be refused unread is refused before it is read."""
    door = _door(request)
    publisher = door.authenticate(request.headers.get("authorization", ""))
    family = _family(request)
    form, encoding = recognise(request.headers), check_encoding(request)
    door.admit(publisher, family)
    check_length(request)
    with door.limits.slot(publisher):
        body = await read_body(request)
        with SECONDS.time():
            verdicts = await door.take(
                Request(publisher, family, form, encoding, body, request.headers))
    return _tell(verdicts)


def _tell(verdicts: list[dict[str, Any]]) -> Response:
    """Answer 200, or 422 when nothing is good, or 503 when something may be lost."""
    counts = Counter(one["status"] for one in verdicts)
    told: dict[str, Any] = {name: counts[name] for name in ("accepted", "refused")}
    if counts["unknown"]:
        raise Problem(
            503, "not-confirmed", f"Kafka did not confirm {counts['unknown']} events in time; send"
            " those again under the same ids, none is counted twice",
            f"有 {counts['unknown']} 条事件未获确认，请以相同编号重发，不会重复计数",
            {"Retry-After": str(AWAY_SECONDS)}, **told, unknown=counts["unknown"], events=verdicts)
    if verdicts and not counts["accepted"]:
        raise Problem(422, "all-refused", "no event is as its family declares", "事件均不符合声明",
                      **told, events=verdicts)
    return _json({**told, "events": verdicts})


class Guarded:
    """Add security headers to every answer."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the service."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        async def guarded(message: Message) -> None:
            """Add the headers where an answer begins."""
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._app(scope, receive, guarded)


def build(door: Door, close: Callable[[], None] = lambda: None,
          reports: KnownReports | None = None) -> Starlette:
    """Build the service; `close` is called in the end, when every request is answered.

    Without `reports` publishers are told that there are none yet.
    """
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        """Close at the end."""
        yield
        close()

    app = Starlette(
        routes=[Route("/", front), Route("/healthz", health), Route("/openapi.json", describe),
                Route("/v1/events/{family}", Events), Route(PATH, Feedback)],
        lifespan=lifespan, exception_handlers={HTTPException: answer, Exception: answer},
        middleware=[Middleware(Guarded)])
    app.router.redirect_slashes = False
    app.state.door, app.state.reports = door, reports
    return app
