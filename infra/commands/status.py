"""Show how each component is: state, memory, lag, age of its data."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.table import Table

from infra.status import ComponentStatus, list_status
from streams.disk import Disk, measure

MEBIBYTE = 1024 * 1024
STATE_COLOURS = {"READY": "green", "STARTING": "yellow"}


def _cell(value: float | None, unit: str = "", digits: int = 0) -> str:
    """Render a number, or a dash when it is not known."""
    return "–" if value is None else f"{value:,.{digits}f}{unit}"


def _draw(rows: list[ComponentStatus]) -> None:
    """Print the rows as a table with the sum of memory."""
    table = Table(box=None, pad_edge=False)
    for title, side in (("component", "left"), ("state", "left"), ("pid", "right"),
                        ("up", "right"), ("memory", "right"), ("lag", "right"),
                        ("data age", "right")):
        table.add_column(title, justify="left" if side == "left" else "right")
    for row in rows:
        colour = STATE_COLOURS.get(row.state, "red")
        memory = None if row.memory_bytes is None else row.memory_bytes / MEBIBYTE
        table.add_row(row.name, f"[{colour}]{row.state}[/]", str(row.pid or "–"),
                      _cell(row.uptime_seconds, " s"), _cell(memory, " MiB"),
                      _cell(row.lag_records), _cell(row.data_age_seconds, " s", 1))
    Console().print(table)
    total = sum(row.memory_bytes or 0 for row in rows) / MEBIBYTE
    click.echo(f"memory of all: {total:,.0f} MiB")


def _tell_disk(disk: Disk) -> str:
    """Say how full the disk is, and what follows from it."""
    line = (f"disk: {disk.used_percent:.1f} % used, {disk.free_bytes / 1e9:,.1f} GB free,"
            f" limit {disk.limit_percent} %")
    return line + (": FULL, no events are taken until there is room" if disk.is_full else "")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Show each component's state, memory, lag and the age of its data.

    The exit code is 0 when every component that was started is ready and the disk has room for
    events, else 1.
    """
    rows, disk = list_status(), measure()
    if as_json:
        told = {"name": "disk", "state": disk.state, **asdict(disk)}
        click.echo(json.dumps([*(asdict(row) for row in rows), told]))
    else:
        _draw(rows)
        click.echo(_tell_disk(disk))
    started = [row for row in rows if row.pid]
    ready = started and all(row.state == "READY" for row in started)
    sys.exit(0 if ready and not disk.is_full else 1)
