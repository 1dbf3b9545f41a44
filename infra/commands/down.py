"""Stop the city."""

from __future__ import annotations

import click

from infra.launch import stop_all
from infra.supervision import Supervisor


@click.command()
def command() -> None:
    """Stop every component, the Flink jobs with a savepoint, and whatever was left behind."""
    was_up = Supervisor().is_up()
    left = stop_all(click.echo)
    click.echo("stopped; all data is kept" if was_up or left else "nothing was running")
