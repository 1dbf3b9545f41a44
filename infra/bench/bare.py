"""Serve one answer and nothing else: `python -m infra.bench.bare PORT FILE`, a `Bare` in msgpack.

This is the least that an ASGI application can do with these bytes, on the server that the feeds
run on; what the feeds add to it is their own cost.
"""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec
import uvicorn
from starlette.types import Receive, Scope, Send

from streams.intake.server import HEAD_BYTES, PatientProtocol


class Bare(msgspec.Struct):
    """Hold an answer: its headers and body, and the headers of a 304."""

    headers: list[tuple[bytes, bytes]]
    body: bytes
    unchanged: list[tuple[bytes, bytes]]

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer a request: 304 where it names any tag, else 200."""
        if scope["type"] != "http":
            return
        asked = any(name == b"if-none-match" for name, _ in scope["headers"])
        status, headers = (304, self.unchanged) if asked else (200, self.headers)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if asked else self.body})


def main() -> None:
    """Serve until SIGTERM."""
    port, path = int(sys.argv[1]), Path(sys.argv[2])
    bare = msgspec.msgpack.decode(path.read_bytes(), type=Bare)
    uvicorn.run(bare, host="127.0.0.1", port=port, lifespan="off", log_level="warning",
                access_log=False, server_header=False, http=PatientProtocol, ws="none",
                h11_max_incomplete_event_size=HEAD_BYTES, timeout_keep_alive=15)


if __name__ == "__main__":
    main()
