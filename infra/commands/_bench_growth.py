"""Measure how the cost of an event grows: `citybrain bench growth`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from infra.bench import growth
from schemas.errors import CityBrainError
from streams.settings import read_settings


def _choose(only: str, quick: bool) -> dict[str, tuple[int, ...]]:
    """Choose factors by comma-separated names; raise ClickException naming an unknown one."""
    known = growth.QUICK if quick else growth.FACTORS
    names = [name.strip() for name in only.split(",") if name.strip()] or list(known)
    if unknown := set(names) - set(known):
        raise click.ClickException(
            f"no factor {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return {name: known[name] for name in names}


@click.command("growth")
@click.option("--events", type=click.IntRange(10_000), help="Records of each drain"
              " [default: 1,000,000; quick: 100,000].")
@click.option("--seed", type=int, default=2019, show_default=True, help="Seed of records.")
@click.option("--factors", default="", metavar="NAMES",
              help=f"Some of {', '.join(growth.FACTORS)}; comma-separated.")
@click.option("--quick", is_flag=True, help="Fewer factors, raised less; not to be quoted.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Folder of the drains' reports [default: <home>/bench/reports].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(events: int | None, seed: int, factors: str, quick: bool, out: Path | None,
            as_json: bool) -> None:
    """Measure CPU time an event against a small city's, raising one factor at a time.

    Each in a city of its own, beside none that runs. Ctrl-C stops and deletes it.
    """
    try:
        found = growth.measure(
            _choose(factors, quick), events or (100_000 if quick else 1_000_000), seed,
            out or read_settings().home / "bench" / "reports",
            lambda line: click.echo(line, err=True))
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(found))
    else:
        click.echo(f"{'':18}{'CPU µs an event':>16}{'ratio':>7}{'records/s':>11}")
        for one in found:
            click.echo(f"{one['name']:18}" + (
                f"{one['cpu_microseconds']:16.1f}"
                f"{'–' if one['ratio'] is None else format(one['ratio'], '.2f'):>7}"
                f"{one['rate']:11,.0f}" if not one["failures"] else f" {one['failures'][0]}"))
    sys.exit(1 if any(one["failures"] for one in found) else 0)
