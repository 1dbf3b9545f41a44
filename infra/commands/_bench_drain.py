"""Drain a topic side by side: `citybrain bench drain` and `all`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from infra.bench.peer import list_peers
from infra.bench.start import FIRST, OURS, Wanted, start
from schemas.errors import CityBrainError
from streams.settings import read_settings


def _options(function: Callable[..., None]) -> Callable[..., None]:
    """Give a benchmark its options."""
    for option in reversed((
        click.option("--events", type=click.IntRange(10_000), help="Records to drain"
                     " [default: 5,000,000; quick: 1,000,000]."),
        click.option("--runs", type=click.IntRange(1), help="Interleaved runs [default: 3;"
                     " quick: 1]."),
        click.option("--seed", type=int, default=2019, show_default=True, help="Seed of records."),
        click.option("--peers", default="", metavar="NAMES",
                     help="Contenders, comma-separated, ours among them."),
        click.option("--quick", is_flag=True, help="Ours, the hand-written loop and ClickHouse's"
                     " engine, once, in less than ten minutes; not to be quoted."),
        click.option("--out", type=click.Path(file_okay=False, path_type=Path),
                     help="Folder of the report [default: <home>/bench/reports]."),
        click.option("--json", "as_json", is_flag=True, help="Print the report as JSON."),
    )):
        function = option(function)
    return function


def _run(names: list[str], peers: str, quick: bool, as_json: bool, **given: Any) -> None:
    """Run the benchmark and print its report; exit 1 where an answer was wrong."""
    known = [OURS, *list_peers()]
    chosen = [one.strip() for one in peers.split(",") if one.strip()] or names
    if unknown := set(chosen) - set(known):
        raise click.ClickException(
            f"no contender {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    wanted = Wanted(
        tuple(chosen), given["events"] or (1_000_000 if quick else 5_000_000),
        given["runs"] or (1 if quick else 3), given["seed"], quick,
        given["out"] or read_settings().home / "bench" / "reports")
    try:
        code, pages = start(wanted)
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    for page in pages:
        if page.suffix == (".json" if as_json else ".md"):
            click.echo(page.read_text(encoding="utf-8"))
        click.echo(f"written: {page}", err=True)
    sys.exit(code)


@click.command()
@_options
def drain(**given: Any) -> None:
    """Drain a topic by our road, by a hand-written loop and by ClickHouse's Kafka engine.

    Real components in a city of its own, beside none that runs. Ctrl-C stops and deletes it.
    """
    _run(list(FIRST), **given)


@click.command("all")
@_options
def all_(**given: Any) -> None:
    """Drain a topic by our road and by every peer below tests/peers."""
    _run(list(FIRST) if given["quick"] else [OURS, *list_peers()], **given)
