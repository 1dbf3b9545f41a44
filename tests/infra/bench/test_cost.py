"""Test that cost is what was added between two looks."""

from __future__ import annotations

from collections import Counter

import pytest

from infra.bench import cost
from infra.bench.cost import Snapshot, between
from schemas.errors import ComponentError

BEFORE = Snapshot(100.0, {"kafka": 10.0, "sink": 1.0}, Counter(raw=1000, event=500),
                  Counter(raw=50), Counter(event=4000), Counter(event=100), 10, 7)
AFTER = Snapshot(110.0, {"kafka": 12.0, "sink": 1.5, "wall": 0.2}, Counter(raw=3000, event=400),
                 Counter(raw=1050, result=30), Counter(event=9000), Counter(event=300, result=0),
                 110, 9_000)


def test_cost_is_the_growth_a_second() -> None:
    found = between(BEFORE, AFTER)
    assert found.events_per_second == 100.0
    assert found.cores == pytest.approx({"kafka": 0.2, "sink": 0.05, "wall": 0.02})
    assert found.records_per_second == {"raw": 100.0, "result": 3.0}
    assert found.bytes_per_row == {"event": 30.0}
    assert (found.groups, found.groups_per_second, found.state_bytes) == (110, 10.0, 9_000)


def test_a_topic_that_lost_a_segment_is_not_counted_as_less_than_nothing() -> None:
    assert between(BEFORE, AFTER).topic_bytes_per_second == {"raw": 200.0, "event": 0.0}


@pytest.mark.parametrize(("topic", "kind"), [
    ("raw-bus--vehicle-position", "raw"), ("event-alert", "event"), ("result-city-pulse", "result"),
    ("rules", "other"), ("__consumer_offsets", "other")])
def test_topics_are_told_apart_by_name(topic: str, kind: str) -> None:
    assert cost._kind(topic) == kind


def test_a_city_that_is_down_is_one_clear_line() -> None:
    with pytest.raises(ComponentError, match="the city is down"):
        cost.snapshot()
