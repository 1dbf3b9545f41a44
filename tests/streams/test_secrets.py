"""Test that secrets are made once and can be read by their owner only."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from streams import secrets
from streams.settings import read_settings

ASK = "from streams.secrets import get_password; print(get_password('kafka', 'shared'))"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a state directory of its own."""
    settings = replace(read_settings(), home=tmp_path)
    monkeypatch.setattr(secrets, "read_settings", lambda: settings)
    return tmp_path


def mode(path: Path) -> int:
    """Give the permission bits of a file."""
    return path.stat().st_mode & 0o777


def test_passwords_are_made_once_and_differ(home: Path) -> None:
    first = secrets.get_password("kafka", "gate")
    assert secrets.get_password("kafka", "gate") == first
    others = {secrets.get_password(*who) for who in [("clickhouse", "gate"), ("kafka", "sink")]}
    assert first not in others
    assert len(others) == 2
    assert all(len(one) >= 32 for one in {first, *others})


def test_files_are_their_owners_only(home: Path) -> None:
    secrets.get_password("kafka", "gate")
    folder = home / "secrets"
    assert mode(folder) == 0o700
    assert mode(secrets.passwords_file()) == 0o600
    assert sorted(one.name for one in folder.iterdir()) == [".lock", "passwords.json"]
    secrets.get_password("kafka", "sink")
    assert mode(secrets.passwords_file()) == 0o600


def test_a_folder_that_others_may_enter_is_closed(home: Path) -> None:
    (home / "secrets").mkdir(mode=0o755)
    (home / "secrets").chmod(0o755)
    secrets.get_password("kafka", "gate")
    assert mode(home / "secrets") == 0o700


def test_a_draft_left_open_by_a_crash_does_not_open_the_passwords(home: Path) -> None:
    draft = home / "secrets" / "passwords.new"
    draft.parent.mkdir(mode=0o700)
    draft.touch(0o644)
    draft.chmod(0o644)
    secrets.get_password("kafka", "gate")
    assert mode(secrets.passwords_file()) == 0o600


def test_accounts_are_listed_by_system(home: Path) -> None:
    assert secrets.list_accounts("kafka") == []
    for system, account in [("kafka", "sink"), ("kafka", "gate"), ("clickhouse", "reader")]:
        secrets.get_password(system, account)
    assert secrets.list_accounts("kafka") == ["gate", "sink"]
    assert secrets.list_accounts("click") == []


def test_a_key_is_the_same_bytes_each_time(home: Path) -> None:
    assert secrets.get_key("pseudonyms") == secrets.get_key("pseudonyms")
    assert len(secrets.get_key("pseudonyms")) >= 32
    assert secrets.get_key("pseudonyms") != secrets.get_key("other")


def test_processes_that_ask_at_once_are_told_the_same(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_HOME", str(tmp_path))
    asking = [subprocess.Popen([sys.executable, "-c", ASK], stdout=subprocess.PIPE, text=True)
              for _ in range(4)]
    told = {one.communicate(timeout=60)[0] for one in asking}
    assert len(told) == 1
    kept = json.loads((tmp_path / "secrets" / "passwords.json").read_text())
    assert {value + "\n" for value in kept.values()} == told


def test_a_password_is_renewed_and_forgotten_for_one_account_alone(home: Path) -> None:
    first, other = secrets.get_password("kafka", "a"), secrets.get_password("kafka", "b")
    second = secrets.renew_password("kafka", "a")
    assert first != second == secrets.get_password("kafka", "a")
    secrets.forget_password("kafka", "a")
    secrets.forget_password("kafka", "nobody")
    assert secrets.list_accounts("kafka") == ["b"]
    assert secrets.get_password("kafka", "a") not in (first, second)
    assert secrets.get_password("kafka", "b") == other


def test_a_publishers_file_is_for_its_owner_only(home: Path) -> None:
    path = secrets.write_publisher_file("bus", "{}")
    assert path == secrets.publisher_file("bus")
    assert (mode(path), mode(path.parent)) == (0o600, 0o700)
    assert path.read_text() == "{}"


def test_a_day_has_one_key_whoever_asks_first(home: Path) -> None:
    key = secrets.get_day_key(20_000)
    assert len(key) == 32
    assert secrets.get_day_key(20_000) == key != secrets.get_day_key(20_001)
    folder = home / "secrets" / "days"
    assert (mode(folder), mode(folder / "20000")) == (0o700, 0o600)
    assert sorted(one.name for one in folder.iterdir()) == ["20000", "20001"]


def test_keys_end_when_the_day_and_the_last_question_are_long_ago(home: Path) -> None:
    for day in (100, 101, 200):
        secrets.get_day_key(day)
    old = secrets.get_day_key(100)
    folder = home / "secrets" / "days"
    for day in (100, 200):
        os.utime(folder / str(day), (0, 0))
    # 101 is as old, but was asked for just now; 200 is not over for long enough
    assert secrets.destroy_day_keys(8, 208) == [100]
    assert sorted(one.name for one in folder.iterdir()) == ["101", "200"]
    assert secrets.get_day_key(100) != old


@pytest.fixture
def given(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a file of passwords from outside, with that of the gate."""
    file = home / "given.json"
    file.write_text(json.dumps({"kafka:gate": "from-outside"}))
    settings = replace(read_settings(), home=home, passwords=str(file))
    monkeypatch.setattr(secrets, "read_settings", lambda: settings)
    return file


def test_password_that_is_given_counts_and_is_written_nowhere(given: Path) -> None:
    made = secrets.get_password("kafka", "bus")
    assert secrets.get_password("kafka", "gate") == "from-outside"
    assert json.loads(secrets.passwords_file().read_text()) == {"kafka:bus": made}
    assert secrets.list_accounts("kafka") == ["bus", "gate"]


def test_password_that_is_given_is_not_renewed_here(given: Path) -> None:
    with pytest.raises(SettingsError, match="kafka:gate is given by CITYBRAIN_PASSWORDS"):
        secrets.renew_password("kafka", "gate")


@pytest.mark.parametrize("text", [None, "no json"])
def test_file_of_passwords_that_cannot_be_read_is_named(given: Path, text: str | None) -> None:
    given.unlink()
    if text:
        given.write_text(text)
    with pytest.raises(SettingsError, match=str(given)):
        secrets.get_password("kafka", "gate")
