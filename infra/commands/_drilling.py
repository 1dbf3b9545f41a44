"""Show the progress of a drill, its end in one clear block, and why a city cannot be drilled."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from confluent_kafka import KafkaException

from schemas.errors import CityBrainError

SHOWN = 20


@contextmanager
def telling() -> Iterator[None]:
    """End in one clear line where the city cannot be drilled."""
    try:
        yield
    except (CityBrainError, KafkaException) as error:
        raise click.ClickException(str(error)) from error


def report(line: str) -> None:
    """Show progress."""
    click.echo(line, err=True)


def end(told: dict[str, Any], as_json: bool, lines: list[str], failures: list[str],
        code: int = 0) -> None:
    """Print the closing block; exit with 1 where something failed, else with `code`."""
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
    else:
        for line in lines:
            click.echo(line)
        for failure in failures[:SHOWN]:
            click.echo(f"  FAILED {failure}")
        click.echo(f"{len(failures)} failures" if failures else "all as declared")
    sys.exit(1 if failures else code)
