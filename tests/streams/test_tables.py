"""Test that records become rows exactly as the rendered tables want them."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from schemas import registry
from schemas.declare import Kind
from schemas.render import clickhouse
from schemas.render.kafka import SYSTEM_TOPICS
from streams.sink import TOPICS
from streams.tables import APPENDED_AT, SYSTEM_ROWS, TableRows, find_rows
from tests.streams.ddl import written_columns

FAMILIES = sorted(registry.families())
RESULTS = sorted(registry.results())
AT = 1_764_000_012_345


def rows_of(topic: str) -> TableRows:
    """Give how a declared topic's records become rows."""
    rows = find_rows(topic)
    assert rows is not None
    return rows


@pytest.mark.parametrize("name", FAMILIES)
def test_the_rows_of_a_family_have_the_columns_of_its_table(name: str) -> None:
    family, rows = registry.families()[name], rows_of(f"event-{name}")
    assert rows.table == family.table
    assert list(rows.columns) == written_columns(clickhouse.event_table(family))
    assert list(rows.columns) == list(clickhouse.event_columns(family))


@pytest.mark.parametrize("name", RESULTS)
def test_the_rows_of_a_result_have_the_columns_of_its_table(name: str) -> None:
    result, rows = registry.results()[name], rows_of(f"result-{name}")
    assert rows.table == result.table
    assert sorted(rows.columns) == sorted(written_columns(clickhouse.result_table(result)))
    assert sorted(rows.columns) == sorted(clickhouse.result_columns(result))


@pytest.mark.parametrize("topic", sorted(SYSTEM_ROWS))
def test_the_rows_of_our_own_topics_have_the_columns_of_their_tables(topic: str) -> None:
    rows = rows_of(topic)
    wanted = written_columns(clickhouse.SYSTEM_TABLES[rows.table])
    assert sorted(rows.columns) == sorted(wanted)


def test_every_topic_of_ours_that_has_a_table_is_read_by_the_sink() -> None:
    ours = {topic.name for topic in SYSTEM_TOPICS}
    assert set(SYSTEM_ROWS) <= ours
    assert set(SYSTEM_ROWS) <= set(TOPICS)
    assert {rows.table for rows in SYSTEM_ROWS.values()} == set(clickhouse.SYSTEM_TABLES) - {
        "ledger"}


@pytest.mark.parametrize("name", FAMILIES)
def test_what_an_event_does_not_say_becomes_null_or_empty(name: str) -> None:
    family = registry.families()[name]
    columns = rows_of(f"event-{name}").lay_out([{"observed_at": AT}])
    for field in family.kept:
        text = field.kind in (Kind.TEXT, Kind.CODE)
        assert columns[field.name] == ["" if field.required and text else None]
    assert columns["area"] == columns["source"] == [""]
    assert columns["raw_offset"] == columns["raw_partition"] == [0]


def test_values_of_an_event_are_kept_as_they_are() -> None:
    columns = rows_of("event-parking-occupancy").lay_out([
        {"id": "a", "occupied": 0, "raw_offset": 7}, {"id": "b", "occupied": 3}])
    assert columns["id"] == ["a", "b"]
    assert columns["occupied"] == [0, 3]
    assert columns["raw_offset"] == [7, 0]


def test_windows_start_in_whole_seconds_and_are_computed_when_the_topic_took_them() -> None:
    result = registry.results()["parking-state"]
    measure = result.measures[0].name
    columns = rows_of("result-parking-state").lay_out([{
        "window_seconds": 60, "window_start": AT // 60_000 * 60_000, "events": 2, measure: None,
        APPENDED_AT: AT}])
    assert columns["window_start"] == [AT // 60_000 * 60]
    assert columns["computed_at"] == [AT]
    assert columns[measure] == [None]
    assert columns["late"] == [0]


@pytest.mark.parametrize("topic", ["event-nothing", "result-nothing", "raw-a--vehicle-position",
                                   "agents-x", "event-", "vehicle-position"])
def test_topics_that_nothing_declares_have_no_rows(topic: str) -> None:
    assert find_rows(topic) is None


def test_a_family_declared_while_running_is_found(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_SCHEMAS", str(tmp_path))
    # what is declared here must not stay behind for other tests
    for name in ("_families", "_results", "_seen", "_faults"):
        monkeypatch.setattr(registry, name, dict(getattr(registry, name)))
    monkeypatch.setattr(registry, "_added", set(registry._added))
    assert find_rows("event-tide-level") is None
    (tmp_path / "tide.py").write_text(textwrap.dedent('''
        from schemas.declare import Event, decimal, text

        class TideLevel(Event, chinese="潮位", domain="sea", owner="harbour", personal="none"):
            """The level of the tide at one gauge."""

            gauge_id = text("Gauge", "潮位站", key=True, example="g1")
            level = decimal("Level", "潮位", unit="m", ge=-20, le=20, decimals=2, example=1.25)
    '''), encoding="utf-8")
    assert list(rows_of("event-tide-level").columns)[-2:] == ["gauge_id", "level"]


def test_a_broken_declaration_elsewhere_hides_nothing(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_SCHEMAS", str(tmp_path))
    for name in ("_seen", "_faults"):
        monkeypatch.setattr(registry, name, dict(getattr(registry, name)))
    (tmp_path / "broken.py").write_text("class (", encoding="utf-8")
    assert find_rows("event-no-such-thing") is None
    assert find_rows("event-parking-occupancy") is not None
