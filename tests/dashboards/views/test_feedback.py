"""Test the page of feedback over a real store, without a browser."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from streams.feedback.desk import Desk
from streams.store import connect
from streams.tables import APPENDED_AT, SYSTEM_ROWS
from tests.streams.feedback.streams import Message, clean, letter
from tests.streams.queries.rows import empty_tables, make_tables, moment

pytestmark = pytest.mark.live


@pytest.fixture
def reported(clickhouse: tuple[str, int]) -> Iterator[None]:
    """Put the report of a publisher with faults into the store, and that of one without."""
    migrator, sink = connect("migrator"), connect("sink")
    make_tables(migrator)
    empty_tables(migrator)
    now = int(moment().timestamp() * 1000)
    desk, rows = Desk(now), SYSTEM_ROWS["feedback"]
    desk.take(Message("event-traffic-flow", clean(
        name, "traffic-flow", i, now - 1_000, observed_at=now + ahead)) for i in range(5)
        for name, ahead in (("test-loops", 9_000), ("test-good", -2_000)))
    desk.take([Message("dead-letters", letter("test-loops", "traffic-flow", 7, now - 500))])
    records = [msgspec.to_builtins(one) | {APPENDED_AT: now, "_at": ("feedback", 0, 0)}
               for one in desk.reports(now)]
    sink.insert(rows.table, rows.lay_out(records))
    yield
    empty_tables(migrator)
    for one in (migrator, sink):
        one.close()


def page() -> None:
    """Draw the page."""
    from dashboards.views import feedback
    feedback.draw()


def record() -> None:
    """Draw what a row opens."""
    import streamlit as st

    from dashboards.views import address, feedback
    feedback._draw_report({"publisher": st.query_params["publisher"], "family": "traffic-flow"},
                          address.language())


def run(draw: object, **params: str) -> AppTest:
    """Draw something with parameters in its address."""
    app = AppTest.from_function(draw, default_timeout=60)  # type: ignore[arg-type]
    for name, value in params.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize(("language", "title"), [("zh", "接入反馈"), ("en", "Feedback")])
def test_reports_are_listed_by_publisher(reported: None, language: str, title: str) -> None:
    app = run(page, lang=language)
    assert app.title[0].value == title
    table = app.dataframe[0].value.set_index("publisher")
    assert set(table.index) == {"test-loops", "test-good"}
    assert table.loc["test-loops", "found"] == "refused, clock-ahead"
    assert table.loc["test-good", "found"] == ""
    assert table["delay_median"].to_dict()["test-loops"] < -9_000


@pytest.mark.parametrize(("language", "finding", "reason"), [
    ("zh", "时钟偏快", "高于最大值"), ("en", "clock is ahead", "above the greatest value")])
def test_findings_and_samples_are_told_in_the_readers_language(
        reported: None, language: str, finding: str, reason: str) -> None:
    findings, refused = (one.value.to_csv() for one in run(
        record, lang=language, publisher="test-loops").dataframe)
    assert finding in findings
    assert "loop-0012: +10.0 s" in findings
    assert reason in refused
    assert "raw-test-loops--traffic-flow[0]@7" in refused


def test_where_nothing_is_wrong_the_page_says_so(reported: None) -> None:
    app = run(record, lang="en", publisher="test-good")
    assert [one.value for one in app.success] == ["Nothing looks wrong."]
    assert not app.dataframe
