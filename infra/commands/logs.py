"""Show the log of a component."""

from __future__ import annotations

import time
from collections import deque
from pathlib import Path

import click

from infra.processes import list_processes
from infra.supervision import log_path


def _follow(path: Path) -> None:
    """Print what is appended, across rotation, until Ctrl-C."""
    stream = path.open(errors="replace")
    stream.seek(0, 2)
    try:
        while True:
            if text := stream.read():
                click.echo(text, nl=False)
            elif path.exists() and path.stat().st_size < stream.tell():
                stream.close()
                stream = path.open(errors="replace")
            else:
                time.sleep(0.3)
    except KeyboardInterrupt:
        click.echo()
    finally:
        stream.close()


@click.command()
@click.argument("name")
@click.option("-f", "--follow", is_flag=True, help="Go on with what is appended.")
@click.option("-n", "--lines", default=40, show_default=True, help="Lines from the end.")
def command(name: str, follow: bool, lines: int) -> None:
    """Show the log of the component NAME (or of `supervisor`)."""
    names = [process.name for process in list_processes()] + ["supervisor"]
    if name not in names:
        raise click.ClickException(f"no component {name}; there are {', '.join(names)}")
    path = log_path(name)
    if not path.exists():
        raise click.ClickException(f"{name} has not been started yet")
    with path.open(errors="replace") as stream:
        for line in deque(stream, lines):
            click.echo(line, nl=False)
    if follow:
        _follow(path)
