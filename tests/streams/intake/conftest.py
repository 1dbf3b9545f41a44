"""Give tests an intake that is served as in the city, over known publishers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from schemas import registry
from streams.intake.app import build
from streams.intake.door import Door
from streams.intake.feedback import KnownReports
from streams.intake.limits import Limits
from streams.intake.sender import Sender
from streams.intake.server import configure
from streams.publishers import Registration, register
from streams.settings import read_settings
from streams.tokens import issue

FAMILY = registry.get_family("parking-occupancy")
ADDRESS = f"/v1/events/{FAMILY.name}"
PUBLISHER, TOKEN = "test-http", "cb_0_0"
# registered at a real broker
LIVE = "test-intake"


class Tokens:
    """Know tokens by their text."""

    def __init__(self, known: dict[str, str]) -> None:
        """Take the publisher of each text."""
        self.is_ready, self._known = True, known

    def find(self, text: str) -> str | None:
        """Find a publisher."""
        return self._known.get(text)


class Publishers:
    """Know registrations."""

    def __init__(self, *known: Registration) -> None:
        """Take the registrations."""
        self.is_ready, self._known = True, {one.name: one for one in known}

    def known(self) -> dict[str, Registration]:
        """Give the registrations."""
        return self._known


@contextmanager
def served(door: Door, reports: KnownReports | None = None
           ) -> Iterator[tuple[httpx.Client, uvicorn.Server]]:
    """Serve a door for as long as a block runs; give a client, and the server."""
    settings = read_settings()
    app = build(door, reports=reports)
    server = uvicorn.Server(configure(app, settings.host, settings.port("intake")))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    address = f"http://{settings.host}:{settings.port('intake')}"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False, timeout=60.0) as client:
        yield client, server
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="session")
def lost() -> Iterator[Sender]:
    """Give a real producer whose broker is not there."""
    nowhere = {"bootstrap.servers": "127.0.0.1:1", "log_level": 0}
    sender = Sender("intake", lambda: None, 0.3, **nowhere)
    yield sender
    sender.close()


OpenDoor = Callable[..., Door]


@pytest.fixture
def open_door(lost: Sender) -> OpenDoor:
    """Give what makes a door of two known publishers, one of them removed, without a broker."""
    def opened(bytes_rate: float = 0.0, quota: int = 0, family: str = FAMILY.name) -> Door:
        """Make a door."""
        return Door(
            Tokens({TOKEN: PUBLISHER, "gone": "test-gone"}),
            Publishers(Registration(PUBLISHER, families=[family], quota_events=quota),
                       Registration("test-gone", families=[FAMILY.name], removed_at=1)),
            lost, Limits(bytes_rate), events_rate=0.0)
    return opened


@pytest.fixture
def client(open_door: OpenDoor) -> Iterator[httpx.Client]:
    """Give a client of an intake without a broker."""
    with served(open_door()) as (client, _):
        yield client


@pytest.fixture(scope="session")
def token(registered: str) -> str:
    """Register a publisher without limits; give its token."""
    register(Registration(LIVE, families=[FAMILY.name], quota_events=0))
    return issue(LIVE)
