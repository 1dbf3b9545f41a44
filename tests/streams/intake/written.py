"""Send real events and read them back, for the tests on a real broker."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from confluent_kafka import Message

from streams.agents.history import open_reader, read_back
from tests.streams.intake.conftest import FAMILY, LIVE

RAW = f"raw-{LIVE}--{FAMILY.name}"


def event(event_id: str, **more: Any) -> dict[str, Any]:
    """Give an event that is good now."""
    return {**FAMILY.example, "id": event_id, "observed_at": time.time_ns() // 1_000_000, **more}


def written() -> list[Message]:
    """Read the raw topic."""
    reader = open_reader("admin", "test-intake")
    found = list(read_back(reader, RAW, FAMILY.partitions, None, {}))
    reader.close()
    return found


def ids(messages: list[Message]) -> list[str]:
    """Give the ids of records: the header's, else the payload's."""
    found = []
    for message in messages:
        headers = dict(message.headers() or [])
        told = headers.get("ce_id")
        payload = json.loads(message.value() or b"")
        found.append(told.decode() if isinstance(told, bytes) else payload["id"])
    return found


def until(what: Callable[[], bool]) -> bool:
    """Wait until something holds."""
    end = time.monotonic() + 60.0
    while not what() and time.monotonic() < end:
        time.sleep(0.1)
    return what()
