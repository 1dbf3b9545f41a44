"""Test how the board renews: equal data keeps its bytes, and an absent store is told."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from streams.feeds.board import STALE_PERIODS, Snapshot
from tests.streams.feeds.conftest import Reach, Ticking
from tests.streams.queries.rows import columns, event, moment

pytestmark = pytest.mark.live
PARKING = "/v1/parking.geojson"


def standing(board: Ticking, path: str = PARKING) -> Snapshot:
    """Get what stands on the board."""
    feed = board.feeds[path]
    found = board.find(feed, feed.defaults())
    assert found is not None
    return found


def test_every_variant_of_every_feed_stands_after_one_tick(board: Ticking) -> None:
    assert len(board.feeds) >= 10
    for feed in board.feeds.values():
        for values in feed.variants():
            assert board.find(feed, values) is not None, (feed.path, values)


def test_equal_data_keeps_its_bytes_and_time(board: Ticking, reach: Reach) -> None:
    before = standing(board)
    reach.now += 60
    board.tick()
    after = standing(board)
    assert after.read_at == before.read_at + 60
    assert (after.body, after.etag, after.published_at) == (
        before.body, before.etag, before.published_at)


def test_new_data_changes_bytes_tag_and_time(board: Ticking, reach: Reach, sink: Any) -> None:
    before = standing(board)
    sink.insert("parking_occupancy", columns([
        event("parking-occupancy", 99, moment(1), car_park_id="some", occupied=61)]))
    reach.now += 60
    board.tick()
    after = standing(board)
    assert after.etag != before.etag
    assert after.published_at == reach.now


def test_a_feed_is_read_once_a_period(board: Ticking, reach: Reach) -> None:
    reach.now += 1
    board.tick()
    assert board.age(standing(board)) == 1


def test_an_absent_store_makes_stale_then_unavailable_then_well(board: Ticking, reach: Reach
                                                                ) -> None:
    fresh = standing(board)
    reach.away = True
    reach.now += 10
    board.tick()
    stale = standing(board)
    told, known = orjson.loads(stale.body), orjson.loads(fresh.body)
    assert (stale.stale, told["stale"], board.age(stale)) == (True, True, 10)
    assert told["features"] == known["features"]
    assert told["last_read_at"] == "2027-01-15T08:00:00.000Z"
    reach.now += 10
    board.tick()
    assert standing(board).etag == stale.etag
    reach.now += STALE_PERIODS * 5
    board.tick()
    feed = board.feeds[PARKING]
    assert board.find(feed, {}) is None
    reach.away = False
    reach.now += 10
    board.tick()
    assert standing(board).body == fresh.body


def test_a_board_without_a_store_has_nothing(reach: Reach) -> None:
    reach.away = True
    board = Ticking(reach)
    board.tick()
    assert all(board.find(one, one.defaults()) is None for one in board.feeds.values())
