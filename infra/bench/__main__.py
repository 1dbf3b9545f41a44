"""Run the side-by-side benchmark in the city that the environment names: `python -m infra.bench`.

`citybrain bench` starts it so, in a home of its own.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from infra.bench.city import broker, draw_places
from infra.bench.contender import Contender, Course
from infra.bench.drain import Drain, Lane
from infra.bench.inside import hear_endings, no_traceback, tell
from infra.bench.ours import Ours
from infra.bench.peer import Login, Peer
from infra.bench.preload import make_part, preload
from infra.bench.report import Report, describe, machine, write
from infra.bench.start import OURS
from infra.bench.stream import Stream
from infra.bench.variation import Variation, read
from streams.clock import now_ms
from streams.settings import read_settings


def _enter(name: str, login: Login) -> Contender:
    """Give a contender, with everything that it needs."""
    if name == OURS:
        return Ours()
    peer = Peer(name, login)
    peer.prepare()
    return peer


def _lane(course: Course, share: float, events: int, seed: int, variation: Variation) -> Lane:
    """Fill a topic with the stream, or with a shorter one for those who are slow."""
    chosen = course if share == 1 else make_part(course, share)
    stream = Stream(events, seed, now_ms(), draw_places(course), variation.vehicles,
                    variation.disorder_ms)
    return Lane(chosen, preload(stream, chosen, tell), events)


@click.command()
@click.option("--events", type=int, required=True)
@click.option("--seed", type=int, required=True)
@click.option("--runs", type=int, required=True)
@click.option("--names", required=True)
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--variation", "varied", default="{}")
@click.option("--quick", is_flag=True)
def main(events: int, seed: int, runs: int, names: str, out: Path, varied: str,
         quick: bool) -> None:
    """Preload, drain by each contender in turn, and write the report; print its paths."""
    settings = {"events": events, "seed": seed, "runs": runs, "quick": quick}
    variation = read(varied)
    with no_traceback(), broker(tell, variation) as (course, login):
        contenders = [_enter(name, login) for name in names.split(",")]
        lanes = {share: _lane(course, share, int(events * share), seed, variation)
                 for share in sorted({one.share for one in contenders})}
        found = Drain(lanes, tell).run(contenders, runs)
        if any(run.failures for run in found):
            kept = shutil.copytree(read_settings().home / "logs", out / f"logs-{now_ms()}")
            tell(f"a contender was wrong; what all of them logged is in {kept}")
    for path in write(Report(settings, [describe(one) for one in contenders], found, machine()),
                      out):
        click.echo(str(path))
    sys.exit(1 if any(run.failures for run in found) else 0)


if __name__ == "__main__":
    hear_endings()
    main()
