"""Try every declared right, and say where what is allowed differs from what is declared."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click
from confluent_kafka import KafkaException

from infra.access import kafka_cells, store_cells
from infra.doors import door_cells, page_cells
from schemas.errors import CityBrainError


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def access(as_json: bool) -> None:
    """Compare what each account and door allows with what is declared (infra/access.md).

    The broker is asked what every account may do with every topic, accounts of the store try every
    view and table, doors are knocked at with and without their key, pages of the console are
    visited in every role. Exit code 1 on a difference.
    """
    try:
        cells = [*kafka_cells(), *store_cells(), *door_cells(), *page_cells()]
    except (CityBrainError, KafkaException) as error:
        raise click.ClickException(str(error)) from error
    wrong = [one for one in cells if one.differs]
    unknown = [one for one in cells if not one.found]
    if as_json:
        click.echo(json.dumps([asdict(one) | {"differs": one.differs} for one in cells]))
    else:
        for one in wrong:
            click.echo(f"{one.kind}: {one.who} on {one.what}: declared {one.declared},"
                       f" found {one.found}")
        for one in unknown:
            click.echo(f"not asked, since it does not run: {one.who}, {one.what}")
        for kind in ("kafka", "store", "door", "page"):
            click.echo(f"{kind:8} {sum(one.kind == kind for one in cells):6} rights")
        click.echo(f"{len(wrong)} differ from what is declared, {len(unknown)} not asked")
    sys.exit(1 if wrong else 0)
