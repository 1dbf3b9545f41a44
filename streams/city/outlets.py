"""Let events out: to Kafka, each family under its system's account, or into a file of lines."""

from __future__ import annotations

import logging
import math
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import orjson

from schemas.errors import ComponentError
from streams.city.event import CityEvent
from streams.city.publishers import ACCOUNTS, REGISTRATIONS
from streams.publisher import Publisher

log = logging.getLogger(__name__)
_LAST_SECONDS = 5.0


class Outlet(Protocol):
    """Take events and give them to the outside."""

    def send(self, events: list[CityEvent]) -> None:
        """Send events in order."""

    def close(self) -> None:
        """Send what is left and let go."""


class KafkaOutlet:
    """Publish to Kafka; what the broker refuses is logged, the city lives on."""

    def __init__(self) -> None:
        """Connect one publisher for each publishing system."""
        # the gate judges these events as everyone's; checking them twice would only cost time
        self._publishers = {one.name: Publisher(one.name, verify=False, wait_seconds=math.inf)
                            for one in REGISTRATIONS}

    def send(self, events: list[CityEvent]) -> None:
        """Queue events; wait while the broker is away and the buffer full."""
        for event in events:
            self._publishers[ACCOUNTS[event.family]].send(
                event.family, event.payload, event_id=event.event_id,
                observed_at_ms=event.observed_at, key=event.key)
        for publisher in self._publishers.values():
            if publisher.failures:
                log.warning("%s: refused by the broker, first: %s", publisher.account,
                            publisher.failures[0])
                publisher.failures.clear()

    def close(self) -> None:
        """Flush for some seconds; what stays unconfirmed is logged."""
        for publisher in self._publishers.values():
            try:
                publisher.flush(_LAST_SECONDS)
            except ComponentError as error:
                log.warning("%s", error)


class FileOutlet:
    """Write one JSON line an event: family, publisher, key, id, observed_at, payload."""

    def __init__(self, path: Path) -> None:
        """Open the file, replacing what it holds."""
        self._file = path.open("wb")

    def send(self, events: list[CityEvent]) -> None:
        """Write events."""
        self._file.write(b"".join(orjson.dumps({
            "family": one.family, "publisher": ACCOUNTS[one.family], "key": one.key,
            "id": one.event_id, "observed_at": one.observed_at, "payload": one.payload,
        }, option=orjson.OPT_APPEND_NEWLINE) for one in events))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None,
                 trace: TracebackType | None) -> None:
        """Close the file."""
        self.close()
