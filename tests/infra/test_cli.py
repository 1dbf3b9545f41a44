"""Test that every command is found, told and helped."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli import COMMANDS, citybrain

NAMES = sorted(path.stem.replace("_", "-") for path in Path(COMMANDS).glob("*.py")
               if not path.stem.startswith("_"))


def test_help_lists_every_command_file() -> None:
    told = CliRunner().invoke(citybrain, ["--help"])
    assert told.exit_code == 0
    assert [name for name in NAMES if f"\n  {name}" not in told.output] == []


@pytest.mark.parametrize("name", NAMES)
def test_command_has_help(name: str) -> None:
    told = CliRunner().invoke(citybrain, [name, "--help"])
    assert told.exit_code == 0, told.output
    assert "Usage:" in told.output


def test_unknown_command_is_refused() -> None:
    told = CliRunner().invoke(citybrain, ["pu"])
    assert told.exit_code == 2
    assert "No such command" in told.output
