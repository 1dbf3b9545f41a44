"""Test what the alert agent takes from its topics, without a broker."""

from __future__ import annotations

import json
import time
from typing import Any, cast

import pytest

from streams.agents.alerts import OLD_MS, Agent
from streams.agents.rules import Rule
from streams.publisher import Publisher

RULE: dict[str, Any] = {
    "id": "slow", "title_en": "Slow", "title_zh": "慢", "result": "road-state",
    "window_seconds": 60, "value": "mean_speed", "comparison": "below", "threshold": 10,
    "clear_threshold": 20, "severity": "yellow"}


class Sender:
    """Play the publisher: keep what is sent."""

    def __init__(self) -> None:
        """Start with nothing sent."""
        self.states: list[str] = []

    def send(self, _family: str, payload: dict[str, Any], **_: object) -> None:
        """Keep the state of the alert."""
        self.states.append(payload["state"])


def row(window_start: int) -> bytes:
    """Make the row of a road on which one vehicle crawls."""
    return json.dumps({
        "window_seconds": 60, "window_start": window_start, "road_id": "r", "events": 1, "late": 0,
        "vehicles": 1, "speed_samples": 1, "speed_sum": 300, "version": 1}).encode()


@pytest.mark.parametrize(("age_ms", "states"), [(0, ["raised"]), (2 * OLD_MS, [])])
def test_a_recording_of_other_days_alerts_nobody(age_ms: int, states: list[str]) -> None:
    sender, now = Sender(), time.time_ns() // 1_000_000
    agent = Agent(cast(Publisher, sender))
    start = (now - 120_000 - age_ms) // 60_000 * 60_000
    agent.take("rules", b"slow", json.dumps(RULE).encode(), start - 1)
    agent.take("result-road-state", b"{}", row(start), now - 60_000)
    agent.advance()
    assert sender.states == states


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"window_seconds": 60}'])
def test_a_record_that_is_no_row_stops_nothing(body: bytes) -> None:
    agent = Agent(cast(Publisher, Sender()))
    agent.take("result-road-state", b"", body, 0)
    agent.take("rules", b"slow", json.dumps(RULE).encode(), 0)
    assert [rule.id for rule in agent.evaluator.rules()] == [Rule(**RULE).id]
