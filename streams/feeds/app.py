"""Build the feed service: routes, headers, and the task that renews the board."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from schemas import registry
from schemas.render import catalogue, catalogue_html
from schemas.render.json_schema import payload_schema, row_schema
from streams.feeds import openapi
from streams.feeds.aggregate import gather
from streams.feeds.board import Board, Renewed
from streams.feeds.front import draw_front
from streams.feeds.guard import Guard, Preflight
from streams.feeds.inventory import JSON, Feed
from streams.feeds.measures import count_answer
from streams.feeds.negotiation import respond
from streams.feeds.openapi import Page
from streams.feeds.problems import bad_parameter, unknown_parameter
from streams.problems import Problem, answer

TICK_SECONDS = 1.0
Renew = Callable[[], Awaitable[Renewed]]
Endpoint = Callable[[Request], Awaitable[Response]]
HTML = "text/html; charset=utf-8"
PAGES: tuple[Page, ...] = (
    Page("/", "text/html", "A page that a person can read"),
    Page("/health", JSON, "State of the service and the age of each feed", unready=True),
    Page("/metrics", "text/plain", "Metrics of this process, Prometheus text"),
    Page("/metrics/all", "text/plain", "Metrics of all processes, Prometheus text"),
    Page("/v1/openapi.json", JSON, "This document"),
    Page("/v1/catalogue", "text/html", "The catalogue of events and results"),
    Page("/v1/catalogue.json", JSON, "The catalogue as data"),
    Page("/v1/schemas/{name}.json", JSON, "JSON Schema of a family's payload or a result's row",
         "name", "parking-occupancy"),
)


def _board(request: Request) -> Board:
    """Get the board of the running service."""
    board: Board = request.app.state.board
    return board


def _plain(request: Request, body: bytes, media: str, max_age: int = 5) -> Response:
    """Answer a page that is drawn on request; only feeds take parameters."""
    for name in request.query_params:
        raise unknown_parameter(name, ())
    return respond(request, media=media, body=body, compressed=gzip.compress(body, 4, mtime=0),
                   tag=hashlib.blake2b(body, digest_size=16).hexdigest(),
                   max_age=max_age)


async def front(request: Request) -> Response:
    """Draw the front page."""
    host = request.headers.get("host", "127.0.0.1")
    page = draw_front(_board(request), f"{request.url.scheme}://"
                      + (host if len(host) < 100 else "127.0.0.1"))
    return Response(page, media_type=HTML, headers={"Cache-Control": "no-cache"})


async def health(request: Request) -> Response:
    """Tell the age of each feed; 503 when none can be answered."""
    board = _board(request)
    feeds: dict[str, Any] = {}
    for feed in board.feeds.values():
        found = board.find(feed, feed.defaults())
        feeds[feed.path] = {"available": found is not None}
        if found is not None:
            feeds[feed.path] |= {"stale": found.stale, "age_seconds": round(board.age(found), 1),
                                 "records": found.records}
    good = any(one["available"] for one in feeds.values())
    body = {"status": "ok" if good else "unavailable", "feeds": feeds,
            "refused_declarations": len(registry.faults())}
    return Response(orjson.dumps(body), 200 if good else 503, {"Cache-Control": "no-store"}, JSON)


async def metrics(_: Request) -> Response:
    """Give the metrics of this process."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def all_metrics(_: Request) -> Response:
    """Give the metrics of all processes."""
    return Response(await gather(), media_type=CONTENT_TYPE_LATEST)


async def describe(request: Request) -> Response:
    """Give the OpenAPI document of what is served now."""
    body = openapi.document(_board(request).feeds.values(), PAGES)
    return _plain(request, orjson.dumps(body), JSON)


def _entries() -> list[catalogue.Entry]:
    """Describe everything declared now."""
    return catalogue.entries(registry.families().values(), registry.results().values())


async def catalogue_page(request: Request) -> Response:
    """Draw the catalogue."""
    return _plain(request, catalogue_html.to_html(_entries()).encode(), "text/html")


