"""Measure a page in the city that the environment names: `python -m infra.bench.pages`.

`citybrain bench console` and `wall` start it so, in a home of its own. The store and the page run,
and nothing else: no broker, so that what a login leaves in the audit trail waits in that home.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from typing import Any

import click
import psutil

from infra.bench import network, visits, watching
from infra.bench.inside import hear_endings, no_traceback, tell
from infra.bench.renewal import Renewal
from infra.bench.stocked import fill, standing_store
from infra.launch import run_alone
from infra.processes import choose

# of each table that the tiles read
WALL_ROWS = 20_000


def measure_console(number: int, rows: int, times: int) -> dict[str, Any]:
    """Stock the store, start the console and visit its pages; give what is told of each."""
    with standing_store() as store:
        fill(store, number, rows)
        kept = store.query("SELECT count() AS n FROM store.grid_case_last FINAL")[0]["n"]
        with run_alone(choose("console")[0]):
            found = visits.visit(times, tell)
    return {"cases": kept, "rows": rows, "goal": visits.GOAL_SECONDS,
            "pages": {name: one.to_json() for name, one in found.items()}}


def measure_wall(segments: int, minutes: float) -> dict[str, Any]:
    """Stock the store, renew its segments, and watch the wall; give what is told of it."""
    os.environ[network.SEGMENTS] = str(segments)
    own = choose("wall")[0]
    command = tuple(network.__name__ if one == "streamlit" else one for one in own.command)
    with standing_store() as store:
        fill(store, WALL_ROWS, WALL_ROWS)
        with Renewal(segments) as renewal, run_alone(replace(own, command=command)) as wall:
            found = watching.watch(psutil.Process(wall.pid), renewal, minutes, tell)
    return {"segments": segments, "minutes": minutes, **found}


@click.group()
def main() -> None:
    """Measure a page; print JSON."""


@main.command()
@click.option("--cases", "number", type=int, required=True)
@click.option("--rows", type=int, required=True)
@click.option("--visits", "times", type=int, required=True)
def console(number: int, rows: int, times: int) -> None:
    """Measure the console."""
    with no_traceback():
        click.echo(json.dumps(measure_console(number, rows, times)))


@main.command()
@click.option("--segments", type=int, required=True)
@click.option("--minutes", type=float, required=True)
def wall(segments: int, minutes: float) -> None:
    """Measure the wall."""
    with no_traceback():
        click.echo(json.dumps(measure_wall(segments, minutes)))


if __name__ == "__main__":
    hear_endings()
    main()
