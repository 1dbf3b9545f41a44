"""Drill the city by striking its components: many blows, or hours with one now and then."""

from __future__ import annotations

from typing import Any

import click

from infra.commands._drilling import end, report, telling
from infra.drills import kills, soak
from infra.drills.blows import Way
from infra.drills.progress import find
from infra.processes import choose


@click.command("kills")
@click.option("--rounds", type=click.IntRange(1, 1000), default=1, show_default=True,
              help="How often each component is killed.")
@click.option("--only", default="", metavar="NAMES",
              help="Strike these components only, comma-separated.")
@click.option("--seed", type=int, default=2019, show_default=True, help="Seed of the order.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted drill stopped.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def kills_command(rounds: int, only: str, seed: int, resume: bool, as_json: bool) -> None:
    """Kill each component with signal 9 in random order; some in pairs, paused, or cut off.

    Events are published by Kafka and HTTP all the while. Each component must come back by itself;
    each acknowledged event must be in the store once and counted once, and the ledger of every
    minute must come to rest with residual 0. Exit code 1 when not. Ctrl-C stops it after which
    --resume goes on.
    """
    with telling():
        state = find(kills.NAME, kills.Kills) if resume else kills.begin(
            choose(only), rounds, seed)
        if state is None:
            raise click.ClickException("there is no drill to resume: start one without --resume")
        interrupted = False
        try:
            kills.Drill(state, choose(only), report).run()
        except KeyboardInterrupt:
            interrupted = True
    told = kills.tell(state)
    if interrupted:
        click.echo("interrupted; go on by `citybrain drill kills --resume`", err=True)
    end(told, as_json, _lines(told), told["failures"], code=130 if interrupted else 0)


def _lines(told: dict[str, Any]) -> list[str]:
    """Lay the figures out: each component, how often it was struck how, and the longest wait."""
    ways = [str(way) for way in Way]
    lines = [f"{'component':14}" + "".join(f"{way:>17}" for way in ways) + f"{'slowest':>10}"]
    lines += [f"{name:14}" + "".join(f"{times.get(way, 0):17}" for way in ways)
              + f"{told['slowest'][name]:8.1f} s" for name, times in sorted(told["struck"].items())]
    if str(Way.CUT) not in told["ways"]:
        lines.append("nothing was cut off: `ss -K` is missing here, or the right to it")
    sent = ", ".join(f"{number:,} by {door}" for door, number in told["acknowledged"].items())
    return [*lines, f"{told['blows']} of {told['planned']} blows; acknowledged {sent};"
            f" {told['topic_minutes']} topic minutes"]


@click.command("soak")
@click.option("--minutes", type=click.FloatRange(min=1), default=120, show_default=True,
              help="How long to watch.")
@click.option("--every", type=click.FloatRange(min=1), default=5, show_default=True,
              help="Minutes from one kill to the next.")
@click.option("--seed", type=int, default=2019, show_default=True, help="Seed of the order.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted drill stopped.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def soak_command(minutes: float, every: float, seed: int, resume: bool, as_json: bool) -> None:
    """Let the city live for hours, and kill a component every few minutes.

    Every minute at rest must have residual 0 in the ledger, the wall must answer, and the memory of
    processes that live long must stay flat. Exit code 1 when not. Ctrl-C stops it after which
    --resume goes on.
    """
    with telling():
        state = find(soak.NAME, soak.Soak) if resume else soak.Soak(seed, minutes, every)
        if state is None:
            raise click.ClickException("there is no drill to resume: start one without --resume")
        interrupted = False
        try:
            soak.Drill(state, report).run()
        except KeyboardInterrupt:
            interrupted = True
            click.echo("interrupted; go on by `citybrain drill soak --resume`", err=True)
    told = soak.tell(state)
    lines = [f"{told['minutes']} minutes, {told['strikes']} kills; the wall was silent"
             f" {told['wall_silent']} of {told['wall_asked']} times; the store at most"
             f" {told['oldest_seconds']:.1f} s old",
             f"{'component':14}{'MiB':>8}{'MiB an hour':>14}",
             *(f"{name:14}{one['size']:8}{one['growth_an_hour']:14.1f}"
               for name, one in sorted(told["memory_mib"].items()))]
    end(told, as_json, lines, told["failures"], code=130 if interrupted else 0)


COMMANDS: tuple[click.Command, ...] = (kills_command, soak_command)
