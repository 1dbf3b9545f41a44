"""Run the pipeline of OSPBench: `citybrain bench ospbench`."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from infra.bench import ospbench
from infra.commands._bench_parts import show_cost
from schemas.errors import CityBrainError


@click.command("ospbench")
@click.option("--events", type=click.IntRange(10_000), default=1_000_000, show_default=True,
              help="Records of flow and speed, about.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(events: int, as_json: bool) -> None:
    """Join flow and speed by lane, sum by measurement point, compare with the minute before.

    The pipeline of OSPBench (van Dongen and Van den Poel, 2020) on drawn data of the same shape,
    compared with a batch computation row by row; exit 1 where they differ. Real components in a
    city of its own, beside none that runs. Ctrl-C stops and deletes it.
    """
    try:
        found = ospbench.start(events)
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(asdict(found) | {"rate": found.rate}))
    elif found.rate:
        click.echo(f"{found.events:,} events, {found.windows:,} windows in {found.seconds:.1f} s"
                   f" (windows in {found.windows_seconds:.1f} s): {found.rate:,.0f} events/s,"
                   f" {found.steady_rate:,.0f} without the first fifth; equal to the batch")
        show_cost(found.cpu, found.memory, found.events)
    for failure in found.failures:
        click.echo(f"wrong: {failure}", err=True)
    sys.exit(1 if found.failures else 0)
