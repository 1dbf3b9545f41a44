"""Test what is remembered of keys: intervals, places, and no more than there is room for."""

from __future__ import annotations

from collections import deque

import pytest
from pyproj import Geod

from schemas import registry
from streams.feedback.read import shape_of
from streams.feedback.seen import Budget, Keys, Seen, distance, is_rounded
from tests.streams.feedback.streams import AT, detectors

SHAPE = shape_of(registry.get_family("traffic-flow"))


def seen(*intervals: int) -> Seen:
    """Make a key that reported at intervals (ms)."""
    return Seen("e", AT, AT, None, None, False, (), AT, 0, AT, [], [], intervals=deque(intervals))


@pytest.mark.parametrize(("intervals", "usual"), [
    ([], None), ([1000] * 5, None), ([1000] * 6, 1000), ([900, 1000, 1100] * 2, 1000),
    ([1000] * 6 + [3001], None), ([10, 5_000, 200, 90_000, 1, 70], None)])
def test_only_what_was_regular_has_a_usual_interval(intervals: list[int], usual: float | None
                                                    ) -> None:
    assert seen(*intervals).usual_ms == usual


@pytest.mark.parametrize(("east", "north"), [(0.001, 0.0), (0.0, 0.01), (0.3, -0.2), (2.0, 1.5)])
def test_distances_are_those_on_the_ellipsoid_within_a_per_cent(east: float, north: float) -> None:
    place, to = (117.0, 36.65), (117.0 + east, 36.65 + north)
    true = Geod(ellps="WGS84").inv(*place, *to)[2]
    assert distance(*place, *to) == pytest.approx(true, rel=0.01)


@pytest.mark.parametrize(("longitude", "latitude", "rounded"), [
    (117.02, 36.6, True), (117.0, 36.0, True), (117.021, 36.6, False), (117.02, 36.6612, False),
    (None, None, False)])
def test_a_rounded_place_has_two_decimals_at_most(longitude: float | None, latitude: float | None,
                                                  rounded: bool) -> None:
    assert is_rounded(longitude, latitude) == rounded


def test_room_is_given_back_and_taken_from_the_key_silent_longest() -> None:
    import json
    events = [SHAPE.decode(json.dumps(one).encode()) for one in detectors(1, 10)]
    budget = Budget(3)
    keys = Keys(budget)
    assert [keys.add(event.key, event, SHAPE, SHAPE.values(event)) for event in events] == (
        [True] * 3 + [False] * 9)
    events[5].received_at += 70_000
    assert keys.add("d5", events[5], SHAPE, SHAPE.values(events[5]))
    assert [key for key, _ in keys.items()] == ["d1", "d2", "d5"]
    keys.forget(AT + 3_620_000)
    assert [key for key, _ in keys.items()] == ["d5"]
    keys.clear()
    assert (budget.left, len(keys)) == (3, 0)
