"""Test on a real store that every table is stocked, and that cases have their steps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.bench import cases, stock, stock_system
from schemas import registry
from streams.queries import console
from streams.queries.console import Filter
from streams.queries.listings import PUBLISHERS, case_listing
from streams.store import Store, connect
from tests.streams.queries.rows import empty_tables, make_tables

CASES, ROWS = 3_000, 300  # rows of a result: five places, sixty minutes
PLACES = ["3701", "370102", "370102001", "370102001001", "370102001002"]


def test_texts_are_quoted_and_chosen_by_number() -> None:
    assert stock.pick(["a'b", "c"], "n") == "arrayElement(['a''b', 'c'], toInt64(n % 2) + 1)"


@pytest.fixture(scope="module")
def store(clickhouse: tuple[str, int]) -> Iterator[Store]:
    """Give a stocked store."""
    migrator = connect("migrator")
    make_tables(migrator)
    empty_tables(migrator)
    cases.insert_cases(migrator, PLACES, CASES)
    cases.insert_rest(migrator, PLACES, ROWS, lambda _line: None)
    yield migrator
    empty_tables(migrator)
    migrator.close()


@pytest.mark.live
def test_every_case_has_its_last_step(store: Store) -> None:
    row = store.query("""
        SELECT uniqExact(case_id) AS cases, count() AS steps,
            (SELECT count() FROM city.grid_case_last) AS last,
            uniqExact(case_id, area, category) AS same, max(observed_at) <= now64(3) AS past
        FROM city.grid_case""")[0]
    assert row["cases"] == row["last"] == row["same"] == CASES and row["past"]
    assert 2 * CASES < row["steps"] <= 3 * CASES
    counts = console.count_rows(store, case_listing(), Filter()).values["state"]
    assert set(counts) == {"reported", "dispatched", "handled", "closed"}
    assert counts["closed"] > 5 * counts["handled"] > 0


@pytest.mark.live
def test_every_table_is_stocked(store: Store) -> None:
    rows = dict.fromkeys(stock_system.tables(1), 1)
    rows |= {one.table: ROWS for one in registry.families().values()}
    rows |= {one.table: ROWS for one in registry.results().values()}
    for table, least in rows.items():
        assert store.query(f"SELECT count() AS n FROM city.{table}")[0]["n"] >= least, table
    assert console.count_rows(store, PUBLISHERS, Filter()).total == stock_system.PUBLISHERS
