"""What was refused, and why."""

from __future__ import annotations

import json
from typing import Any

import click

from schemas.errors import CityBrainError
from streams.store import connect

FILTERS = {"reason": "reason", "publisher": "source", "family": "family"}


def _read(sql: str, **params: Any) -> list[dict[str, Any]]:
    """Query the store, or end in one clear line."""
    try:
        return connect("reader").query(sql, params)
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error


@click.group()
def command() -> None:
    """Look at refused events: by reason, publisher, family, time."""


@command.command("list")
@click.option("--reason", default="", help="Only this reason code.")
@click.option("--publisher", default="", help="Only this publishing system.")
@click.option("--family", default="", help="Only this event family.")
@click.option("--hours", type=float, default=24.0, show_default=True, help="How far to look back.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(reason: str, publisher: str, family: str, hours: float, limit: int,
          as_json: bool) -> None:
    """Count dead letters by publisher, family, reason and field, with the newest example."""
    given = {"reason": reason, "publisher": publisher, "family": family}
    where = "".join(f" AND {FILTERS[name]} = %({name})s" for name, v in given.items() if v)
    rows = _read(
        "SELECT source, family, reason, field, count() AS letters,"
        " argMax(value, received_at) AS value, argMax(detail, received_at) AS detail,"
        " toString(max(received_at)) AS newest,"
        " argMax(concat(raw_topic, '/', toString(raw_partition), '/', toString(raw_offset)),"
        " received_at) AS original FROM city.dead_letters"
        f" WHERE received_at > now() - toIntervalSecond(%(seconds)s){where}"
        " GROUP BY source, family, reason, field ORDER BY letters DESC LIMIT %(limit)s",
        seconds=int(hours * 3600), limit=limit, **given)
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo(f"{row['letters']:8}  {row['source']:20} {row['family']:20} {row['reason']:18} "
                   f"{row['field']}={row['value']}  ({row['detail']})  newest {row['original']}")
    click.echo(f"{sum(row['letters'] for row in rows)} dead letters in {hours:g} h")


@command.command()
@click.argument("original", metavar="TOPIC/PARTITION/OFFSET")
def show(original: str) -> None:
    """Show one dead letter by the coordinates of its original in the raw topic."""
    topic, _, rest = original.partition("/")
    partition, _, offset = rest.partition("/")
    if not (partition.isdigit() and offset.isdigit()):
        raise click.BadParameter(f"{original!r} is not TOPIC/PARTITION/OFFSET")
    rows = _read("SELECT * FROM city.dead_letters WHERE raw_topic = %(topic)s"
                 " AND raw_partition = %(partition)s AND raw_offset = %(offset)s",
                 topic=topic, partition=int(partition), offset=int(offset))
    if not rows:
        raise click.ClickException(f"no dead letter points to {original}")
    click.echo(json.dumps(rows[0], ensure_ascii=False, indent=2, default=str))
