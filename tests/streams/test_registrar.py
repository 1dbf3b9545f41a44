"""Test on a real store and broker that tables and topics follow the declarations."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from kafka import KafkaAdminClient

from schemas import registry
from schemas.declare import Event, Family, ResultTable, decimal, text
from schemas.errors import ComponentError, DeclarationError
from schemas.render.clickhouse import ENVELOPE, SYSTEM_TABLES, column_type
from streams import registrar
from streams.registrar import ensure_tables
from streams.settings import read_settings
from streams.store import Store
from streams.tables import find_rows
from tests.streams.ddl import written_columns

AT = int(time.time() * 1000)


class ProbeLevel(Event, chinese="测试水位", domain="test", owner="test-probe", personal="none"):
    """The level of water at one probe."""

    probe_id = text("Probe", "测点", key=True, example="p1")
    level = decimal("Level", "水位", unit="m", ge=0, le=10, decimals=2, example=1.25)
    alarm = decimal("Alarm", "警戒", unit="m", ge=0, le=10, decimals=2, required=False, example=2.5)
    note = text("Note", "备注", required=False, example="ok")


NOW = ProbeLevel.family
BEFORE = replace(NOW, fields=NOW.fields[:2])


def columns_of(store: Store, table: str, database: str = "store") -> dict[str, str]:
    """Read the columns of a table or view, with their types, in order."""
    rows = store.query("SELECT name, type FROM system.columns WHERE database = %(database)s"
                       " AND table = %(table)s ORDER BY position",
                       {"database": database, "table": table})
    return {row["name"]: row["type"] for row in rows}


class Told:
    """Note what a store is told."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.statements: list[str] = []

    def execute(self, statement: str) -> None:
        """Note one statement."""
        self.statements.append(statement)

    def query(self, *_: object) -> list[dict[str, Any]]:
        """Know of no column."""
        return []


@pytest.mark.parametrize(("setting", "engine"), [
    (False, "ENGINE = ReplacingMergeTree"), (True, "ENGINE = ReplicatedReplacingMergeTree")])
def test_every_table_is_replicated_where_the_store_is(
        setting: bool, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = replace(read_settings(), store_replicated=setting)
    monkeypatch.setattr(registrar, "read_settings", lambda: settings)
    store: Any = Told()
    ensure_tables(store)
    tables = [one for one in store.statements if one.startswith("CREATE TABLE")]
    kept_apart = [one for one in registry.families().values() if one.steps]
    assert len(tables) == sum(len(one) for one in (
        SYSTEM_TABLES, registry.families(), registry.results(), kept_apart))
    assert [one for one in tables if engine not in one] == []


@pytest.mark.live
def test_tables_and_views_stand_as_declared_however_often_they_are_made(migrator: Store) -> None:
    ensure_tables(migrator)
    envelope = {name: kind.partition(" DEFAULT")[0] for name, kind, _ in ENVELOPE}
    for family in registry.families().values():
        wanted = envelope | {field.name: column_type(field) for field in family.kept}
        assert columns_of(migrator, family.table) == wanted
        assert columns_of(migrator, family.table, "city") == wanted
    for result in registry.results().values():
        found = columns_of(migrator, result.table)
        assert {f.name: found[f.name] for f in result.measures} == {
            f.name: "Nullable(Int64)" for f in result.measures}
        view = columns_of(migrator, result.table, "city")
        assert set(view) == {*found, *(f.name for f in result.derived), "status", "revision"}
    for name, statement in SYSTEM_TABLES.items():
        assert set(written_columns(statement)) <= set(columns_of(migrator, name))


@pytest.mark.live
def test_every_table_says_what_it_means_and_how_long_it_keeps(migrator: Store) -> None:
    rows = {row["name"]: row for row in migrator.query(
        "SELECT name, comment, engine_full FROM system.tables WHERE database = 'store'")}
    declared: list[Family | ResultTable] = [
        *registry.families().values(), *registry.results().values()]
    for one in declared:
        assert one.meaning.zh in rows[one.table]["comment"]
        assert f"toIntervalDay({one.lifetime.store_days})" in rows[one.table]["engine_full"]


def declare(monkeypatch: pytest.MonkeyPatch, family: Family) -> None:
    """Let nothing but one family be declared."""
    monkeypatch.setattr(registry, "families", lambda: {family.name: family})
    monkeypatch.setattr(registry, "results", dict)


def store_event(sink: Store, number: int, **fields: Any) -> None:
    """Store one event through the rows that the sink would lay out."""
    rows = find_rows(f"event-{NOW.name}")
    assert rows is not None
    sink.insert(rows.table, rows.lay_out([{
        "id": f"e{number}", "source": "test", "observed_at": AT + number, "received_at": AT,
        "computed_at": AT, "raw_offset": number, "probe_id": "p", "level": 1.0, **fields}]))


@pytest.mark.live
def test_optional_fields_that_a_declaration_gained_become_columns(
        migrator: Store, sink: Store, reader: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        declare(patched, BEFORE)
        ensure_tables(migrator)
        assert list(columns_of(migrator, NOW.table))[-2:] == ["probe_id", "level"]
        store_event(sink, 1)
        declare(patched, NOW)
        ensure_tables(migrator)
        ensure_tables(migrator)
        store_event(sink, 2, alarm=2.5, note="high")
    found = columns_of(migrator, NOW.table)
    assert (found["alarm"], found["note"]) == ("Nullable(Float64)", "Nullable(String)")
    assert reader.query(f"SELECT alarm, note FROM city.{NOW.table} ORDER BY id") == [
        {"alarm": None, "note": None}, {"alarm": 2.5, "note": "high"}]
    migrator.execute(f"TRUNCATE TABLE store.{NOW.table}")


def test_a_broken_declaration_is_told_and_stops_nothing(
        monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> bool:
        raise DeclarationError("traffic.py: no key")

    monkeypatch.setattr(registry, "refresh", broken)
    assert registrar._refresh()
    assert "traffic.py: no key" in caplog.text


def test_a_broker_that_is_away_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = replace(read_settings(), brokers="127.0.0.1:1")
    monkeypatch.setattr("streams.broker.read_settings", lambda: elsewhere)
    monkeypatch.setattr("streams.broker.KafkaAdminClient",
                        partial(KafkaAdminClient, bootstrap_timeout_ms=500))
    with pytest.raises(ComponentError, match=r"Kafka at 127\.0\.0\.1:1 does not") as caught:
        registrar.ensure()
    assert "\n" not in str(caught.value)
