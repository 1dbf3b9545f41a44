"""Run a recovery, a trial, and markers under load, in small, in the city that is given.

`python -m tests.infra.bench.each_mode` starts it in a city of the benchmark's own, and prints what
was found as JSON; with `inside` it is what runs there.
"""

from __future__ import annotations

import sys

import click
import msgspec

from infra.bench import loaded, recovery, sustained
from infra.bench.inside import hear_endings, no_traceback, tell
from infra.bench.road import standing
from infra.bench.start import run_in_home

RATE = 300.0
SECONDS = 8.0


def main() -> None:
    """Measure each mode on one road."""
    hear_endings()
    with no_traceback(), standing(tell) as road:
        # first: its table is compared whole, so nothing may have been sent before
        recovered = recovery.measure(road, RATE, SECONDS, 1.0, 25.0)
        trial = sustained.to_row(sustained.try_rate(road, RATE, SECONDS, SECONDS / 2))
        latency = loaded.measure_one(road, RATE, SECONDS, 1.0, 0.1)
        found = {"recovery": recovered, "trial": trial, "latency": latency}
    click.echo(msgspec.json.encode(found))


if __name__ == "__main__":
    if sys.argv[1:] == ["inside"]:
        main()
    else:
        code, said = run_in_home("tests.infra.bench.each_mode", "inside")
        click.echo("\n".join(said))
        sys.exit(code)
