"""Test on a real broker that a rule judges what had come of its window before it."""

from __future__ import annotations

import time
from contextlib import closing
from typing import cast

import msgspec
import pytest

from streams.agents.alerts import Agent
from streams.agents.app import APP
from streams.agents.history import open_reader, read_back
from streams.broker import open_producer
from streams.commands import ACCOUNT, RULES
from streams.publisher import Publisher
from tests.streams.agents.test_alerts import RULE, Sender, row

pytestmark = [pytest.mark.live, pytest.mark.timeout(120)]
TOPIC = "result-road-state"


def test_rows_that_came_before_a_rule_are_judged_by_it(registered: str) -> None:
    now = time.time_ns() // 1_000_000
    start = (now - 120_000) // 60_000 * 60_000
    agent = Agent(cast(Publisher, Sender()))
    with closing(open_reader(ACCOUNT, APP)) as consumer:
        agent.rebuild(consumer, {"event-alert": 1, RULES: 1, TOPIC: 1})
        producer = open_producer("gate")
        key = {"window_seconds": 60, "window_start": start, "road_id": "r"}
        producer.produce(TOPIC, key=msgspec.json.encode(key), value=row(start))
        assert producer.flush(30) == 0
        agent.follow(read_back(consumer, TOPIC, 1, now, agent.positions))
    agent.follow_rule(b"slow", msgspec.json.encode(RULE), start - 1)
    raised = agent.evaluator.advance(now + 60_000)
    assert [(one.rule_id, one.place, one.state) for one in raised] == [("slow", "r", "raised")]
