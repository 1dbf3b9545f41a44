"""Measure the running city."""

from __future__ import annotations

import json
import sys

import click

from infra.bench.latency import measure
from infra.commands import _bench_feed


@click.group()
def command() -> None:
    """Measure the running city."""


@command.command()
@click.option("--seconds", type=float, default=60.0, show_default=True, help="How long to send.")
@click.option("--every", type=float, default=0.2, show_default=True,
              help="Seconds between markers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def latency(seconds: float, every: float, as_json: bool) -> None:
    """Measure event to visible, and event to counted in its window, in ClickHouse."""
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
