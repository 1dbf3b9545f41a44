"""Measure the feeds beside a bare ASGI application: `citybrain bench feed`."""

from __future__ import annotations

import json

import click

from infra.bench.start import measure_plainly
from schemas.errors import CityBrainError


@click.command("feed")
@click.option("--path", default="/v1/traffic/roads.geojson", show_default=True,
              help="Feed to ask for.")
@click.option("--seconds", type=click.FloatRange(min=0.5), default=5.0, show_default=True,
              help="How long each run asks.")
@click.option("--runs", type=click.IntRange(1), default=3, show_default=True,
              help="Interleaved runs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(path: str, seconds: float, runs: int, as_json: bool) -> None:
    """Measure answers of a feed, in full and unchanged, beside a bare application's.

    The bare one serves the same bytes on the same server and does nothing else. In a city of its
    own, beside none that runs: store and feeds. Ctrl-C stops and deletes it.
    """
    try:
        told = measure_plainly("infra.bench.feed", "--path", path, "--seconds", str(seconds),
                               "--runs", str(runs))
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(told))
        return
    click.echo(f"{told['path']}: {told['bytes']:,} bytes gzipped, median of {runs} runs")
    click.echo(f"{'':4}{'feed/s':>9}{'bare/s':>9}{'ratio':>7}{'feed µs':>9}{'bare µs':>9}"
               f"{'ratio':>7}")
    for kind in ("200", "304"):  # infra.bench.feed names them, but its import takes 0.25 s
        one = told[kind]
        click.echo(f"{kind:4}{one['feed_per_second']:9,}{one['bare_per_second']:9,}"
                   f"{one['rate_ratio']:7.2f}{one['feed_cpu_us']:9,}{one['bare_cpu_us']:9,}"
                   f"{one['cpu_ratio']:7.2f}")
    click.echo(f"asked for what is unchanged, {told['304']['full']:.1%} of answers came in full,"
               " as the feed had changed")
