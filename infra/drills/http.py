"""Fuzz every address of the open feeds and the intake, among clients that are slow or stall.

Requests go over bare sockets, since an HTTP library would refuse to send most of them. A 5xx other
than a 503 that OpenAPI declares is a failure, and so is a service whose memory is not bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil

from infra.drills import fuzz
from infra.drills.fuzz import Address, Request
from infra.drills.stage import Report
from schemas.errors import ComponentError
from streams.settings import read_settings

DOCUMENTS = {"feed": "/v1/openapi.json", "intake": "/openapi.json"}
CONNECTIONS = 8
STALLED = 40
ANSWER_SECONDS = 30.0
# after this a service that has not answered is taken to wait for the rest of a request
MORE_SECONDS = 0.25
SHOWN = 160
# what a process may hold more at the end than at the start, beside what one large request takes
GROWTH_BYTES = 96 << 20
NO_BODY = {204, 304}
FAILED = 500
AWAY = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


@dataclass
class Service:
    """Hold a service under fuzz, its addresses, and what came of it; memory in bytes."""

    name: str
    port: int
    addresses: list[Address]
    unready: set[str]
    process: psutil.Process
    statuses: Counter[str] = field(default_factory=Counter)
    memory: dict[str, int] = field(default_factory=dict)
    stalled: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def measure(self, when: str) -> None:
        """Note the resident memory, and the peak."""
        rss = self.process.memory_info().rss
        self.memory[when] = rss
        self.memory["peak"] = max(rss, self.memory.get("peak", 0))


def find_service(name: str) -> Service:
    """Find a running service, its process, and what it says that it serves."""
    settings = read_settings()
    port = settings.port(name)
    try:
        document: dict[str, Any] = httpx.get(
            f"http://{settings.host}:{port}{DOCUMENTS[name]}", trust_env=False, timeout=30).json()
    except (httpx.HTTPError, ValueError) as error:
        raise ComponentError(f"{name} at {settings.host}:{port} does not answer: {error}") from None
    return Service(name, port, fuzz.list_addresses(document), _unready(document), _serving(port))


def _unready(document: dict[str, Any]) -> set[str]:
    """List the paths that may answer 503."""
    return {path for path, item in document["paths"].items() for operation in item.values()
            if "503" in operation["responses"]}


def _serving(port: int) -> psutil.Process:
    """Find the process that listens on a port."""
    for one in psutil.net_connections("tcp"):
        address: Any = one.laddr
        if one.status == psutil.CONN_LISTEN and address.port == port and one.pid:
            return psutil.Process(one.pid)
    raise ComponentError(f"no process of yours listens on port {port}")


async def _read_answer(reader: asyncio.StreamReader, head_only: bool) -> tuple[int, bool, bytes]:
    """Read one answer: status, whether the connection stays, and the beginning of the body."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = int(lines[0].split(" ")[1])
    headers = {name.lower(): value.strip() for name, _, value in
               (line.partition(":") for line in lines[1:] if line)}
    if status < 200:
        return await _read_answer(reader, head_only)
    body = b""
    if not head_only and status not in NO_BODY and "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    elif not head_only and status not in NO_BODY:
        body = await reader.read()
    stays = "content-length" in headers and headers.get("connection", "").lower() != "close"
    return status, stays, body[:500]


class Client:
    """Send requests over one connection, opened anew whenever the service ends it."""

    def __init__(self, service: Service, host: str) -> None:
        """Take the service."""
        self._service, self._host = service, host
        self._pair: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: Request) -> tuple[int, bytes] | None:
        """Send a request; give status and body, None where the connection just ended."""
        if self._pair is None:
            self._pair = await asyncio.open_connection(self._host, self._service.port)
        reader, writer = self._pair
        try:
            writer.write(request.data)
            await writer.drain()
            status, stays, body = await self._await_answer(reader, writer, request)
        except TimeoutError:
            self._service.failures.append(f"{self._service.name}: no answer in"
                                          f" {ANSWER_SECONDS:g} s: {request.data[:SHOWN]!r}")
            self.close()
            return None
        except (*AWAY, ValueError):
            self.close()
            return None
        if request.ends or not stays:
            self.close()
        return status, body

    @staticmethod
    async def _await_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                            request: Request) -> tuple[int, bool, bytes]:
        """Wait for an answer; a service that waits for more is told that no more will come."""
        if request.ends:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(MORE_SECONDS):
                    return await _read_answer(reader, request.head_only)
            writer.write_eof()
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _read_answer(reader, request.head_only)

    def close(self) -> None:
        """End the connection."""
        if self._pair is not None:
            self._pair[1].close()
        self._pair = None


