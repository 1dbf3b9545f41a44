"""Measure the running city, and our road in a city of the benchmark's own."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from infra.bench.cost import measure as measure_cost
from infra.bench.latency import measure
from infra.bench.page import PAGE as SIZING_PAGE
from infra.bench.page import render as render_sizing
from infra.commands import (
    _bench_drain,
    _bench_feed,
    _bench_growth,
    _bench_load,
    _bench_ospbench,
    _bench_pages,
    _bench_replay,
)


@click.group()
def command() -> None:
    """Measure the running city, or our road in a city of the benchmark's own."""


@command.command()
@click.option("--seconds", type=float, default=120.0, show_default=True, help="How long to look.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def cost(seconds: float, as_json: bool) -> None:
    """Measure what events cost the running city: processor, topics, store."""
    found = measure_cost(seconds)
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    click.echo(f"{found.events_per_second:,.0f} events a second over {found.seconds:.0f} s")
    for name, cores in sorted(found.cores.items(), key=lambda one: -one[1]):
        click.echo(f"  {name:16} {cores * 100:6.1f} % of a core")
    for kind, size in found.topic_bytes_per_second.items():
        click.echo(f"  topics {kind:9} {found.records_per_second.get(kind, 0):9,.0f} records/s"
                   f" {size / 1024:9,.0f} KiB/s")
    for kind, size in found.bytes_per_row.items():
        click.echo(f"  tables {kind:9} {size:9.0f} bytes a row")


@command.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when the page is not up to date.")
def sizing(check: bool) -> None:
    """Compute what a city, a province and a nation need, and write `infra/sizing.md`."""
    text = render_sizing()
    if check:
        if not SIZING_PAGE.exists() or SIZING_PAGE.read_text(encoding="utf-8") != text:
            raise click.ClickException(f"{SIZING_PAGE} is not up to date: citybrain bench sizing")
        click.echo("infra/sizing.md is up to date")
        return
    SIZING_PAGE.write_text(text, encoding="utf-8")
    click.echo(f"{SIZING_PAGE} written")


@command.command()
@click.option("--seconds", type=float, default=60.0, show_default=True, help="How long to send.")
@click.option("--every", type=float, help="Seconds between markers"
              " [default: 0.2; under load 0.05].")
@click.option("--rate", type=click.FloatRange(10), help="Records a second of load.")
@click.option("--share", help="Load as shares of the sustained rate, comma-separated: 0.5,0.8.")
@click.option("--of", "whole", type=click.FloatRange(10),
              help="Sustained rate [default: as last found by `bench sustained`].")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def latency(seconds: float, every: float | None, rate: float | None, share: str | None,
            whole: float | None, as_json: bool) -> None:
    """Measure event to visible, and event to counted in its window, in ClickHouse.

    In the running city as it is; with --rate or --share event to visible under that load, in a city
    of the benchmark's own.
    """
    if rates := _rates(rate, share, whole):
        _bench_load.loaded_latency(rates, seconds, every or 0.05, as_json)
    _latency_now(seconds, every or 0.2, as_json)


def _rates(rate: float | None, share: str | None, whole: float | None) -> list[float]:
    """Give the loads asked for; raise ClickException where a share is none."""
    if share is None:
        return [rate] if rate else []
    try:
        shares = [float(one) for one in share.split(",")]
    except ValueError as error:
        raise click.ClickException(f"--share {share}: not numbers") from error
    if not all(0 < one <= 1 for one in shares):
        raise click.ClickException(f"--share {share}: not between 0 and 1")
    found = whole or _bench_load.find_rate()
    return [*([rate] if rate else []), *(one * found for one in shares)]


def _latency_now(seconds: float, every: float, as_json: bool) -> None:
    """Measure the running city and print it; exit 1 where markers were lost."""
    click.echo(f"sending a marker every {every:g} s for {seconds:g} s …", err=True)
    found = measure(seconds, every)
    figures = {"markers": len(found.sent), "visible": len(found.visible),
               "counted": len(found.counted), "event_to_visible": found.quantiles(found.visible),
               "event_to_counted": found.quantiles(found.counted)}
    if as_json:
        click.echo(json.dumps(figures))
    else:
        click.echo(f"{figures['markers']} markers: {figures['visible']} visible,"
                   f" {figures['counted']} counted")
        for name in ("event_to_visible", "event_to_counted"):
            row = "  ".join(f"{q} {s:.2f} s" for q, s in found.quantiles(
                found.visible if name.endswith("visible") else found.counted).items())
            click.echo(f"{name.replace('_', ' '):17} {row}")
    if len(found.counted) < len(found.sent):
        sys.exit(1)


command.add_command(_bench_feed.command)
command.add_command(_bench_drain.drain)
command.add_command(_bench_drain.all_)
command.add_command(_bench_replay.command)
command.add_command(_bench_pages.console)
command.add_command(_bench_pages.wall)
command.add_command(_bench_load.sustained)
command.add_command(_bench_load.recovery)
command.add_command(_bench_growth.command)
command.add_command(_bench_ospbench.command)
