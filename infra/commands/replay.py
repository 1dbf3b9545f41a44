"""Send a recording through the door of a real publisher, and settle it."""

from __future__ import annotations

import json
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn

from schemas.errors import ComponentError
from schemas.render.kafka import raw_topic
from streams.mapping.declare import MapFile
from streams.mapping.read import find_map, read_map
from streams.publisher import Publisher
from streams.publishers import Registration, register
from streams.rehearsal import open_areas, rehearse
from streams.replay import MAX_SPEED, Recording, Sent, closing_line, send, shift_to_now
from streams.settlement import Settlement, read_offsets
from streams.store import Store


class Speed(click.ParamType):
    """Read a factor of the recorded pace, or max."""

    name = "N|max"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None
                ) -> float:
        """Convert the text of the option."""
        if isinstance(value, float):
            return value
        try:
            speed = MAX_SPEED if value == "max" else float(value)
        except ValueError:
            self.fail(f"{value!r} is neither a number nor max", param, ctx)
        if not speed > 0:
            self.fail(f"{value} must be above 0", param, ctx)
        return speed


def _bar() -> Progress:
    """Open the progress bar, on the terminal's error stream."""
    return Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(),
                    TaskProgressColumn(), TextColumn("{task.fields[count]}"),
                    console=Console(stderr=True))


def _outcome(sent: Sent, counts: dict[str, Any], run: str, declared: MapFile) -> dict[str, Any]:
    """Lay out what the closing line tells."""
    in_flight = counts.get("in_flight", 0)
    judged = counts["accepted"] + counts["refused"] + counts["duplicates"]
    return {
        "run": run, "publisher": declared.publisher, "family": declared.family,
        "rows": sent.rows, "events": sent.events, "unmapped": sent.unmapped,
        "skipped": dict(sent.skipped), **counts, "in_flight": in_flight,
        "balanced": judged == sent.events and in_flight == 0, "expected": declared.expect,
        "interrupted": sent.interrupted}


def replay(recording: Recording, declared: MapFile, *, run: str, speed: float, shift: bool,
           timeout: float) -> dict[str, Any]:
    """Register the publisher, send the recording and settle it against the gate's counts."""
    register(Registration(declared.publisher, declared.title_en, declared.title_zh,
                          declared.datum, [declared.family], replay=True))
    topic = raw_topic(declared.publisher, recording.mapper.family).name
    start = read_offsets(declared.publisher, topic)
    with _bar() as bar:
        task = bar.add_task("waiting for the gate", total=None, count="")
        settlement = Settlement(Store("reader"), topic, start, timeout)
        if shift:
            bar.update(task, description="reading the file's times")
            shift_to_now(recording, speed, time.time_ns() // 1_000_000)
        bar.update(task, description="sending", total=1.0)
        with Publisher(declared.publisher, verify=False) as publisher:
            sent = send(recording, publisher, run=run, speed=speed, live=shift and speed == 1,
                        progress=lambda n, share:
                        bar.update(task, completed=share, count=f"{n:,} events"))
        ends = {part: high for part, (_, high) in read_offsets(declared.publisher, topic).items()}
        bar.update(task, description="settling", total=sent.events, completed=0)
        settled = settlement.settle(ends, lambda left: bar.update(
            task, completed=max(0, sent.events - left), count=f"{left:,} in flight"), timeout)
    appended = sum(end - start.get(part, (0, 0))[1] for part, end in ends.items())
    if appended != sent.events:
        raise ComponentError(
            f"{appended:,} records were appended to {topic} while {sent.events:,} were sent:"
            " somebody else published as this publisher, so the counts cannot be told apart")
    counts = {"accepted": settled.accepted, "refused": settled.refused + settled.late,
              "duplicates": settled.duplicates, "in_flight": settled.in_flight,
              "reasons": settled.reasons}
    return _outcome(sent, counts, run, declared)


def _examples(row: dict[str, Any]) -> str:
    """Show the first lines of a dry run that were refused for one reason."""
    told = "; ".join(f"line {one['line']:,}: {one['value'] or 'nothing'}"
                     for one in row.get("first", []))
    return f", as {told} ({row['first'][0]['detail']})" if told else ""


def _tell_rehearsal(outcome: dict[str, Any]) -> None:
    """Print what only a dry run knows."""
    if outcome["duplicate_lines"]:
        lines = ", ".join(f"{line:,}" for line in outcome["duplicate_lines"])
        click.echo(f"  duplicates: an id that an earlier event had, first in lines {lines}")
    if outcome["first_at"]:
        click.echo(f"  observed from {outcome['first_at']} to {outcome['last_at']}")
    if outcome["points"] and outcome["in_city"] is None:
        click.echo(f"  {outcome['points']:,} have a position; where they lie is not known without"
                   " the area tree: citybrain areas build")
    elif outcome["points"]:
        click.echo(f"  {outcome['points']:,} have a position,"
                   f" {100 * outcome['in_city'] / outcome['points']:.1f} % of them inside the"
                   f" configured city ({outcome['city']})")
    click.echo(f"  nothing was sent; {outcome['rows_per_second']:,} rows/s")


def _tell(outcome: dict[str, Any]) -> None:
    """Print the closing lines."""
    click.echo(closing_line(outcome))
    for row in outcome["reasons"]:
        click.echo(f"  refused {row['events']:,}: {row['reason']} ({row['field']})"
                   + _examples(row))
    for why, count in outcome["skipped"].items():
        click.echo(f"  no event {count:,}: {why}")
    if outcome["expected"]:
        click.echo(f"  expected: {outcome['expected']}")


@click.command("replay")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--map", "map_name", required=True, metavar="MAP",
              help="Mapping file, or the name of one that comes along.")
