"""Break the running city on purpose, and prove that nothing was lost."""

from __future__ import annotations

import click

from infra.commands import _drill_input, _drill_kills
from infra.commands._drill_privacy import privacy


@click.group()
def command() -> None:
    """Break the running city on purpose, and prove that nothing was lost."""


for one in (*_drill_kills.COMMANDS, *_drill_input.COMMANDS, privacy):
    command.add_command(one)
