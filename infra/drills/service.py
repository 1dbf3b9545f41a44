"""Find a running HTTP service, what its OpenAPI document lists, and the process behind it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil

from infra.drills import fuzz
from infra.drills.fuzz import Address
from schemas.errors import ComponentError
from streams.settings import read_settings
from streams.tls import address, trust

DOCUMENTS = {"feed": "/v1/openapi.json", "intake": "/openapi.json"}


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
            f"{address(name)}{DOCUMENTS[name]}", trust_env=False, timeout=30,
            verify=trust()).json()
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
