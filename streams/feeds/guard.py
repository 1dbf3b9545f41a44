"""Guard every answer: security headers and those for other origins on all, limits on requests."""

from __future__ import annotations

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.feeds.front import SCRIPT_HASH
from streams.problems import Problem, answer

MAX_QUERY = 512
MAX_PATH = 512
EXPOSED = ["ETag", "Last-Modified", "Data-Stale", "Data-Age-Seconds", "Retry-After"]
HEADERS: dict[str, str] = {
    "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "cross-origin",
    "Permissions-Policy": "geolocation=(), camera=(), microphone=()",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{SCRIPT_HASH}';"
        " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    # caches keep answers to requests without an origin: those need them too
    "Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": ", ".join(EXPOSED),
}
# as a server sends them: written once, and not for each answer
_ADDED = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_NAMES = frozenset(name for name, _ in _ADDED)


class Guard:
    """Wrap the service; the answer to an overlong address never reaches it."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the service."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with headers added to its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            """Add the headers to the head of an answer."""
            if message["type"] == "http.response.start":
                own = [one for one in message["headers"] if one[0] not in _NAMES]
                message["headers"] = own + _ADDED
            await send(message)

        if len(scope["query_string"]) > MAX_QUERY or len(scope["path"]) > MAX_PATH:
            problem = Problem(414, "too-long", f"the query may have {MAX_QUERY} characters at most",
                              f"查询最长 {MAX_QUERY} 个字符")
            await answer(Request(scope), problem)(scope, receive, guarded)
            return
        await self._app(scope, receive, guarded)


class Preflight(CORSMiddleware):
    """Answer what browsers of other origins ask beforehand; the guard adds the rest to all."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on what is no such question."""
        asked = scope["type"] == "http" and scope["method"] == "OPTIONS"
        await (super().__call__ if asked else self.app)(scope, receive, send)
