"""Send invented people through the gate and search for them wherever they must not be."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from confluent_kafka import KafkaException

from infra.drills.privacy import NAMES_MASKED, Outcome, drill
from schemas.errors import CityBrainError


@click.command()
@click.option("--persons", type=click.IntRange(10, 100_000), default=2_000, show_default=True,
              help="How many people to invent.")
@click.option("--seed", type=int, default=2019, show_default=True, help="Seed of the people.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def privacy(persons: int, seed: int, as_json: bool) -> None:
    """Send invented people by Kafka and HTTP, and search for them behind the gate.

    Telephones, identity numbers, cards, plates, mail and door addresses in many spellings must be
    found in no topic but raw ones and the vault, no table, feed, page, log or checkpoint; of names
    in free text at least 95 % must be masked. Exit code 1 when not.
    """
    try:
        outcome = drill(persons, seed, lambda line: click.echo(line, err=True))
    except (CityBrainError, KafkaException) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(asdict(outcome) | {"passed": outcome.passed}, ensure_ascii=False))
    else:
        _print(outcome)
    sys.exit(0 if outcome.passed else 1)


def _print(outcome: Outcome) -> None:
    """Print the closing figures."""
    click.echo(f"people sent                {outcome.people:8}")
    click.echo(f"events sent                {outcome.events:8}")
    click.echo(f"texts and files searched   {sum(outcome.searched.values()):8}"
               f"  in {len(outcome.searched)} places")
    click.echo(f"identifiers found          {outcome.identifiers:8}  (must be 0)")
    click.echo(f"names in free text         {outcome.names:8}")
    click.echo(f"names masked               {100 * outcome.names_masked:8.2f} %"
               f"  (must be {100 * NAMES_MASKED:.0f} % or more)")
    click.echo(f"events in the vault        {outcome.vaulted:8}")
    for place, kinds in sorted(outcome.found.items()):
        click.echo(f"found in {place}: "
                   + ", ".join(f"{n} {kind}" for kind, n in sorted(kinds.items())))
    for missed in outcome.missed:
        click.echo(f"not masked: {missed}")
