"""Serve the staff console behind its login: `streamlit run dashboards/entrance.py`.

Everything but the login page and the health check needs a session: a page without one leads to the
login, a socket without one is refused. The session lies in a cookie that scripts cannot read; the
pages check it again at every run, so that its end is felt within an open page.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

from starlette.datastructures import URL
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.starlette import App

from dashboards.look.login import login_page, refusal_page
from dashboards.look.words import to_language
from schemas.errors import CityBrainError
from streams import oidc
from streams.audit import append
from streams.delays import SignInDelays
from streams.settings import read_settings
from streams.staff import (
    COOKIE,
    SESSION_SECONDS,
    Staff,
    change_staff,
    check_password,
    ensure_first,
    find_session,
    start_session,
)
from streams.tls import check_exposure

log = logging.getLogger("console")
OPEN_PATHS = ("/login", oidc.START, oidc.CALLBACK, "/_stcore/health")
FLOW_COOKIE = "citybrain_sign_in"
MAX_FORM_BYTES = 8_192
HEADERS = {"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Content-Security-Policy":
           "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"}
delays = SignInDelays()
# one thread: the records of a chain are written one after another
auditor = ThreadPoolExecutor(1, "audit")


class LoginRequired:
    """Let through only what carries a session, and the way to get one."""

    def __init__(self, app: ASGIApp) -> None:
        """Take the app that is guarded."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, lead it to the login, or refuse it."""
        if scope["type"] not in ("http", "websocket") or scope["path"] in OPEN_PATHS:
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        if find_session(connection.cookies.get(COOKIE, "")) is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 4401, "reason": "sign in first"})
        else:
            await _lead(connection)(scope, receive, send)


def _lead(connection: HTTPConnection) -> Response:
    """Lead a reader to the login and back; tell a program that it needs a session."""
    if "text/html" not in connection.headers.get("accept", ""):
        return PlainTextResponse("sign in at /login first\n", 401)
    url = connection.url
    wanted = url.path + (f"?{url.query}" if url.query else "")
    language = to_language(connection.query_params.get("lang"))
    return RedirectResponse(f"/login?lang={language}&next={quote(wanted, safe='')}", 303)


def _destination(request: Request) -> str:
    """Give the path that was wanted, on this server only."""
    wanted = request.query_params.get("next", "/")
    parts = urlsplit(wanted)
    ours = not parts.scheme and not parts.netloc and wanted.startswith("/")
    return wanted if ours and not wanted.startswith(("//", "/\\")) else "/"


def _page(request: Request, message: str = "", seconds: float = 0, status: int = 200) -> Response:
    """Draw the login page."""
    language = to_language(request.query_params.get("lang"))
    text = login_page(language, _destination(request), message, seconds,
                      other_way=oidc.START if oidc.is_on() else "")
    answer = HTMLResponse(text, status, HEADERS)
    if seconds:
        answer.headers["Retry-After"] = str(int(seconds) + 1)
    return answer


def _client_key(request: Request) -> str:
    """Name the client whose failures are counted."""
    return f"client {request.client.host if request.client else ''}"


def _is_secure(request: Request) -> bool:
    """Tell whether the browser speaks TLS, to this server or to a proxy before it."""
    return request.url.scheme == "https" or read_settings().console_url.startswith("https:")


def _same_origin(request: Request) -> bool:
    """Tell whether a form was sent from a page of this server."""
    origin = request.headers.get("origin")
    return origin in (None, "null") or URL(origin).netloc == request.headers.get("host")


