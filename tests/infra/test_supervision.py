"""Test the supervisor's configuration as the supervisor itself reads it."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from supervisor.options import ServerOptions

from infra import supervision
from infra.orphans import MARK
from infra.processes import Process, list_processes
from infra.supervision import Supervisor, log_path, socket_path, write_config
from schemas.errors import ComponentError
from streams.settings import read_settings


def read_config(path: Path) -> Any:
    """Read a configuration as supervisord does at its start."""
    options = ServerOptions()
    options.realize(["-c", str(path)])
    return options


def programs(path: Path) -> dict[str, Any]:
    """Give the programs of a configuration by name."""
    return {group.name: group.process_configs[0]
            for group in read_config(path).process_group_configs}


def test_every_process_of_the_table_is_a_program_that_runs_its_command(own_home: Path) -> None:
    found = programs(write_config())
    table = {process.name: process for process in list_processes()}
    assert set(found) == set(table)
    for name, process in table.items():
        assert tuple(shlex.split(found[name].command)) == process.command
        assert found[name].stdout_logfile == str(own_home / "logs" / f"{name}.log")
        assert found[name].stopwaitsecs == process.stop_seconds
        assert found[name].environment[MARK] == str(own_home)
        assert found[name].environment["CITYBRAIN_SCHEMAS"] == str(own_home / "schemas")


def test_programs_start_when_told_and_come_back_when_they_die(own_home: Path) -> None:
    for name, one in programs(write_config()).items():
        assert not one.autostart, name
        assert one.startretries > 100_000
        assert one.killasgroup


def test_socket_and_files_lie_in_the_home_and_are_private(own_home: Path) -> None:
    path = write_config()
    options = read_config(path)
    (server,) = options.server_configs
    assert server["file"] == str(own_home / "run" / "supervisor.sock")
    assert server["chmod"] == 0o700
    assert options.pidfile == str(own_home / "run" / "supervisord.pid")
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in ("run", "logs"):
        assert (own_home / folder).stat().st_mode & 0o777 == 0o700


def test_signs_that_mean_something_to_the_supervisor_are_kept(
        own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = ("run me", "100%", "%(here)s", "it's", 'a "word"', "a;b", "#c")
    odd = Process("odd", "Odd", command, lambda: True,
                  environment=lambda: {"SHARE": "50% of all", "PLACE": "a b,c=d"})
    monkeypatch.setattr(supervision, "list_processes", lambda: (odd,))
    found = programs(write_config())["odd"]
    assert tuple(shlex.split(found.command)) == command
    assert found.environment["SHARE"] == "50% of all"
    assert found.environment["PLACE"] == "a b,c=d"


def test_a_home_with_a_per_cent_sign_is_kept(
        own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = own_home / "50%done"
    home.mkdir()
    settings = replace(read_settings(), home=home)
    monkeypatch.setattr(supervision, "read_settings", lambda: settings)
    found = programs(write_config())["kafka"]
    assert found.stdout_logfile == str(home / "logs" / "kafka.log")


def test_a_home_too_deep_for_a_socket_is_refused_in_one_line(
        own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "SOCKET_LIMIT", len(str(own_home)))
    with pytest.raises(ComponentError, match="set a shorter CITYBRAIN_HOME"):
        socket_path()


def test_a_city_that_is_down_has_no_states_and_takes_no_orders(own_home: Path) -> None:
    supervisor = Supervisor()
    assert not supervisor.is_up()
    assert supervisor.states() == {}
    for order in (supervisor.start, supervisor.stop):
        with pytest.raises(ComponentError, match="the supervisor is away"):
            order("kafka")
    supervisor.shut_down()
    assert log_path("kafka") == own_home / "logs" / "kafka.log"
