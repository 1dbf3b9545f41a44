"""Run one measurement under load in the city that the environment names.

`python -m infra.bench.modes MODE SETTINGS`, the latter as JSON; `citybrain bench` starts it so, in
a home of its own. The figures are printed as JSON.
"""

from __future__ import annotations

import sys
from typing import Any

import click
import msgspec

from infra.bench import loaded, recovery, sustained
from infra.bench.inside import hear_endings, no_traceback, tell
from infra.bench.report import machine
from infra.bench.road import Road, standing


class Settings(msgspec.Struct):
    """Hold what the modes want to know: seconds, rates in records a second."""

    seconds: float
    settle_seconds: float
    rates: list[float]
    precision: float = 0.05
    every: float = 0.05
    before_seconds: float = 20.0


def run(mode: str, road: Road, wanted: Settings) -> dict[str, Any]:
    """Measure."""
    if mode == "sustained":
        return sustained.measure(road, wanted.rates[0], wanted.seconds, wanted.settle_seconds,
                                 wanted.precision)
    if mode == "latency":
        return {"rates": loaded.measure(road, wanted.rates, wanted.seconds,
                                        wanted.settle_seconds, wanted.every)}
    return recovery.measure(road, wanted.rates[0], wanted.before_seconds, wanted.settle_seconds,
                            wanted.seconds)


@click.command()
@click.argument("mode", type=click.Choice(["sustained", "latency", "recovery"]))
@click.argument("settings")
def main(mode: str, settings: str) -> None:
    """Measure one mode and print its figures; exit 1 where an answer was wrong."""
    wanted = msgspec.json.decode(settings, type=Settings)
    with no_traceback(), standing(tell) as road:
        found = run(mode, road, wanted)
    click.echo(msgspec.json.encode(found | {"machine": machine()}))
    sys.exit(1 if found.get("failures") else 0)


if __name__ == "__main__":
    hear_endings()
    main()