async def login(request: Request) -> Response:
    """Show the login page, or check what was filled in."""
    if request.method != "POST":
        return _page(request)
    length = request.headers.get("content-length", "")
    if not length.isdigit() or int(length) > MAX_FORM_BYTES or not _same_origin(request):
        return PlainTextResponse("not a login of this page\n", 400)
    form = await request.form(max_files=0, max_fields=4)
    name, password = (str(form.get(one, ""))[:1024] for one in ("name", "password"))
    keys = (f"name {name}", _client_key(request))
    if seconds := delays.wait(*keys):
        return _page(request, "login.wait", seconds, 429)
    # counted before it is checked, so that tries side by side are delayed as well
    delays.fail(*keys)
    staff = await asyncio.to_thread(check_password, name, password)
    if staff is None:
        record("login", name, request, success=False)
        return _page(request, "login.bad", status=401)
    delays.succeed(*keys)
    record("login", name, request, success=True)
    return _enter(request, staff, _destination(request))


async def begin_elsewhere(request: Request) -> Response:
    """Send a reader to the provider, with the flow in a cookie for the way back."""
    if not oidc.is_on():
        return PlainTextResponse("no provider is configured\n", 404)
    try:
        where, sealed = await asyncio.to_thread(oidc.begin, _destination(request))
    except oidc.RefusedError as error:
        log.error("%s", error)
        return HTMLResponse(refusal_page(error.key), 502, HEADERS)
    answer = RedirectResponse(where, 303, {"Cache-Control": "no-store"})
    answer.set_cookie(FLOW_COOKIE, sealed, max_age=oidc.FLOW_SECONDS, path=oidc.CALLBACK,
                      httponly=True, samesite="lax", secure=_is_secure(request))
    return answer


async def end_elsewhere(request: Request) -> Response:
    """Let in whom the provider vouches for, or say to both sides why not."""
    if not oidc.is_on():
        return PlainTextResponse("no provider is configured\n", 404)
    flow, key = oidc.find_flow(request.cookies.get(FLOW_COOKIE, "")), _client_key(request)
    if seconds := delays.wait(key):
        return _page(request, "login.wait", seconds, 429)
    try:
        staff = await asyncio.to_thread(oidc.finish, flow, dict(request.query_params))
    except oidc.RefusedError as error:
        delays.fail(key)
        log.warning("%s", error)
        record("login", error.who, request, success=False)
        answer: Response = HTMLResponse(refusal_page(error.key), 403, HEADERS)
    else:
        delays.succeed(key)
        record("login", staff.name, request, success=True)
        answer = _enter(request, staff, flow.wanted if flow else "/")
    answer.delete_cookie(FLOW_COOKIE, path=oidc.CALLBACK)
    return answer


def record(action: str, name: str, request: Request, *, success: bool) -> None:
    """Put a login or logout into the audit trail, without keeping the reader waiting."""
    client = request.client.host if request.client else ""
    log.info("%s of %r from %s: %s", action, name[:64], client, "done" if success else "failed")
    auditor.submit(_append, action, name[:64], {"client": client}, success)


def _append(action: str, name: str, detail: dict[str, str], success: bool) -> None:
    """Append one record; while the broker is away it waits on this disk."""
    try:
        append("console", action, name, name, detail, success)
    except CityBrainError as error:
        log.error("%s", error)


def _enter(request: Request, staff: Staff, wanted: str) -> Response:
    """Begin a session and go where the reader wanted to go."""
    answer = RedirectResponse(wanted, 303)
    answer.set_cookie(COOKIE, start_session(staff), max_age=SESSION_SECONDS, httponly=True,
                      samesite="lax", secure=_is_secure(request))
    return answer


async def logout(request: Request) -> Response:
    """End every session of the account."""
    staff = find_session(request.cookies.get(COOKIE, ""))
    if staff is not None:
        await asyncio.to_thread(change_staff, staff.name)
        record("logout", staff.name, request, success=True)
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE)
    return answer


check_exposure("the console")
oidc.check_configuration()
ensure_first()
app = App(Path(__file__).with_name("console.py"), middleware=[Middleware(LoginRequired)],
          routes=[Route("/login", login, methods=["GET", "POST"]), Route("/logout", logout),
                  Route(oidc.START, begin_elsewhere), Route(oidc.CALLBACK, end_elsewhere)])
