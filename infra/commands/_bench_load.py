"""Put a steady load on our road: `citybrain bench sustained`, `recovery`, and loaded latency."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from infra.bench.start import run_in_home
from infra.commands._bench_parts import show_cores
from schemas.errors import CityBrainError
from streams.settings import read_settings

# shorter, and a lag that rises and falls with batches has a slope of its own beyond the margin
QUICK_SECONDS = 45.0
QUICK_NOTE = "Quick run: not to be quoted."


def kept_path() -> Path:
    """Give the file that keeps the sustained rate last found."""
    return read_settings().home / "bench" / "sustained.json"


def find_rate() -> float:
    """Give the rate kept; raise ClickException where none is."""
    try:
        return float(json.loads(kept_path().read_text(encoding="utf-8"))["rate"])
    except (OSError, ValueError, KeyError) as error:
        raise click.ClickException(
            "no sustained rate is known: run `citybrain bench sustained`, or give --rate"
        ) from error


def run_mode(mode: str, **settings: Any) -> tuple[int, dict[str, Any]]:
    """Run a mode in a city of its own; give its exit code and figures, or exit as it did."""
    try:
        code, said = run_in_home("infra.bench.modes", mode, json.dumps(settings))
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    if not said:
        sys.exit(code or 1)
    return code, json.loads(said[-1])


@click.command()
@click.option("--seconds", type=click.FloatRange(5), default=120.0, show_default=True,
              help="How long each rate is watched.")
@click.option("--start", type=click.FloatRange(100), default=4000.0, show_default=True,
              help="Records a second of the first trial.")
@click.option("--precision", type=click.FloatRange(0.01, 1), default=0.05, show_default=True,
              help="How near the rate is to be found, as a share of it.")
@click.option("--quick", is_flag=True, help=f"Watch for {QUICK_SECONDS:g} s, to within a fifth;"
              " not to be quoted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def sustained(seconds: float, start: float, precision: float, quick: bool, as_json: bool) -> None:
    """Find the highest rate at which the lag of our road does not grow.

    In a city of its own, beside none that runs. Ctrl-C stops and deletes it.
    """
    seconds, precision = (QUICK_SECONDS, 0.2) if quick else (seconds, precision)
    code, found = run_mode("sustained", seconds=seconds, settle_seconds=min(20.0, seconds / 2),
                           rates=[start], precision=precision)
    found["quotable"] = not quick
    kept_path().write_text(json.dumps(found, indent=1), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(found))
        sys.exit(code)
    if quick:
        click.echo(QUICK_NOTE)
    best = found["best"]
    click.echo(f"{found['rate']:,.0f} records a second, of {len(found['trials'])} trials; lag"
               f" {best['lag_mean']:,.0f} on average, {best['lag_most']:,} at most")
    show_cores(best["cores"], best["memory"])
    click.echo(f"  CPU µs a record: {sum(best['cpu_microseconds'].values()):.0f}; the driver used"
               f" {best['driver_cores'] * 100:.0f} % of a core beside")
    if found["driver_limited"]:
        click.echo("  in some trial the driver itself was too slow")
    sys.exit(code)


def loaded_latency(rates: list[float], seconds: float, every: float, as_json: bool) -> None:
    """Measure event to visible under each load, and print it; exit 1 where markers were lost."""
    _, found = run_mode("latency", seconds=seconds, settle_seconds=min(20.0, seconds / 2),
                        rates=rates, every=every)
    if as_json:
        click.echo(json.dumps(found))
    else:
        for one in found["rates"]:
            row = "  ".join(f"{name} {'–' if value is None else f'{value:.2f} s'}"
                            for name, value in one["event_to_visible"].items())
            click.echo(f"{one['rate']:,.0f} records/s ({one['sent_rate']:,.0f} sent, lag grows by"
                       f" {one['lag_growth']:,.0f}/s): {one['visible']} of {one['markers']}"
                       f" markers visible\n  event to visible  {row}")
            show_cores(one["cores"], one["memory"])
    sys.exit(0 if all(one["visible"] == one["markers"] for one in found["rates"]) else 1)


@click.command()
@click.option("--rate", type=click.FloatRange(10), help="Records a second"
              " [default: half the sustained rate last found].")
@click.option("--seconds", type=click.FloatRange(20), default=180.0, show_default=True,
              help="How long the load goes on after the blow.")
@click.option("--before", type=click.FloatRange(5), default=30.0, show_default=True,
              help="Seconds in which the usual lag is taken.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def recovery(rate: float | None, seconds: float, before: float, as_json: bool) -> None:
    """Kill the TaskManager under load; time the lag's return, and check the final table.

    In a city of its own, beside none that runs. Ctrl-C stops and deletes it.
    """
    code, found = run_mode("recovery", seconds=seconds, settle_seconds=min(20.0, before),
                           before_seconds=before, rates=[rate or find_rate() / 2])
    if as_json:
        click.echo(json.dumps(found))
        sys.exit(code)
    back = found["back_seconds"]
    click.echo(f"{found['rate']:,.0f} records/s, TaskManager killed: lag back "
               + ("never" if back is None else f"after {back:.0f} s")
               + f" ({found['lag_before']:,} at most before, {found['lag_most']:,} after)")
    click.echo(f"table of {found['events']:,} records: "
               + ("; ".join(found["failures"]) or "right, row by row"))
    sys.exit(code)
