"""Hold a raised alert, and the raising or clearing that becomes an event of the family `alert`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xxhash import xxh3_64_hexdigest

_MAX_ID = 128


@dataclass(frozen=True, slots=True)
class Open:
    """Hold a raised alert; `raised_at` is epoch ms."""

    alert_id: str
    raised_at: int
    value: float
    severity: str
    title_en: str
    title_zh: str
    threshold: float


@dataclass(frozen=True, slots=True)
class Transition:
    """Say that an alert is raised or cleared at `at` (epoch ms)."""

    rule_id: str
    place: str
    state: str
    at: int
    alert: Open

    @property
    def event_id(self) -> str:
        """Give the id of the event: one raising and one clearing for each alert."""
        return f"{self.alert.alert_id}:{self.state}"

    @property
    def payload(self) -> dict[str, Any]:
        """Give the payload of the family `alert`."""
        alert = self.alert
        return {
            "alert_id": alert.alert_id, "rule_id": self.rule_id, "state": self.state,
            "severity": alert.severity, "place": self.place, "title_en": alert.title_en,
            "title_zh": alert.title_zh, "value": round(alert.value, 3),
            "threshold": alert.threshold, "raised_at": alert.raised_at,
            "duration_seconds": max(0, self.at - alert.raised_at) // 1000}


def alert_id(rule_id: str, place: str, start: int) -> str:
    """Make the id of an alert; a place too long for it is hashed."""
    whole = f"{rule_id}:{place}:{start // 1000}"
    if len(whole) <= _MAX_ID:
        return whole
    return f"{rule_id}:{xxh3_64_hexdigest(place.encode())}:{start // 1000}"
