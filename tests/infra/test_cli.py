"""Test that every command is found, told and helped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from infra.cli import COMMANDS, citybrain

NAMES = sorted(path.stem.replace("_", "-") for path in Path(COMMANDS).glob("*.py")
               if not path.stem.startswith("_"))
Words = tuple[str, ...]


def walk(command: click.Command, path: Words) -> Iterator[tuple[Words, click.Command]]:
    """Give a command and all below it, with the words that call each."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from walk(below, (*path, name))


def commands(name: str) -> Iterator[tuple[Words, click.Command]]:
    """Give the command of a file and all below it; files are imported only here."""
    command = citybrain.get_command(click.Context(citybrain), name)
    assert command is not None
    return walk(command, (name,))


def test_help_lists_every_command_file() -> None:
    told = CliRunner().invoke(citybrain, ["--help"])
    assert told.exit_code == 0
    assert [name for name in NAMES if f"\n  {name}" not in told.output] == []


@pytest.mark.parametrize("name", NAMES)
def test_each_command_has_help_and_says_what_it_does(name: str) -> None:
    for path, command in commands(name):
        assert command.help, path
        first = command.help.strip().split("\n")[0]
        assert first[0].isupper(), path
        told = CliRunner().invoke(citybrain, [*path, "--help"])
        assert told.exit_code == 0, told.output
        assert f"Usage: citybrain {' '.join(path)}" in told.output
        assert first[:30] in " ".join(told.output.split())


@pytest.mark.parametrize("name", NAMES)
def test_each_option_is_explained(name: str) -> None:
    for path, command in commands(name):
        for one in command.params:
            if isinstance(one, click.Option):
                assert one.help or one.show_default, (path, one.opts)


def test_unknown_command_is_refused() -> None:
    told = CliRunner().invoke(citybrain, ["pu"])
    assert told.exit_code == 2
    assert "No such command" in told.output
