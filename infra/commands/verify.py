"""Prove that nothing was lost, no audit record touched, and no right wider than declared."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from confluent_kafka import KafkaException

from infra.commands._verify_access import access
from schemas.errors import CityBrainError
from streams import audit as trail
from streams.ledger import TERMS, Ledger, Row, settled


@click.group()
def command() -> None:
    """Prove that nothing was lost, no audit record touched, and no right wider than declared."""


@command.command()
@click.option("--minutes", type=click.IntRange(2, 600), default=15, show_default=True,
              help="How many minutes to look back.")
@click.option("--by", type=click.Choice(["topic", "publisher"]), default="topic",
              show_default=True, help="Show each topic and minute, or each publisher's sums.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def ledger(minutes: int, by: str, as_json: bool) -> None:
    """Check received = counted + late + refused + duplicates + in flight, by topic and minute.

    A publisher's residual sums the magnitudes of its topics' minutes, so that a loss and a surplus
    cannot hide each other. Minutes that ended less than a minute ago, or of which something is in
    flight, are shown and not judged. Exit code 1 on any residual.
    """
    now = time.time_ns() // 1_000_000
    try:
        rows = sorted(Ledger().count(minutes, now), key=lambda row: (row.minute, row.raw_topic))
    except (CityBrainError, KafkaException) as error:
        raise click.ClickException(str(error)) from error
    judged = settled(rows, now)
    lost = [row for row in judged if row.residual]
    shown = ([asdict(row) | {"residual": row.residual} for row in rows] if by == "topic"
             else _by_publisher(rows, judged))
    if as_json:
        click.echo(json.dumps(shown))
    else:
        _print(rows, judged) if by == "topic" else _print_publishers(shown)
        click.echo(f"{len(judged)} topic minutes judged,"
                   f" residual {sum(row.residual for row in judged)}"
                   f" ({len(lost)} not 0)")
    sys.exit(1 if lost else 0)


def _print(rows: list[Row], judged: list[Row]) -> None:
    """Print the ledger as a table."""
    click.echo(f"{'minute (UTC)':17} {'topic':44} {'received':>9} "
               + " ".join(f"{term.replace('_', ' '):>10}" for term in TERMS) + "   residual")
    for row in rows:
        open_ = "" if row in judged else "  (open)"
        minute = datetime.fromtimestamp(row.minute / 1000, UTC).strftime("%Y-%m-%d %H:%M")
        click.echo(f"{minute:17} {row.raw_topic:44} {row.received:9} "
                   + " ".join(f"{getattr(row, term):10}" for term in TERMS)
                   + f" {row.residual:10}{open_}")


def _by_publisher(rows: list[Row], judged: list[Row]) -> list[dict[str, Any]]:
    """Sum rows by the publisher that owns the topic, the magnitudes of judged residuals too."""
    sums: dict[str, Counter[str]] = {}
    for row in rows:
        one = sums.setdefault(row.raw_topic.removeprefix("raw-").partition("--")[0], Counter())
        one.update({name: getattr(row, name) for name in ("received", *TERMS)})
        one["residual"] += abs(row.residual) if row in judged else 0
    return [{"publisher": name, **sums[name]} for name in sorted(sums)]


def _print_publishers(sums: list[dict[str, Any]]) -> None:
    """Print the sums of each publisher as a table."""
    names = ("received", *TERMS, "residual")
    click.echo(f"{'publisher':32} " + " ".join(f"{one.replace('_', ' '):>10}" for one in names))
    for row in sums:
        click.echo(f"{row['publisher']:32} " + " ".join(f"{row[one]:10}" for one in names))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def audit(as_json: bool) -> None:
    """Walk the audit trail and compare each writer's chain with its anchored heads.

    Tells the first record that was edited, is missing, moved, inserted, or cut off. Exit code 1
    on any.
    """
    try:
        broken, records = trail.verify(time.time_ns() // 1_000_000)
    except (CityBrainError, KafkaException) as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"records": records, "break": asdict(broken) if broken else None}))
    else:
        for writer, number in sorted(records.items()):
            click.echo(f"{writer:24} good up to record {number}")
        click.echo("the audit trail is as it was written" if broken is None else
                   f"{broken.kind}: record {broken.seq} of {broken.writer or 'no writer'}"
                   + (f", at position {broken.position} of the topic" if broken.position >= 0
                      else "") + f": {broken.detail}")
    sys.exit(1 if broken else 0)


command.add_command(access)
