"""Let a city live, into Kafka or into a file."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import click
from traci.exceptions import FatalTraCIError, TraCIException

from schemas.errors import CityBrainError
from streams.city.__main__ import name_run
from streams.city.life import City, Plan
from streams.city.outlets import FileOutlet, KafkaOutlet, Outlet
from streams.city.pace import Stopped, hurry, live, stop_on_signals
from streams.settings import read_settings

FILE_SECONDS = 60


@click.command()
@click.option("--rate", type=click.IntRange(1, 4000), help="Events a second (about).")
@click.option("--seed", type=int, help="Seed of everything drawn.")
@click.option("--hour", type=click.FloatRange(0, 24, max_open=True),
              help="Hour of day at which the city starts; the clock's when left out.")
@click.option("--duration", type=click.IntRange(1), metavar="S",
              help=f"Seconds to live; until stopped when left out ({FILE_SECONDS} with --out).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write NDJSON to this file as fast as possible instead of publishing.")
def command(rate: int | None, seed: int | None, hour: float | None, duration: int | None,
            out: Path | None) -> None:
    """Let the living city of central Jinan publish its events.

    The same seed, hour and duration give the same events, apart from start time and run id.
    """
    start = time.time_ns() // 1_000_000
    stop_on_signals()
    try:
        settings = read_settings()
        plan = Plan(settings.home, settings.seed if seed is None else seed,
                    rate or settings.rate, name_run(start), start, hour)
        with closing(City(plan)) as city:
            sent = _live(city, out, duration)
    except Stopped:
        click.echo("stopped", err=True)
        return
    except (CityBrainError, FatalTraCIError, TraCIException, OSError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{sent} events in {city.seconds} s, seed {plan.seed}, run {plan.run}", err=True)


def _live(city: City, out: Path | None, duration: int | None) -> int:
    """Live into the file in a hurry, or into Kafka by the clock; give the events sent."""
    outlet: Outlet = FileOutlet(out) if out else KafkaOutlet()
    with closing(outlet):
        return hurry(city, outlet, duration or FILE_SECONDS) if out else live(
            city, outlet, duration)
