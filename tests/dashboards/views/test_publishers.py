"""Test the page of publishers over a real store, without a browser."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from streams.store import connect
from streams.tables import APPENDED_AT, SYSTEM_ROWS
from tests.streams.queries.rows import empty_tables, make_tables

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