async def catalogue_data(request: Request) -> Response:
    """Give the catalogue as data."""
    return _plain(request, orjson.dumps({"entries": _entries()}), JSON)


async def schema(request: Request) -> Response:
    """Give the JSON Schema of a family's payload or of a result's row."""
    name = request.path_params["name"]
    family, result = registry.families().get(name), registry.results().get(name)
    if family is not None:
        return _plain(request, orjson.dumps(payload_schema(family)), JSON)
    if result is not None:
        return _plain(request, orjson.dumps(row_schema(result)), JSON)
    raise Problem(404, "not-found", "nothing of this name is declared; see /v1/catalogue",
                  "没有这个名称的声明，见 /v1/catalogue")


def _values(request: Request, feed: Feed) -> dict[str, str]:
    """Read the parameters of a request; refuse unknown, repeated and wrong ones."""
    values, known = feed.defaults(), {one.name: one for one in feed.parameters}
    for name, value in request.query_params.multi_items():
        if name not in known:
            raise unknown_parameter(name, tuple(known))
        if value not in known[name].values or len(request.query_params.getlist(name)) > 1:
            raise bad_parameter(name, value, known[name].values)
        values[name] = value
    return values


async def feed(request: Request) -> Response:
    """Answer a feed from the board."""
    board = _board(request)
    found = board.feeds.get(request.scope["path"])
    if found is None:
        raise Problem(404, "not-found", "no feed has this address; see / and /v1/openapi.json",
                      "没有这个地址的接口，见 / 与 /v1/openapi.json")
    values = _values(request, found)
    snapshot = board.find(found, values)
    if snapshot is None:
        raise Problem(503, "store-away", "the data cannot be read now; try again soon",
                      "暂时读不到数据，请稍后再试",
                      headers={"Retry-After": str(2 * found.period_seconds)})
    reply = respond(
        request, media=found.media, body=snapshot.body, compressed=snapshot.compressed,
        tag=snapshot.etag, modified_at=snapshot.published_at,
        max_age=max(1, found.period_seconds // 2),
        headers={"Data-Stale": str(snapshot.stale).lower(),
                 "Data-Age-Seconds": str(int(board.age(snapshot)))})
    count_answer(found.path, reply.status_code, len(reply.body))
    return reply


async def _keep_renewing(board: Board, renew: Renew) -> None:
    """Renew the board for as long as the service runs."""
    while True:
        started = time.monotonic()
        board.take(await renew())
        await asyncio.sleep(max(0.1, TICK_SECONDS - (time.monotonic() - started)))


class _FeedRoute(Route):
    """Match the address of a feed before any page is looked at."""

    def __init__(self, path: str, endpoint: Endpoint, board: Board) -> None:
        """Take the board, whose feeds may become more."""
        super().__init__(path, endpoint)
        self._board = board

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match where a feed has this address."""
        if scope["path"] not in self._board.feeds:
            return Match.NONE, {}
        return super().matches(scope)


def build(board: Board, renew: Renew | None = None) -> Starlette:
    """Build the service over a board; without `renew` whoever calls renews it."""
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        """Renew the board for as long as the service runs."""
        task = asyncio.create_task(_keep_renewing(board, renew)) if renew else None
        yield
        if task is not None:
            task.cancel()

    endpoints = [front, health, metrics, all_metrics, describe, catalogue_page, catalogue_data,
                 schema]
    routes = [Route(page.path, endpoint) for page, endpoint in zip(PAGES, endpoints, strict=True)]
    feeds = "/v1/{path:path}"
    routes = [_FeedRoute(feeds, feed, board), *routes, Route(feeds, feed)]
    app = Starlette(
        routes=routes, lifespan=lifespan,
        exception_handlers={HTTPException: answer, Exception: answer},
        middleware=[
            Middleware(Guard),
            Middleware(Preflight, allow_origins=["*"], allow_methods=["GET", "HEAD"])])
    app.router.redirect_slashes = False
    app.state.board = board
    return app
