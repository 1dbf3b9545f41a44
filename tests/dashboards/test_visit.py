"""Test what visits to a running console tell of each role, over a real ClickHouse."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator

import pytest
import trustme

from dashboards import visit as module
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
        drawn = visit(console, start_session(staff), pages, trust())
    finally:
        remove_staff("visitor")
    assert {name: one.right for name, one in drawn.items()} == {
        name: "r" if role in roles else "." for name, roles in pages.items()}


def test_no_page_is_drawn_without_a_session(console: str) -> None:
    with pytest.raises(ComponentError, match="403"):
        visit(console, "x.y.z", ["areas"], trust())


def test_a_console_that_is_silent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection, TLS and all, and says no more."""
    monkeypatch.setattr(module, "SECONDS", 0.5)
    authority = trustme.CA()
    ours, theirs = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(ours)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_take_silently, args=(server, theirs), daemon=True)
        thread.start()
        with pytest.raises(ComponentError, match="timed out"):
            visit(f"https://127.0.0.1:{server.getsockname()[1]}", "x.y.z", ["areas"], ours)


def _take_silently(server: socket.socket, context: ssl.SSLContext) -> None:
    """Take one connection and read what it sends until it ends."""
    with context.wrap_socket(server.accept()[0], server_side=True) as one:
        while one.recv(4096):
            pass


def test_a_denial_beside_data_is_no_denial() -> None:
    denied = Drawn(alerts=["This page is not for your role."])
    assert denied.right == "."
    denied.tables = 1
    assert denied.right == "?"
    assert Drawn(headings=["Cases"]).right == "r"
    assert Drawn(headings=["Cases"], failed=True).right == Drawn().right == "?"
