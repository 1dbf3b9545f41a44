"""Give tests of what reads and writes the store its accounts, over the real one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from streams.store import Store, connect
from tests.streams.queries.rows import empty_tables, make_tables


def _connected(account: str) -> Iterator[Store]:
    """Connect for as long as a test runs."""
    store = connect(account)
    yield store
    store.close()


@pytest.fixture(scope="session")
def migrator(clickhouse: tuple[str, int]) -> Iterator[Store]:
    """Give the account that makes tables, all of them made."""
    store = connect("migrator")
    make_tables(store)
    yield store
    store.close()


@pytest.fixture(scope="session")
def registered(kafka: str) -> str:
    """Give a broker with the platform's accounts, rights and topics; give its address."""
    from streams.broker import open_admin
    from streams.registrar import ensure_broker
    admin = open_admin()
    ensure_broker(admin, align=False)
    admin.close()
    return kafka


@pytest.fixture
def reader(migrator: Store) -> Iterator[Store]:
    """Give the account that reads views."""
    yield from _connected("reader")


@pytest.fixture
def sink(migrator: Store) -> Iterator[Store]:
    """Give the account that writes."""
    yield from _connected("sink")


@pytest.fixture
def emptied(migrator: Store) -> None:
    """Empty every table."""
    empty_tables(migrator)
