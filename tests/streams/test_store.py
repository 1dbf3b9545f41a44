"""Test what the store says when it cannot do what is asked, and that it is usable again after."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from schemas.errors import ComponentError
from streams import store as store_module
from streams.settings import read_settings
from streams.store import BadRowError, Store, connect
from tests.streams.queries.rows import columns, event, moment

TABLE = "parking_occupancy"


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> int:
    """Point the store to a port where nothing listens; give the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    elsewhere = replace(read_settings(), clickhouse=f"127.0.0.1:{port}")
    monkeypatch.setattr(store_module, "read_settings", lambda: elsewhere)
    return port


def test_a_store_that_is_away_is_told_in_one_line_with_its_address(closed: int) -> None:
    with pytest.raises(ComponentError, match=f"ClickHouse at 127.0.0.1:{closed} does not answer"
                       ) as caught:
        connect("reader").query("SELECT 1")
    assert "\n" not in str(caught.value)


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Give a reader that knows a wrong password."""
    monkeypatch.setattr(store_module, "get_password", lambda *_: "wrong")
    store = connect("reader")
    yield store
    store.close()


@pytest.mark.live
def test_a_wrong_password_is_told_as_such_and_does_not_stay(
        stranger: Store, migrator: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ComponentError, match="refuses account 'reader': wrong password") as caught:
        stranger.query("SELECT 1")
    assert "\n" not in str(caught.value)
    assert "wrong password or no such account" in str(caught.value)
    monkeypatch.undo()
    assert stranger.query("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.live
@pytest.mark.parametrize("statement", ["SELEC 1", "SELECT * FROM city.nothing",
                                       "SELECT * FROM store.parking_occupancy"])
def test_a_refused_statement_is_one_line_and_the_store_goes_on(
        reader: Store, statement: str) -> None:
    with pytest.raises(ComponentError, match="ClickHouse at") as caught:
        reader.query(statement)
    assert "\n" not in str(caught.value)
    assert "Stack trace" not in str(caught.value)
    assert reader.query("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.live
def test_parameters_are_values_and_never_statements(reader: Store) -> None:
    text = "'; DROP TABLE store.parking_occupancy; --\\ %(x)s 鲁A"
    assert reader.query("SELECT %(text)s AS text, %(n)s + 1 AS n", {"text": text, "n": 2}) == [
        {"text": text, "n": 3}]


def _rows(*numbers: int, **changed: Any) -> dict[str, list[Any]]:
    """Make columns of parking events."""
    return columns([event("parking-occupancy", i, moment(60), **changed) for i in numbers])


@pytest.mark.live
def test_a_block_with_a_bad_row_is_refused_whole_and_the_store_goes_on(
        sink: Store, reader: Store, emptied: None) -> None:
    bad = _rows(1, 2)
    bad["capacity"][1] = "many"
    with pytest.raises(BadRowError):
        sink.insert(TABLE, bad)
    assert reader.query("SELECT id FROM city.parking_occupancy") == []
    assert sink.insert(TABLE, _rows(3, 4)) == 2
    assert len(reader.query("SELECT id FROM city.parking_occupancy")) == 2
