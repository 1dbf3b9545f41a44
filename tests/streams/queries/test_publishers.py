"""Test what the console's list of publishers shows, over a real store."""

from __future__ import annotations

import msgspec
import pytest

from streams.publishers import Registration
from streams.queries.console import Filter, count_rows, list_rows
from streams.queries.listings import PUBLISHERS
from streams.store import Store
from streams.tables import APPENDED_AT, SYSTEM_ROWS
from tests.streams.queries.rows import Row, columns, moment

pytestmark = pytest.mark.live


def letter(number: int, source: str, seconds_ago: float, kind: str) -> Row:
    """Make a dead letter of a publisher."""
    return {"source": source, "reason": "empty", "class": kind, "raw_topic": f"raw-{source}--x",
            "raw_offset": number, "received_at": moment(seconds_ago), "kept_until": moment(-9999)}


@pytest.fixture
def told(emptied: None, sink: Store, reader: Store) -> Store:
    """Register two publishers as the sink does, one of them twice."""
    registered = [
        Registration("a", "Alpha", "甲", "gcj02", ["x", "y"], replay=True, quota_bytes=7),
        Registration("a", "Alpha", "甲", "bd09", ["x", "y"], quota_bytes=8, quota_events=9),
        Registration("b", removed_at=1_764_000_000_000)]
    records = [msgspec.json.decode(msgspec.json.encode(one)) | {APPENDED_AT: 1_764_000_000_000 + i}
               for i, one in enumerate(registered)]
    rows = SYSTEM_ROWS["publishers"]
    sink.insert(rows.table, rows.lay_out(records))
    sink.insert("publisher_progress", columns([
        {"source": "a", "family": family, "observed_at": moment(ago), "events": 1, "version": 1,
         "computed_at": moment()} for family, ago in (("x", 600), ("y", 60))]))
    sink.insert("dead_letters", columns([
        letter(1, "a", 60, "refused"), letter(2, "a", 60, "late"), letter(3, "a", 3600, "refused"),
        letter(4, "a", 90_000, "refused"), letter(5, "c", 60, "refused")]))
    return reader


def test_a_publisher_is_shown_as_registered_last_with_its_events(told: Store) -> None:
    rows = {row["publisher"]: row for row in list_rows(told, PUBLISHERS, Filter())}
    assert set(rows) == {"a", "b"}
    assert rows["a"].items() >= {
        "title_chinese": "甲", "uses_datum": "bd09", "publishes": "x, y", "byte_limit": 8,
        "event_limit": 9, "may_replay": False, "state": "active", "refused_day": 2,
        "late_day": 1}.items()
    assert 50 < (moment() - rows["a"]["last_event"].replace(tzinfo=moment().tzinfo)
                 ).total_seconds() < 400
    assert (rows["b"]["state"], rows["b"]["last_event"], rows["b"]["refused_day"]) == (
        "removed", None, 0)


def test_publishers_are_found_by_title_and_family_and_counted_by_state(told: Store) -> None:
    assert [row["publisher"] for row in list_rows(told, PUBLISHERS, Filter(text="甲"))] == ["a"]
    assert [row["publisher"] for row in list_rows(told, PUBLISHERS, Filter(text="alph"))] == ["a"]
    assert count_rows(told, PUBLISHERS, Filter()).values["state"] == {"active": 1, "removed": 1}
