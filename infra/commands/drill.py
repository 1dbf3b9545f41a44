"""Kill the running city's components and prove that nothing was lost."""

from __future__ import annotations

import json
import random
import sys
import time
from dataclasses import asdict

import click
from confluent_kafka import KafkaException

from infra.commands._drill_input import COMMANDS
from infra.commands._drill_privacy import privacy
from infra.drill import Kill, await_rest, kill
from infra.processes import Process, choose
from schemas.errors import CityBrainError


@click.group()
def command() -> None:
    """Break the running city on purpose, and prove that nothing was lost."""


@command.command()
@click.option("--rounds", type=click.IntRange(1, 1000), default=1, show_default=True,
              help="How often each component is killed.")
@click.option("--only", default="", metavar="NAMES", help="Kill these only, comma-separated.")
@click.option("--seed", type=int, default=2019, show_default=True, help="Seed of the order.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def kills(rounds: int, only: str, seed: int, as_json: bool) -> None:
    """Kill each component with signal 9, in random order, one after another.

    Each must come back by itself; at the end the ledger of every minute since the first kill must
    come to rest with residual 0. Exit code 1 when it does not.
    """
    begun = time.time_ns() // 1_000_000
    try:
        done = [_tell(kill(process)) for process in _order(choose(only), rounds, seed)]
        lost = await_rest(begun, lambda line: click.echo(line, err=True))
    except (CityBrainError, KafkaException) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({
            "kills": [asdict(one) for one in done],
            "lost": [asdict(row) | {"residual": row.residual} for row in lost]}))
    else:
        slowest = max(done, key=lambda one: one.seconds)
        click.echo(f"{len(done)} kills, all came back, the slowest {slowest.name} after"
                   f" {slowest.seconds:.0f} s; residual {sum(row.residual for row in lost)}"
                   f" ({len(lost)} topic minutes not at 0)")
    sys.exit(1 if lost else 0)


def _order(processes: tuple[Process, ...], rounds: int, seed: int) -> list[Process]:
    """Give each process once a round, in an order that the seed decides."""
    order, chance = [], random.Random(seed)
    for _ in range(rounds):
        order += chance.sample(processes, len(processes))
    return order


def _tell(one: Kill) -> Kill:
    """Say that a component is back."""
    click.echo(f"killed {one.name:<12} back after {one.seconds:5.1f} s", err=True)
    return one


for one in (*COMMANDS, privacy):
    command.add_command(one)
