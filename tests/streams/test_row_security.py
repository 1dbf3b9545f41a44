"""Test in a real ClickHouse that no account of staff sees a row outside its area."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from infra.clickhouse import staff_accounts
from schemas import registry
from schemas.errors import ComponentError
from schemas.render import clickhouse as render
from streams.store import connect
from tests.streams.queries.rows import (
    columns,
    empty_tables,
    event,
    make_tables,
    minute,
    moment,
    result,
)

pytestmark = pytest.mark.live
TOWNSHIPS = 6


def sampled() -> list[str]:
    """Give every account of province, city and county, and those of some townships."""
    accounts = staff_accounts()
    small = [one for one in accounts if len(one.partition("_")[2]) == 9]
    return [one for one in accounts if one not in small] + small[::max(1, len(small) // TOWNSHIPS)]


@pytest.fixture(scope="module")
def filled(areas: object, clickhouse: tuple[str, int]) -> Iterator[list[str]]:
    """Fill every table with a row of each sampled area, of a cell there, and of nowhere."""
    migrator, sink = connect("migrator"), connect("sink")
    make_tables(migrator)
    empty_tables(migrator)
    codes = sorted({one.partition("_")[2] for one in sampled()} - {""})
    places = [*codes, *(f"{code:0<12}001" for code in codes), "110101001", "3702", ""]
    for family in registry.families().values():
        sink.insert(family.table, columns([
            event(family.name, i, moment(60), area=area) for i, area in enumerate(places)]))
    for one in registry.results().values():
        key = one.place or one.keys[0].name
        sink.insert(one.table, columns([
            result(one.name, minute(1), **{key: area or "x"}) for area in places]))
    yield places
    empty_tables(migrator)
    for store in (migrator, sink):
        store.close()


@pytest.mark.parametrize("account", sampled())
def test_an_account_sees_the_rows_of_its_area_and_no_other(
        filled: list[str], account: str) -> None:
    kind, _, own = account.partition("_")
    inside = len([area for area in filled if area.startswith(own)])
    with closing(connect(account)) as store:
        for family in registry.families().values():
            rows = store.query(f"SELECT area FROM city.{family.table}")
            assert all(row["area"].startswith(own) for row in rows), family.name
            assert len(rows) == (inside if kind == "staff" else 0), family.name
        for one in registry.results().values():
            if not one.place:
                continue
            rows = store.query(f"SELECT {one.place} AS area FROM city.{one.table}")
            assert all(row["area"].startswith(own) for row in rows), one.name
            assert len(rows) >= inside - 1, one.name
        for table in render.SYSTEM_TABLES:
            assert store.query(f"SELECT count() AS n FROM city.{table}")[0]["n"] == 0


def test_who_reads_for_the_whole_city_sees_every_row(filled: list[str]) -> None:
    with closing(connect("reader")) as store:
        for family in registry.families().values():
            found = store.query(f"SELECT count() AS n FROM city.{family.table}")
            assert found[0]["n"] == len(filled), family.name


@pytest.mark.parametrize("statement", [
    "SELECT * FROM store.grid_case", "SELECT * FROM system.users",
    "INSERT INTO city.grid_case (id) SELECT 'x'", "ALTER TABLE store.grid_case DELETE WHERE 1",
    "CREATE OR REPLACE VIEW city.grid_case AS SELECT 1", "CREATE USER staff_37 IDENTIFIED BY 'x'",
    "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')"])
def test_an_account_of_staff_can_only_read_views(filled: list[str], statement: str) -> None:
    with closing(connect("staff_3701")) as store, pytest.raises(ComponentError):
        store.execute(statement)
