"""Test that settings are read once, cast strictly, and that each is told."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from schemas.errors import SettingsError
from streams.settings import CHECKOUT, PORTS, SETTINGS, Settings, read_settings

# read by what may not know the settings, or set by us for our own processes
ELSEWHERE = {"CITYBRAIN_SCHEMAS", "CITYBRAIN_SUPERVISED",
             # told in streams/credentials.py: publishers' own programs read these
             "CITYBRAIN_CREDENTIALS", "CITYBRAIN_PUBLISHER", "CITYBRAIN_ACCOUNT",
             "CITYBRAIN_PASSWORD",
             # told by the benchmark of the wall to the wall that it starts
             "CITYBRAIN_BENCH_SEGMENTS",
             # told to what stands in Java's place while Flink's script runs
             "CITYBRAIN_JAVA", "CITYBRAIN_PYTHON", "CITYBRAIN_TOLD"}
FOLDERS = ("schemas", "geo", "streams", "jobs", "dashboards", "infra")


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take every setting out of the environment."""
    for one in SETTINGS:
        monkeypatch.delenv(one.name, raising=False)


def read() -> Settings:
    """Read the settings anew, past the frozen ones."""
    settings: Settings = read_settings.__wrapped__()
    return settings


def test_defaults_are_those_of_the_table() -> None:
    settings, defaults = read(), {one.name: one.default for one in SETTINGS}
    assert settings.home == Path(defaults["CITYBRAIN_HOME"])
    assert settings.bootstrap == "127.0.0.1:19092"
    assert settings.store_address == ("127.0.0.1", 19000)
    assert settings.city == "3701"


def test_each_field_has_a_setting_and_each_setting_a_meaning() -> None:
    names = {f"CITYBRAIN_{one.name.upper()}" for one in fields(Settings)}
    assert names == {one.name for one in SETTINGS}
    assert all(one.meaning.endswith(".") for one in SETTINGS)


def test_no_module_reads_a_setting_that_the_table_does_not_tell() -> None:
    found = set()
    for folder in FOLDERS:
        for path in (CHECKOUT / folder).rglob("*.py"):
            found |= set(re.findall(r'"(CITYBRAIN_[A-Z_]+)"', path.read_text(encoding="utf-8")))
    assert found - ELSEWHERE == {one.name for one in SETTINGS}


def test_the_offset_moves_every_port_and_no_two_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_PORT_OFFSET", "500")
    settings = read()
    assert {name: settings.port(name) - 500 for name in PORTS} == PORTS
    assert len(set(PORTS.values())) == len(PORTS)


def test_existing_engines_are_taken_as_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_BROKERS", "a:9092,b:9092")
    monkeypatch.setenv("CITYBRAIN_CLICKHOUSE", "store.example:9440")
    settings = read()
    assert settings.bootstrap == "a:9092,b:9092"
    assert settings.store_address == ("store.example", 9440)


def test_an_empty_variable_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_PARALLELISM", "")
    assert read().parallelism == 2


@pytest.mark.parametrize(("name", "value"), [
    ("CITYBRAIN_PORT_OFFSET", "many"), ("CITYBRAIN_PARALLELISM", "2.5"),
    ("CITYBRAIN_SEED", "0x10"), ("CITYBRAIN_STATE", "redis"),
    ("CITYBRAIN_PROFILE", "huge"), ("CITYBRAIN_FLINK_HA", "zookeeper"),
    ("CITYBRAIN_CLICKHOUSE", "store.example"),
    ("CITYBRAIN_CLICKHOUSE", "store.example:native"), ("CITYBRAIN_CLICKHOUSE", ":9000")])
def test_a_malformed_setting_is_named(
        name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"{name}='{value}'"):
        read()


def test_settings_are_frozen_once_read(monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_settings()
    monkeypatch.setenv("CITYBRAIN_RATE", "1")
    assert read_settings() is before
