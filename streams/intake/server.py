"""Serve with patience that ends: clients that send or read too slowly are let go."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

# to send a request line and headers; to read an answer
HEAD_SECONDS = 10.0
READ_SECONDS = 20.0
HEAD_BYTES = 16_384
# beyond the first a request is answered 503, beyond the second a connection is not taken
MAX_SERVED = 512
MAX_CONNECTIONS = 1024
# confirmations must come through before what is in flight is cancelled
GRACE_SECONDS = 15


class PatientProtocol(H11Protocol):
    """Bound how long a connection may be between requests that began, and with unread answers.

    uvicorn itself ends connections that send nothing after an answer, but not those that send a
    request byte by byte, nor those that read none of their answer.
    """

    head_seconds = HEAD_SECONDS
    read_seconds = READ_SECONDS
    max_connections = MAX_CONNECTIONS
    _head_timer: asyncio.TimerHandle | None = None
    _read_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; beyond so many connections, end it at once."""
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._forget_head()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came; while it is no whole head, time goes on."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._await_head()
        else:
            self._forget_head()

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        if self._read_timer is None:
            self._read_timer = self.loop.call_later(self.read_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def _await_head(self) -> None:
        """End the connection unless a request begins in time."""
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _forget_head(self) -> None:
        """A request has begun."""
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None


def configure(app: ASGIApp, host: str, port: int, **settings: Any) -> uvicorn.Config:
    """Give the configuration of the server."""
    return uvicorn.Config(
        app, host=host, port=port, http=PatientProtocol, ws="none", log_level="warning",
        access_log=False, limit_concurrency=MAX_SERVED, server_header=False,
        proxy_headers=False, timeout_keep_alive=15, timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=HEAD_BYTES, **settings)
