"""Replay recorded events into an empty store: `citybrain bench replay`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from infra.bench import replay
from infra.commands._bench_parts import show_cost
from schemas.errors import CityBrainError


@click.command("replay")
@click.option("--events", type=click.IntRange(10_000), default=10_000_000, show_default=True,
              help="Records to have judged and recorded; what is refused of them is not replayed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(events: int, as_json: bool) -> None:
    """Fill an empty store from the topic of clean events, as after the loss of the store.

    Real components in a city of its own, beside none that runs. Ctrl-C stops and deletes it.
    """
    try:
        found = replay.start(events)
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(asdict(found) | {"rate": found.rate}))
        return
    click.echo(f"{found.events:,} events in {found.seconds:.1f} s: {found.rate:,.0f} events/s")
    show_cost(found.cpu, found.memory, found.events)
