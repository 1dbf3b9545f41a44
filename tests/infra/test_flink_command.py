"""Test that Flink's script makes the command once, and again when what it follows from changed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra import flink as launcher
from infra.components import pyflink_home
from infra.flink_command import Command, find_command
from schemas.errors import ComponentError


def find(folder: Path, configuration: Path, *more: str) -> Command:
    """Find the TaskManager's command."""
    return find_command(
        folder, [str(pyflink_home() / "bin" / "taskmanager.sh"), "start-foreground", *more],
        launcher.environment() | {"JVM_ARGS": "-Dof.ours=1"}, [configuration])


@pytest.fixture
def configuration() -> Path:
    """Give the cluster's configuration, with everything beside it."""
    launcher.link_libraries()
    return launcher.write_config() / "config.yaml"


def test_the_command_is_what_the_script_would_run(tmp_path: Path, configuration: Path) -> None:
    command = find(tmp_path, configuration, "-D", "io.tmp.dirs=/some/where")
    assert Path(command.program).name == "java"
    at = command.arguments.index("org.apache.flink.runtime.taskexecutor.TaskManagerRunner")
    assert "-Dof.ours=1" in command.arguments[:at]
    assert any(one.startswith("-Xmx") for one in command.arguments[:at])
    assert any(one.startswith("taskmanager.memory.") for one in command.arguments[at:])
    assert "io.tmp.dirs=/some/where" in command.arguments[at:]
    assert command.variables["FLINK_CONF_DIR"] == str(configuration.parent)
    assert not any(str(tmp_path) in value for value in command.variables.values())


def test_it_is_made_once(tmp_path: Path, configuration: Path,
                         monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "config.yaml"
    own.write_text(configuration.read_text())
    first = find(tmp_path, own)

    def run(*_: Any, **__: Any) -> None:
        """Fail."""
        raise AssertionError("the script ran again")

    monkeypatch.setattr(subprocess, "run", run)
    assert find(tmp_path, own) == first
    with pytest.raises(AssertionError, match="ran again"):
        find(tmp_path, own, "-D", "io.tmp.dirs=/else/where")
    own.write_text(own.read_text() + "rest.retry.max-attempts: 21\n")
    with pytest.raises(AssertionError, match="ran again"):
        find(tmp_path, own)


def test_a_script_that_makes_none_says_why(tmp_path: Path, configuration: Path) -> None:
    broken = tmp_path / "broken.sh"
    broken.write_text("echo the disk is full >&2; exit 1")
    with pytest.raises(ComponentError, match=r"broken\.sh made no command: the disk is full"):
        find_command(tmp_path, [str(broken)], {}, [configuration])
