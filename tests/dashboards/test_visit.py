"""Test what visits to a running console tell of each role, over a real ClickHouse."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dashboards.views.rights import list_pages
from dashboards.visit import Drawn, visit
from schemas.errors import ComponentError
from streams.staff import Role, add_staff, remove_staff, start_session
from streams.store import connect
from streams.tls import address, trust
from tests.components import running
from tests.streams.queries.rows import empty_tables, make_tables

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def console(clickhouse: tuple[str, int]) -> Iterator[str]:
    """Run the console over an empty store; give its address."""
    migrator = connect("migrator")
    make_tables(migrator)
    empty_tables(migrator)
    with running("console"):
        yield address("console")
    migrator.close()


@pytest.mark.parametrize("role", Role)
def test_each_role_is_shown_its_pages_and_no_other(console: str, role: Role) -> None:
    pages = {name: roles for group in list_pages().values() for name, roles in group.items()}
    staff = add_staff("visitor", "a long enough password", role)
    try:
        drawn = dict(visit(console, start_session(staff), pages, trust()))
    finally:
        remove_staff("visitor")
    assert {name: one.right for name, one in drawn.items()} == {
        name: "r" if role in roles else "." for name, roles in pages.items()}


def test_no_page_is_drawn_without_a_session(console: str) -> None:
    with pytest.raises(ComponentError, match="403"):
        list(visit(console, "x.y.z", ["areas"], trust()))


def test_a_denial_beside_data_is_no_denial() -> None:
    denied = Drawn(alerts=["This page is not for your role."])
    assert denied.right == "."
    denied.tables = 1
    assert denied.right == "?"
    assert Drawn(headings=["Cases"]).right == "r"
    assert Drawn(headings=["Cases"], failed=True).right == Drawn().right == "?"
