"""Drill the city with input that it must withstand: bad records, disorder, garbage over HTTP."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from infra.commands._drilling import end, report, telling
from infra.drills import bad_input, disorder, http, shuffle
from infra.drills.progress import BadInput, find
from infra.drills.stage import own_publishers
from streams import tokens
from streams.clock import now_ms
from streams.publishers import Registration

HTTP_PUBLISHER = "drill-http"


@click.command("bad-input")
@click.option("--events", type=click.IntRange(1), default=1_000_000, show_default=True,
              help="How many records to send, one in twenty of them bad.")
@click.option("--seed", type=int, default=2019, show_default=True, help="Seed of the records.")
@click.option("--resume", is_flag=True, help="Go on where an interrupted drill stopped.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def bad_input_command(events: int, seed: int, resume: bool, as_json: bool) -> None:
    """Send bad records among good ones by Kafka, HTTP and the publishers' class.

    Each bad record must be refused with the reason and field that its kind declares, at the door or
    as a dead letter; each good one must be counted exactly once; nothing may crash, and the ledger
    must close. Exit code 1 when not. Ctrl-C stops it after which --resume goes on.
    """
    with telling():
        state = find(bad_input.NAME, BadInput) if resume else BadInput(seed, events, now_ms())
        if state is None:
            raise click.ClickException("there is no drill to resume: start one without --resume")
        try:
            bad_input.Drill(state, report).run()
        except KeyboardInterrupt:
            raise click.ClickException(
                f"interrupted after {state.done:,} of {state.events:,} records; go on by"
                " `citybrain drill bad-input --resume`") from None
    told = bad_input.tell(state)
    lines = [f"sent {told['sent']:,}: good {told['good']:,}, bad {told['bad']:,}",
             f"{'kind':32} {'expected':>9} {'found':>9}",
             *(f"{name:32} {one['expected']:9,} {one['found']:9,}"
               for name, one in sorted(told["kinds"].items())),
             f"good events counted exactly once {told['good_found']:,} of {told['good']:,}",
             f"bad records as declared          {told['bad_found']:,} of {told['bad']:,}",
             f"counted in results               {told['counted_in_results']:,}",
             f"residual {told['residual']}, crashes {len(told['crashes'])}"]
    end(told, as_json, lines, _failures(told))


def _failures(told: dict[str, Any]) -> list[str]:
    """List what failed in a drill with bad input."""
    kinds = [f"{name}: {one['found']} of {one['expected']} as declared"
             for name, one in told["kinds"].items() if one["found"] != one["expected"]]
    return [*told["failures"], *kinds, *(f"crashed: {one}" for one in told["crashes"])]


@click.command("disorder")
@click.option("--events", type=click.IntRange(100, 2_000_000), default=1_000_000,
              show_default=True, help="How many events to send; each takes some 200 bytes here.")
@click.option("--seed", type=int, default=2019, show_default=True, help="Seed of the events.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def disorder_command(events: int, seed: int, as_json: bool) -> None:
    """Send events late, twice, from the future and in no order, and compare the windows.

    Final windows of road-state and area-traffic must equal, cell by cell, what pandas computes from
    the accepted events; a silent publisher and a broken clock may neither block nor poison them.
    Exit code 1 when not.
    """
    with telling():
        found = disorder.Drill(events, seed, report).run()
    fates = found.fates
    total = max(1, sum(fates.values()))
    lines = [f"sent {total:,} events by {len(shuffle.PUBLISHERS)} publishers",
             *(f"{name:10} {number:9,}  {100 * number / total:6.2f} %"
               for name, number in sorted(fates.items())),
             "limits: late after 600 s, refused from 60 s ahead",
             *(f"windows by {key}, equal cell by cell: {number:,}"
               for key, number in found.rows.items()),
             f"status at once: {_words(found.statuses_at_once)}",
             f"status in the end: {_words(found.statuses)}",
             f"the silent publisher was {found.silent_behind_seconds} s behind",
             f"residual {found.residual}"]
    end(asdict(found), as_json, lines, found.failures)


def _words(counts: dict[str, int]) -> str:
    """Show counts by name in one line."""
    return ", ".join(f"{name} {number:,}" for name, number in sorted(counts.items())) or "nothing"


@click.command("http")
@click.option("--requests", type=click.IntRange(2), default=100_000, show_default=True,
              help="How many requests to send to feeds and intake together.")
@click.option("--seed", type=int, default=2019, show_default=True, help="Seed of the requests.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def http_command(requests: int, seed: int, as_json: bool) -> None:
    """Fuzz every address of feeds and intake, among clients that are slow or stall.

    No answer may be a 5xx but a 503 that OpenAPI declares, stalled clients must be let go, and
    memory must stay bounded. Exit code 1 when not. The property tests from the OpenAPI documents
    (Schemathesis) belong to the tests: make test, or pytest tests/infra/drills/test_http.py.
    """
    one = Registration(HTTP_PUBLISHER, "Drill: HTTP", "演练：HTTP", quota_events=0,
                       families=["parking-occupancy"])
    with telling(), own_publishers(one):
        services = http.run(tokens.issue(one.name), requests, seed, report)
    told = http.tell(services)
    lines = []
    for name, found in told.items():
        lines += [f"{name}: {found['requests']:,} requests at {found['addresses']} addresses",
                  f"  answers  {_words(found['statuses'])}",
                  f"  memory   {_words(found['memory_mib'])} MiB",
                  f"  stalled  {_words(found['stalled'])}"]
    end(told, as_json, lines, [one for found in told.values() for one in found["failures"]])


COMMANDS: tuple[click.Command, ...] = (bad_input_command, disorder_command, http_command)
