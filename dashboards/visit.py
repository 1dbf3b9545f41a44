"""Visit pages of a running console as a browser does, over its socket, and say what was drawn.

A page's shell is the same for everybody; what a role may see is decided where the page is drawn.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from dashboards.views.words import say
from schemas.errors import ComponentError
from streams.staff import COOKIE

SECONDS = 60.0


@dataclass
class Drawn:
    """Hold what a page drew: headings, alerts, the number of its tables, and whether it failed."""

    headings: list[str] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    tables: int = 0
    failed: bool = False

    @property
    def right(self) -> str:
        """Give r for a page that was drawn, a dot for one that was denied, ? for anything else."""
        denied = say("session.denied", "en") in self.alerts
        if denied and not (self.headings or self.tables or self.failed):
            return "."
        return "r" if self.headings and not (denied or self.failed) else "?"


def visit(address: str, session: str, pages: Iterable[str],
          trusted: ssl.SSLContext) -> dict[str, Drawn]:
    """Visit pages one after another in one session; raise ComponentError where it is refused."""
    try:
        return asyncio.run(_visit(address, session, pages, trusted))
    except InvalidStatus as error:
        raise ComponentError(
            f"the console answers {error.response.status_code} to a session") from error
    except (OSError, TimeoutError, WebSocketException) as error:
        told = str(error) or type(error).__name__
        raise ComponentError(f"the console at {address}: {told}") from error


async def _visit(address: str, session: str, pages: Iterable[str],
                 trusted: ssl.SSLContext) -> dict[str, Drawn]:
    """Open one socket and draw page after page over it.

    The client without asyncio reads and writes an SSL object in two threads, which it is not made
    for, and when the server is silent it waits for the reading one without end.
    """
    where = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(where, additional_headers={"Cookie": f"{COOKIE}={session}"}, proxy=None,
                       ssl=trusted if where.startswith("wss") else None, max_size=None,
                       open_timeout=SECONDS) as socket:
        return {page: await _draw(socket, page) for page in pages}


async def _draw(socket: ClientConnection, page: str) -> Drawn:
    """Ask for a page and read what it draws until it is done."""
    ask = BackMsg()
    ask.rerun_script.page_name, ask.rerun_script.query_string = page, "lang=en"
    await socket.send(ask.SerializeToString())
    drawn = Drawn()
    while True:
        async with asyncio.timeout(SECONDS):
            told = ForwardMsg.FromString(await socket.recv(decode=False))
        kind = told.WhichOneof("type")
        if kind == "script_finished" and (
                told.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN):
            drawn.failed |= told.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY
            return drawn
        if kind == "delta":
            _note(drawn, told)


def _note(drawn: Drawn, told: ForwardMsg) -> None:
    """Note one element of a page; the sidebar's (the second root) are the same on all pages."""
    element = told.delta.new_element
    kind = element.WhichOneof("type")
    if told.metadata.delta_path[:1] == [1]:
        return
    if kind == "heading":
        drawn.headings.append(element.heading.body)
    elif kind == "alert":
        drawn.alerts.append(element.alert.body)
    elif kind in ("dataframe", "table"):
        drawn.tables += 1
    elif kind == "exception":
        drawn.failed = True
