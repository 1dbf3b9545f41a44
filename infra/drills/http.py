"""Fuzz every address of the open feeds and the intake, among clients that are slow or stall.

Requests go over bare sockets, since an HTTP library would refuse to send most of them. A 5xx other
than a 503 that OpenAPI declares is a failure, and so is a service whose memory is not bounded.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterable
from typing import Any

from infra.drills import fuzz
from infra.drills.fuzz import Address, Request
from infra.drills.service import DOCUMENTS, Service, find_service
from infra.drills.stage import Report
from infra.drills.stall import stalling
from streams.settings import read_settings
from streams.tls import for_sockets

CONNECTIONS = 8
ANSWER_SECONDS = 30.0
# after this a service that has not answered is taken to wait for the rest of a request
MORE_SECONDS = 0.25
SHOWN = 160
# what a process may hold more at the end than at the start, beside what one large request takes
GROWTH_BYTES = 96 << 20
NO_BODY = {204, 304}
FAILED = 500
AWAY = (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)


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
            self._pair = await asyncio.open_connection(
                self._host, self._service.port, ssl=for_sockets())
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


async def _drill(service: Service, token: str, requests: int, seed: int, patience: float) -> None:
    """Fuzz one service over several connections at once."""
    host = read_settings().host
    service.measure("before")
    async with stalling(service, host, patience):
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
