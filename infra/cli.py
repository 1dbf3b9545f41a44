"""Offer every command as `citybrain NAME`; a command is a file in `infra/commands/`.

`citybrain dead-letters` is `infra/commands/dead_letters.py`, which names its click command
`command`. A file is imported only when its command is asked for; the list of all shows each
file's first line.
"""

from __future__ import annotations

import ast
import importlib
import os
import sys
from pathlib import Path

import click

from schemas.errors import CityBrainError
from streams.settings import read_settings

COMMANDS = Path(__file__).resolve().parent / "commands"


def _first_line(path: Path) -> str:
    """Give the first line of a module's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0]


class CommandFolder(click.Group):
    """Find commands as files of a folder."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the commands by the names of the files."""
        return sorted(path.stem.replace("_", "-") for path in COMMANDS.glob("*.py")
                      if not path.stem.startswith("_"))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands with the first line of each file, without importing any."""
        rows = [(name, _first_line(COMMANDS / f"{name.replace('-', '_')}.py"))
                for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find one command; click suggests near names when there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"infra.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.command(cls=CommandFolder, context_settings={"help_option_names": ["-h", "--help"]})
def citybrain() -> None:
    """Run a city brain: its components, its data, its proofs (城市大脑命令行)."""


def main() -> None:
    """Run the command line; what is wrong with the system is one line and exit code 1."""
    try:
        # the declarations that the running city was given, too
        os.environ.setdefault("CITYBRAIN_SCHEMAS", str(read_settings().home / "schemas"))
        citybrain.main(prog_name="citybrain", standalone_mode=True)
    except CityBrainError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