@click.option("--speed", type=Speed(), default="1", show_default=True,
              help="Factor of the recorded pace; max: as fast as it goes.")
@click.option("--shift-to-now", "shift", is_flag=True,
              help="Shift all times so that the last event is observed when it is sent;"
                   " the run's id is added to the events' ids.")
@click.option("--limit", type=click.IntRange(min=0), default=0,
              help="Send (or check) this many events only.")
@click.option("--dry-run", is_flag=True,
              help="Map and check as the gate would, times as they stand in the file, and send"
                   " nothing; needs no broker.")
@click.option("--run-id", default="", metavar="ID", help="Name the run (default: a new one).")
@click.option("--timeout", default=60.0, show_default=True,
              help="Seconds without progress of the gate after which the rest is in flight.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(file: Path, map_name: str, speed: float, shift: bool, limit: int, dry_run: bool,
            run_id: str, timeout: float, as_json: bool) -> None:
    """Send the rows of FILE as events, as a mapping file says; account for every one.

    FILE is CSV, NDJSON, GeoJSON or Parquet. `citybrain map guess FILE --family F --out MAP.toml`
    proposes a mapping file; `citybrain replay FILE --map MAP.toml --dry-run` then shows, without a
    broker, how many events the gate would accept and which lines it would refuse and why, which
    repeat an id, which span of time they cover and how many lie inside the configured city.
    """
    run = run_id or uuid.uuid4().hex[:12]
    declared = read_map(find_map(map_name))
    recording = Recording(file, declared, run=run, limit=limit)
    if dry_run:
        with _bar() as bar:
            task = bar.add_task("mapping", total=1.0, count="")
            outcome = _outcome(*rehearse(
                recording, lambda n, share: bar.update(
                    task, completed=share, count=f"{n:,} events"), open_areas()), run, declared)
    else:
        outcome = replay(recording, declared, run=run, speed=speed, shift=shift, timeout=timeout)
    if as_json:
        click.echo(json.dumps(outcome, ensure_ascii=False))
    else:
        _tell(outcome)
        if dry_run:
            _tell_rehearsal(outcome)
    if outcome["interrupted"]:
        sys.exit(130)
    if not outcome["balanced"]:
        raise click.ClickException("the events do not add up; see: citybrain dead-letters list")
