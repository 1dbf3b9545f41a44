"""Test that tables are kept within their sizes, oldest partitions first."""

from __future__ import annotations

from typing import Any

import pytest

from schemas import registry
from streams import retention
from streams.retention import MEGABYTE, enforce, surplus, table_limits
from streams.store import connect
from tests.streams.queries.rows import columns, event, make_tables, moment


@pytest.mark.parametrize(("limit", "gone"), [
    (60, []), (59, ["a"]), (50, ["a"]), (49, ["a", "b"]), (1, ["a", "b"])])
def test_the_oldest_partitions_go_and_the_newest_stays(limit: int, gone: list[str]) -> None:
    assert surplus([("a", 10), ("b", 20), ("c", 30)], limit) == gone


def test_a_table_without_rows_has_no_surplus() -> None:
    assert surplus([], 0) == []


def test_every_declared_table_has_a_size() -> None:
    limits = table_limits()
    declared = ({one.table for one in registry.families().values()}
                | {one.table for one in registry.results().values()})
    assert declared < limits.keys() and all(limit >= MEGABYTE for limit in limits.values())


@pytest.mark.live
def test_surplus_partitions_leave_the_store(clickhouse: Any,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    migrator = connect("migrator")
    make_tables(migrator)
    day = 86_400
    migrator.execute("TRUNCATE TABLE store.traffic_flow")
    for ago in (3, 2, 1):
        connect("sink").insert("traffic_flow", columns([
            event("traffic-flow", ago, moment(ago * day))]))
    monkeypatch.setattr(retention, "table_limits", lambda: {"traffic_flow": 1})
    assert len(enforce(migrator)) == 2
    assert migrator.query("SELECT count() AS n FROM store.traffic_flow") == [{"n": 1}]
    migrator.execute("TRUNCATE TABLE store.traffic_flow")
    migrator.close()
