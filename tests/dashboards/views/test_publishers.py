"""Test the page of publishers over a real store, without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from streams.store import connect
from streams.tables import APPENDED_AT, SYSTEM_ROWS
from tests.streams.queries.rows import columns as in_columns
from tests.streams.queries.rows import empty_tables, make_tables, minute, moment

pytestmark = pytest.mark.live


@pytest.fixture
def registered(clickhouse: tuple[str, int]) -> Iterator[None]:
    """Put one publisher into the store."""
    migrator, sink = connect("migrator"), connect("sink")
    make_tables(migrator)
    empty_tables(migrator)
    rows = SYSTEM_ROWS["publishers"]
    sink.insert(rows.table, rows.lay_out([{
        "name": "test-lights", "title_en": "Signal lights", "title_zh": "信号灯", "datum": "gcj02",
        "families": ["traffic-flow"], "quota_bytes": 500_000, APPENDED_AT: 1_764_000_000_000}]))
    yield
    empty_tables(migrator)
    for one in (migrator, sink):
        one.close()


def balance(topic: str, minutes_ago: int, **terms: int) -> dict[str, object]:
    """Make a row of the ledger."""
    row: dict[str, object] = dict.fromkeys(
        ("received", "counted", "late", "refused", "duplicates", "in_flight", "residual"), 0)
    return row | {"raw_topic": topic, "minute": minute(minutes_ago),
                  "computed_at": moment()} | terms


def page() -> None:
    """Draw the page."""
    from dashboards.views import publishers
    publishers.draw()


@pytest.mark.parametrize(("language", "title", "name", "head", "foreign"), [
    ("zh", "发布系统", "信号灯", "最近事件观测时间", "Signal lights"),
    ("en", "Publishers", "Signal lights", "Last event observed", "信号灯")])
def test_publishers_are_listed_in_the_readers_language(
        registered: None, language: str, title: str, name: str, head: str, foreign: str) -> None:
    app = AppTest.from_function(page, default_timeout=60)
    app.query_params["lang"] = language
    app.run()
    assert not app.exception
    assert app.title[0].value == title
    table = app.dataframe[0].value
    told = table.to_csv()
    assert "test-lights" in told
    assert name in told
    assert foreign not in told
    assert "GCJ-02" in told
    columns = json.loads(app.dataframe[0].proto.columns)
    assert columns["last_event"]["label"] == head


def test_the_ledger_of_each_publisher_is_shown_and_one_that_does_not_close_named(
        registered: None) -> None:
    sink = connect("sink")
    try:
        sink.insert("ledger", in_columns([
            balance("raw-a--x", 5, received=9, counted=5, late=1, refused=1, duplicates=1,
                    in_flight=1),
            balance("raw-a--y", 5, received=4, counted=4), balance("raw-b--x", 5, received=3,
                                                                   counted=2, residual=1),
            balance("raw-b--y", 5, received=2, counted=3, residual=-1),
            balance("raw-b--y", 0, received=8, residual=8)]))
    finally:
        sink.close()
    app = AppTest.from_function(page, default_timeout=60)
    app.query_params["lang"] = "en"
    app.run()
    assert not app.exception
    assert app.error[0].value == "The ledger does not close for: b"
    table = app.dataframe[0].value
    assert list(table.columns) == ["Publishers", "Received", "Counted", "Late", "Refused",
                                   "Duplicates", "In flight", "Ledger residual"]
    # where it does not close stands first; the minute that goes on is left out
    assert table.values.tolist() == [["b", 5, 5, 0, 0, 0, 0, 2], ["a", 13, 9, 1, 1, 1, 1, 0]]