async def _fuzz(service: Service, host: str, token: str, requests: Iterable[int], seed: int
                ) -> None:
    """Send the requests of some numbers, one after another; note each answer."""
    client = Client(service, host)
    for number in requests:
        chance = random.Random(f"{seed}/{service.name}/{number}")
        address = service.addresses[number % len(service.addresses)]
        request = fuzz.draw(address, chance, f"{host}:{service.port}", token)
        told = await client.send(request)
        service.statuses["connection ended" if told is None else str(told[0])] += 1
        if told is not None and told[0] >= FAILED:
            _judge(service, address, request, *told)
        if number % 500 == 0:
            service.measure("during")
    client.close()


def _judge(service: Service, address: Address, request: Request, status: int, body: bytes) -> None:
    """Note a 5xx, unless it is a 503 that is declared."""
    if status != 503 or (address.path not in service.unready and b"busy" not in body):
        service.failures.append(f"{service.name}: {status} to {request.data[:SHOWN]!r}:"
                                f" {body[:SHOWN]!r}")


STALLS: dict[str, bytes] = {
    "half a request line": b"GET /v1/ro",
    "half a head": b"GET / HTTP/1.1\r\nHost: x\r\nX-",
    "a body that does not come": (b"POST /v1/events/parking-occupancy HTTP/1.1\r\nHost: x\r\n"
                                  b"Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"),
    "nothing": b"",
}


async def _stall(service: Service, host: str, name: str) -> None:
    """Connect, send some of a request, and wait for the service to end it."""
    reader, writer = await asyncio.open_connection(host, service.port)
    writer.write(STALLS[name])
    try:
        while await reader.read(65_536):
            pass
        service.stalled[f"{name}: ended by the service"] += 1
    except ConnectionError:
        service.stalled[f"{name}: ended by the service"] += 1
    except asyncio.CancelledError:
        service.stalled[f"{name}: still open"] += 1
    finally:
        writer.close()


@contextlib.asynccontextmanager
async def _stalling(service: Service, host: str, patience: float) -> AsyncIterator[None]:
    """Keep clients that stall beside what a block does, and give the service time to end them."""
    tasks = [asyncio.create_task(_stall(service, host, name))
             for _ in range(STALLED // len(STALLS)) for name in STALLS]
    begun = time.monotonic()
    try:
        yield
        left = max(0.1, patience - (time.monotonic() - begun))
        await asyncio.wait(tasks, timeout=left)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _drill(service: Service, token: str, requests: int, seed: int, patience: float) -> None:
    """Fuzz one service over several connections at once."""
    host = read_settings().host
    service.measure("before")
    async with _stalling(service, host, patience):
        await asyncio.gather(*(
            _fuzz(service, host, token, range(first, requests, CONNECTIONS), seed)
            for first in range(CONNECTIONS)))
    service.measure("after")
    if not service.process.is_running():
        service.failures.append(f"{service.name} ended")
    if service.memory["after"] - service.memory["before"] > GROWTH_BYTES:
        service.failures.append(f"{service.name} grew beyond {GROWTH_BYTES >> 20} MiB")
    service.failures += [f"{service.name}: {name}: {number} clients" for name, number in
                         service.stalled.items() if name.endswith("still open")]


def run(token: str, requests: int, seed: int, report: Report, patience: float = 45.0
        ) -> list[Service]:
    """Fuzz feed and intake with so many requests together; `patience` (s) is for the stalled."""
    services = [find_service(name) for name in DOCUMENTS]
    for service in services:
        report(f"{service.name}: {len(service.addresses)} addresses, {requests // len(services):,}"
               " requests")
        asyncio.run(_drill(service, token, requests // len(services), seed, patience))
    return services


def tell(services: list[Service]) -> dict[str, Any]:
    """Give the figures of a drill as plain data; memory in MiB."""
    return {service.name: {
        "requests": service.statuses.total(), "addresses": len(service.addresses),
        "statuses": dict(sorted(service.statuses.items())),
        "memory_mib": {when: round(rss / (1 << 20)) for when, rss in service.memory.items()},
        "stalled": dict(sorted(service.stalled.items())), "failures": service.failures[:100],
    } for service in services}
