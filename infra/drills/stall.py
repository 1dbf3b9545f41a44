"""Be clients that begin a request and do not end it, or send it byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from infra.drills.service import Service
from streams.tls import for_sockets

CLIENTS = 40
TRICKLE = "a head byte by byte"
STALLS: dict[str, bytes] = {
    "half a request line": b"GET /v1/ro",
    "half a head": b"GET / HTTP/1.1\r\nHost: x\r\nX-",
    "a body that does not come": (b"POST /v1/events/parking-occupancy HTTP/1.1\r\nHost: x\r\n"
                                  b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"),
    "nothing": b"",
    TRICKLE: b"GET / HTTP/1.1\r\nX-A: " + b"a" * 4_000,
}


async def _stall(service: Service, host: str, name: str) -> None:
    """Connect, send some of a request, and wait for the service to end it."""
    reader, writer = await asyncio.open_connection(host, service.port, ssl=for_sockets())
    data = STALLS[name]
    first = 10 if name == TRICKLE else len(data)
    writer.write(data[:first])
    slowly = asyncio.create_task(_trickle(writer, data[first:]))
    try:
        while await reader.read(65_536):
            pass
        service.stalled[f"{name}: ended by the service"] += 1
    except ConnectionError:
        service.stalled[f"{name}: ended by the service"] += 1
    except asyncio.CancelledError:
        service.stalled[f"{name}: still open"] += 1
    finally:
        slowly.cancel()
        writer.close()


async def _trickle(writer: asyncio.StreamWriter, data: bytes) -> None:
    """Send bytes one by one, two a second, for as long as anybody takes them."""
    with contextlib.suppress(ConnectionError):
        for i in range(len(data)):
            await asyncio.sleep(0.5)
            writer.write(data[i:i + 1])
            await writer.drain()


@contextlib.asynccontextmanager
async def stalling(service: Service, host: str, patience: float) -> AsyncIterator[None]:
    """Keep clients that stall beside what a block does, and give the service time to end them."""
    tasks = [asyncio.create_task(_stall(service, host, name))
             for _ in range(CLIENTS // len(STALLS)) for name in STALLS]
    begun = time.monotonic()
    try:
        yield
        left = max(0.1, patience - (time.monotonic() - begun))
        await asyncio.wait(tasks, timeout=left)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
