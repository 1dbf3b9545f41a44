"""Say what each address answers to whom, once, and knock at all of them.

Doors are what feed, intake, wall, console and Flink serve over HTTP, with and without the key that
opens each. A session of the console opens the console only, in whatever role. The console's pages
are visited in every role, over the socket on which they are drawn.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from infra.cells import Cell
from schemas import registry
from schemas.declare import Family, ResultTable
from schemas.errors import ComponentError
from schemas.render.addresses import feed_addresses
from streams.staff import (
    COOKIE,
    Role,
    add_staff,
    ensure_first,
    list_staff,
    remove_staff,
    start_session,
)
from streams.tls import address, trust
from streams.tokens import issue, list_tokens, revoke

ASK_SECONDS = 15.0
LEARN_SECONDS = 30.0
# whose token the intake is tried with
OWN = "parking-occupancy"
TOKEN, SESSION = "token of its publisher", "session"
NOTHING_YET = 503


@dataclass(frozen=True, slots=True)
class Door:
    """Describe one request: what it is answered without a key and with the one that it asks for."""

    server: str
    method: str
    path: str
    key: str
    without: tuple[int, ...]
    within: tuple[int, ...] = ()


def _feed_doors() -> Iterator[Door]:
    """List what anybody may read, and that what is not declared public is nowhere."""
    for path in ("/", "/health", "/metrics", "/metrics/all", "/v1/openapi.json", "/v1/catalogue",
                 "/v1/catalogue.json", f"/v1/schemas/{OWN}.json"):
        yield Door("feed", "GET", path, "", (200, NOTHING_YET) if path == "/health" else (200,))
    yield Door("feed", "POST", "/v1/openapi.json", "", (405,))
    everything: list[Family | ResultTable] = [
        *registry.families().values(), *registry.results().values()]
    for declared in everything:
        for path in feed_addresses(declared):
            yield Door("feed", "GET", path, "", (200, NOTHING_YET))
        if not declared.public:
            for suffix in ("json", "geojson"):
                yield Door("feed", "GET", f"/v1/{declared.name}.{suffix}", "", (404,))


def _intake_doors() -> Iterator[Door]:
    """List what the intake tells anybody, and what it takes from the publisher of a family only."""
    for path in ("/", "/healthz", "/openapi.json"):
        yield Door("intake", "GET", path, "", (200, NOTHING_YET) if path == "/healthz" else (200,))
    yield Door("intake", "GET", "/v1/feedback", TOKEN, (401,), (200,))
    owner = registry.get_family(OWN).owner
    for name, family in sorted(registry.families().items()):
        yield Door("intake", "GET", f"/v1/events/{name}", "", (200,))
        yield Door("intake", "POST", f"/v1/events/{name}", TOKEN, (401,),
                   (200,) if family.owner == owner else (403,))


def _page_doors() -> Iterator[Door]:
    """List the addresses of wall and console; beside the login the latter wants a session."""
    for path in ("/", "/_stcore/health", "/_stcore/host-config", "/_stcore/metrics",
                 "/city-wall/health", "/city-wall/geometry.json"):
        yield Door("wall", "GET", path, "", (200,))
    yield Door("wall", "PUT", "/_stcore/upload_file/nobody/nothing", "", (400, 403, 404))
    yield Door("console", "GET", "/login", "", (200,))
    yield Door("console", "GET", "/_stcore/health", "", (200,))
    for path in ("/", "/cases", "/_stcore/host-config"):
        yield Door("console", "GET", path, SESSION, (303, 401), (200,))
    yield Door("console", "GET", "/media/nothing", SESSION, (303, 401), (404,))
    yield Door("console", "PUT", "/_stcore/upload_file/nobody/nothing", SESSION, (401,),
               (400, 403, 404))
    yield Door("flink_rest", "GET", "/overview", "loopback only", (200,))
    yield Door("flink_rest", "GET", "/jars", "", (404,))


def list_doors() -> list[Door]:
    """List every door, those of families declared while the city runs included."""
    return [*_feed_doors(), *_intake_doors(), *_page_doors()]


@contextmanager
def _sessions() -> Iterator[dict[Role, str]]:
    """Give a session in each role; their accounts end with the block."""
    ensure_first()  # a city whose console never ran must not be left without its first account
    names = {role: f"verify-{role.value}" for role in Role}
    try:
        for name in names.values():
            if name in list_staff():  # left by a run that was killed
                remove_staff(name)
        yield {role: start_session(add_staff(name, secrets.token_urlsafe(24), role))
               for role, name in names.items()}
    finally:
        for name in names.values():
            if name in list_staff():
                remove_staff(name)


@contextmanager
def _token() -> Iterator[str]:
    """Give a token of the publisher of OWN for the block."""
    owner = registry.get_family(OWN).owner
    before = {one.id for one in list_tokens()}
    try:
        yield issue(owner)
    finally:
        for one in list_tokens():
            if one.id not in before and one.publisher == owner:
                revoke(one.id)


def door_cells() -> Iterator[Cell]:
    """Knock at each door without and with its key, and with a session of each role.

    A server that does not run is not asked.
    """
    with _token() as token, _sessions() as sessions:
        bearer = {"Authorization": f"Bearer {token}"}
        cookies = {role: {"Cookie": f"{COOKIE}={session}"} for role, session in sessions.items()}
        for door in list_doors():
            yield _knock(door, "without", door.without, {})
            if door.key == TOKEN:
                yield _knock(door, f"with {TOKEN}", door.within, bearer)
            for role, cookie in cookies.items():
                wanted = door.within if door.key == SESSION else door.without
                yield _knock(door, f"with a session, {role.value}", wanted, cookie)


def _knock(door: Door, how: str, wanted: tuple[int, ...], headers: dict[str, str]) -> Cell:
    """Send one request, again where it came too often or a new key is not known yet."""
    body = b"[]" if door.method == "POST" else None
    until = time.monotonic() + LEARN_SECONDS
    try:
        with httpx.Client(trust_env=False, timeout=ASK_SECONDS,
                          verify=trust(door.server)) as client:
            while (status := client.request(
                    door.method, address(door.server) + door.path, content=body,
                    headers={"Content-Type": "application/json", **headers}).status_code
                   ) not in wanted and time.monotonic() < until:
                if status != 429 and not ("Authorization" in headers and status in (401, 403)):
                    break
                time.sleep(0.5)
        found = "/".join(map(str, wanted)) if status in wanted else str(status)
    except httpx.HTTPError:
        found = ""
    return Cell("door", f"{door.server} {how}", f"{door.method} {door.path}",
                "/".join(map(str, wanted)), found)


def page_cells() -> Iterator[Cell]:
    """Visit every page of the console in every role; r is drawn, a dot is denied."""
    # loaded here: Streamlit, which comes along, is slow and warns where it serves no page
    from dashboards.views.rights import list_pages
    from dashboards.visit import visit
    pages = {name: roles for group in list_pages().values() for name, roles in group.items()}
    with _sessions() as sessions:
        for role, session in sessions.items():
            found: dict[str, str] = {}
            try:
                drawn = visit(address("console"), session, pages, trust())
                found = {name: one.right for name, one in drawn.items()}
            except ComponentError:
                if not _is_away():
                    raise
            for name, roles in pages.items():
                yield Cell("page", role.value, f"console /{name}", "r" if role in roles else ".",
                           found.get(name, ""))


def _is_away() -> bool:
    """Tell whether the console does not answer at all."""
    try:
        httpx.get(f"{address('console')}/login", trust_env=False, verify=trust(),
                  timeout=ASK_SECONDS)
    except httpx.HTTPError:
        return True
    return False
