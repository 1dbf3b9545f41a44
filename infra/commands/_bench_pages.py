"""Measure pages as a browser sees them: `citybrain bench console` and `wall`."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from typing import Any

import click

from infra.bench.start import measure_plainly
from schemas.errors import CityBrainError


def _measure(*arguments: str) -> dict[str, Any]:
    """Run one measurement in a home of its own; give what it tells."""
    if find_spec("playwright") is None:
        raise click.ClickException("playwright is not installed: pip install -e '.[dev]'")
    try:
        return measure_plainly("infra.bench.pages", *arguments)
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.option("--cases", type=click.IntRange(1_000), default=1_000_000, show_default=True,
              help="Grid cases in the store, each with its steps.")
@click.option("--rows", type=click.IntRange(1_000), default=200_000, show_default=True,
              help="Rows of each other family and result, within the time a page shows.")
@click.option("--visits", type=click.IntRange(1), default=20, show_default=True,
              help="Visits of each page.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def console(cases: int, rows: int, visits: int, as_json: bool) -> None:
    """Measure how long each page of the console takes, from the click until it is drawn.

    In a city of its own, beside none that runs: store and console, looked at by a headless
    Chromium as the administrator. Pages with a question mark are loaded anew by their address.
    Ends with 1 where a page is wrong, or p95 is above a second.
    """
    told = _measure("console", "--cases", str(cases), "--rows", str(rows),
                    "--visits", str(visits))
    pages = told["pages"]
    if as_json:
        click.echo(json.dumps(told))
    else:
        click.echo(f"{told['cases']:,} cases, {rows:,} rows of everything else; times in s")
        click.echo(f"{'page':40}{'visits':>7}{'p50':>8}{'p95':>8}")
        for name, one in sorted(pages.items(), key=lambda pair: -pair[1]["p95"]):
            wrong = f"  {'; '.join(one['errors'])}" if one["errors"] else ""
            click.echo(f"{name:40}{one['visits']:7}{one['p50']:8.2f}{one['p95']:8.2f}{wrong}")
    if any(one["errors"] or one["p95"] > told["goal"] for one in pages.values()):
        sys.exit(1)


@click.command()
@click.option("--segments", type=click.IntRange(1_000), default=20_000, show_default=True,
              help="Road segments, each renewed every second.")
@click.option("--minutes", type=click.FloatRange(min=0.1), default=30.0, show_default=True,
              help="How long to watch.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def wall(segments: int, minutes: float, as_json: bool) -> None:
    """Measure how the wall keeps up with segments that are renewed every second.

    In a city of its own, beside none that runs: store and wall, looked at by a headless Chromium
    at 1920x1080 that draws in software. The store itself writes the rows of road-state; no job and
    no sink runs. A renewal is held when a picture that shows it was drawn.
    """
    told = _measure("wall", "--segments", str(segments), "--minutes", str(minutes))
    if as_json:
        click.echo(json.dumps(told))
        return
    click.echo(f"{told['segments']:,} segments; first picture {told['first_picture']:.1f} s,"
               f" of a wall just started {told['first_picture_fresh']:.1f} s")
    click.echo(f"{told['held']:,} of {told['renewals']:,} renewals in the picture"
               f" ({told['share']:.1%}), longest gap {told['longest_gap']:.1f} s; from renewal to"
               f" picture p50 {told['age_p50']:.2f} s, p95 {told['age_p95']:.2f} s")
    for name in ("browser", "heap", "wall"):
        click.echo(f"memory of {name:8} {told['memory_begin'][name]:8.1f} MB at the beginning,"
                   f" {told['memory_end'][name]:8.1f} at the end")
