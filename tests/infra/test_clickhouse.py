"""Test the embedded ClickHouse: accounts, refusals, and what a kill leaves."""

from __future__ import annotations

import datetime as dt
import socket
import time
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException

from infra import clickhouse as launcher
from streams.secrets import get_password

pytestmark = pytest.mark.live
DENIED, WRONG_PASSWORD, QUOTA = 497, 516, 201


def _client(address: tuple[str, int], account: str, password: str | None = None) -> Client:
    """Open a client of an account."""
    host, port = address
    secret = get_password("clickhouse", account) if password is None else password
    return Client(host, port=port, user=account, password=secret)


def _refusal(client: Client, statement: str) -> int:
    """Give the code with which a statement is refused."""
    with pytest.raises(ServerException) as caught:
        client.execute(statement)
    return int(caught.value.code)


@pytest.fixture(scope="module")
def tally(clickhouse: tuple[str, int]) -> tuple[str, int]:
    """Make a table with one row and the view on it."""
    migrator = _client(clickhouse, "migrator")
    migrator.execute("CREATE TABLE store.tally (id String, n UInt64)"
                     " ENGINE = ReplacingMergeTree(n) ORDER BY id")
    migrator.execute("CREATE VIEW city.tally DEFINER = migrator SQL SECURITY DEFINER"
                     " AS SELECT * FROM store.tally FINAL")
    _client(clickhouse, "sink").execute("INSERT INTO store.tally VALUES", [("a", 1), ("a", 2)])
    return clickhouse


def test_reader_sees_the_view_but_not_the_table(tally: tuple[str, int]) -> None:
    reader = _client(tally, "reader")
    assert reader.execute("SELECT id, n FROM city.tally") == [("a", 2)]
    assert _refusal(reader, "SELECT * FROM store.tally") == DENIED


@pytest.mark.parametrize("account, statement", [
    ("reader", "INSERT INTO store.tally VALUES ('b', 1)"),
    ("reader", "SELECT * FROM file('/etc/hostname', 'LineAsString')"),
    ("reader", "SELECT * FROM url('http://127.0.0.1:9/', 'LineAsString')"),
    ("sink", "DROP TABLE store.tally"),
    ("sink", "ALTER TABLE store.tally DELETE WHERE 1"),
    ("sink", "SELECT * FROM city.tally"),
    ("migrator", "CREATE DATABASE other"),
])
def test_account_is_refused_what_it_has_no_right_to(
        tally: tuple[str, int], account: str, statement: str) -> None:
    assert _refusal(_client(tally, account), statement) == DENIED


def test_reader_cannot_lift_its_memory_bound(tally: tuple[str, int]) -> None:
    assert _refusal(_client(tally, "reader"),
                    "SELECT 1 FROM city.tally SETTINGS max_memory_usage = 0") != DENIED


def test_wrong_password_is_refused_and_the_server_lives(tally: tuple[str, int]) -> None:
    assert _refusal(_client(tally, "reader", "wrong"), "SELECT 1") == WRONG_PASSWORD
    assert _client(tally, "reader").execute("SELECT count() FROM city.tally") == [(1,)]


@pytest.mark.parametrize("opening", [b"\x00\x05hel", b"GET / HTTP/1.0\r\n\r\n", b"\x09\x09\x09"])
def test_garbage_at_the_door_leaves_the_server_alive(
        tally: tuple[str, int], opening: bytes) -> None:
    with socket.create_connection(tally) as stream:
        stream.sendall(opening)
    assert _client(tally, "reader").execute("SELECT count() FROM city.tally") == [(1,)]


def test_account_without_password_can_do_nothing(tally: tuple[str, int]) -> None:
    stranger = _client(tally, "default", "")
    assert _refusal(stranger, "SYSTEM STOP LISTEN TCP") == QUOTA
    assert _refusal(stranger, "SELECT * FROM store.tally") in {DENIED, QUOTA}


def test_accounts_file_holds_no_password_and_is_private(
        tally: tuple[str, int], stack_home: Path) -> None:
    users = stack_home / "clickhouse" / "users.xml"
    assert users.stat().st_mode & 0o077 == 0
    assert not any(get_password("clickhouse", account) in users.read_text()
                   for account in launcher.ACCOUNTS)


def test_a_partition_that_has_ended_becomes_one_part(tally: tuple[str, int]) -> None:
    migrator = _client(tally, "migrator")
    migrator.execute("CREATE TABLE store.ended (id String, day Date) ENGINE = ReplacingMergeTree"
                     " PARTITION BY day ORDER BY (day, id)")
    told = dict(migrator.execute(
        "SELECT name, value FROM system.merge_tree_settings WHERE name LIKE 'min_age_to_force%'"))
    assert told["min_age_to_force_merge_on_partition_only"] == "1"
    # an hour is what the city waits; a second is what a test waits
    assert told["min_age_to_force_merge_seconds"] == "3600"
    migrator.execute("ALTER TABLE store.ended MODIFY SETTING min_age_to_force_merge_seconds = 1,"
                     " merge_selecting_sleep_ms = 100")
    for name in "ab":
        _client(tally, "sink").execute("INSERT INTO store.ended VALUES", [
            (name, dt.date(2026, 1, 1))])
    until = time.monotonic() + 60
    while migrator.execute("SELECT count() FROM system.parts WHERE active"
                           " AND table = 'ended'") != [(1,)]:
        assert time.monotonic() < until, "the parts were not merged"
        time.sleep(0.2)
