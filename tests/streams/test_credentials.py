"""Test with what a publishing system logs in: file, environment, or its own machine's secrets."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from schemas.errors import SettingsError
from streams.credentials import Credentials, local_credentials, read_credentials
from streams.secrets import get_password, publisher_file, write_publisher_file
from streams.settings import read_settings

ONE = Credentials("bus", "bus--2", "secret word", "kafka.example:9092", token="cb_1_2")
VARIABLES = {"CITYBRAIN_PUBLISHER": "bus", "CITYBRAIN_PASSWORD": "secret word",
             "CITYBRAIN_BROKERS": "kafka.example:9092"}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take everything that names credentials out of the environment."""
    for name in ("CITYBRAIN_CREDENTIALS", "CITYBRAIN_ACCOUNT", *VARIABLES):
        monkeypatch.delenv(name, raising=False)


def test_a_file_is_read_by_its_path_or_by_the_variable(
        tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bus.json"
    path.write_bytes(msgspec.json.encode(ONE))
    assert read_credentials(path) == read_credentials(str(path)) == ONE
    monkeypatch.setenv("CITYBRAIN_CREDENTIALS", str(path))
    assert read_credentials() == ONE


def test_single_variables_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    assert read_credentials() == Credentials("bus", "bus", "secret word", "kafka.example:9092")
    monkeypatch.setenv("CITYBRAIN_ACCOUNT", "bus--2")
    assert read_credentials().account == "bus--2"


@pytest.mark.parametrize("missing", sorted(VARIABLES))
def test_a_missing_variable_is_named(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES.keys() - {missing}:
        monkeypatch.setenv(name, VARIABLES[name])
    with pytest.raises(SettingsError, match=f"CITYBRAIN_CREDENTIALS, or set {missing}$"):
        read_credentials()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"publisher": "bus"}', '{"publisher": 7}'])
def test_what_is_no_credentials_file_is_told_without_its_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bus.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"bus\.json is no credentials file"):
        read_credentials(path)
    with pytest.raises(SettingsError, match=r"none\.json cannot be read: No such file"):
        read_credentials(tmp_path / "none.json")


def test_credentials_are_never_shown() -> None:
    assert "secret" not in repr(ONE)
    assert "cb_1_2" not in f"{ONE}"


def test_on_its_own_machine_a_publisher_goes_by_its_file_then_by_its_name() -> None:
    assert local_credentials("test-tug") == Credentials(
        "test-tug", "test-tug", get_password("kafka", "test-tug"), read_settings().bootstrap)
    write_publisher_file("test-tug", msgspec.json.encode(
        msgspec.structs.replace(ONE, publisher="test-tug")).decode())
    found = local_credentials("test-tug")
    assert (found.account, found.password) == ("bus--2", "secret word")
    assert found.bootstrap == read_settings().bootstrap
    publisher_file("test-tug").unlink()
