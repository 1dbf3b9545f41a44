"""What was refused, and why; take it to its original, repair it, send it again."""

from __future__ import annotations

import datetime as dt
import json
import sys
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from confluent_kafka import KafkaException

from infra.audit import audited
from infra.progress import open_bar
from schemas.errors import CityBrainError
from streams.letters import files
from streams.letters.judge import Judge
from streams.letters.letter import Letter, read_letters
from streams.letters.originals import Originals
from streams.letters.repairs import KINDS, Repair, parse
from streams.letters.resend import Outcome, may_replay, resend
from streams.queries.letters import Asked, count_letters, find_letter
from streams.store import connect

FOREVER = dt.datetime(2200, 1, 1, tzinfo=dt.UTC)
MOMENT = click.DateTime(["%Y-%m-%dT%H:%M%z", "%Y-%m-%dT%H:%M:%S%z"])
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@contextmanager
def _telling() -> Iterator[None]:
    """End in one clear line where the platform cannot do what is asked."""
    try:
        yield
    except (CityBrainError, KafkaException) as error:
        raise click.ClickException(str(error)) from error


def _filters(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters by reason, publisher, family and time."""
    options = [
        click.option("--reason", default="", help="Only this reason code."),
        click.option("--publisher", default="", help="Only this publishing system."),
        click.option("--family", default="", help="Only this event family."),
        click.option("--hours", type=float, default=24.0, show_default=True,
                     help="How far to look back, where --since says nothing."),
        click.option("--since", type=MOMENT, help="Only what was received from then on."),
        click.option("--until", type=MOMENT, help="Only what was received before."),
    ]
    for option in reversed(options):
        function = option(function)
    return function


def _asked(hours: float, since: dt.datetime | None, until: dt.datetime | None, **equals: str
           ) -> Asked:
    """Lay out which letters are asked for."""
    begun = dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)
    return Asked(since or begun, until or FOREVER, **equals)


@click.group()
def command() -> None:
    """Look at refused events, take them to their originals, repair them and send them again."""


@command.command("list")
@_filters
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(limit: int, as_json: bool, **filters: Any) -> None:
    """Count dead letters by publisher, family, reason and field, with the newest example."""
    with _telling(), closing(connect("reader")) as store:
        rows = count_letters(store, _asked(**filters), limit)
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo(f"{row['letters']:8}  {row['source']:20} {row['family']:20} {row['reason']:18} "
                   f"{row['field']}={row['value']}  ({row['detail']})  newest {row['original']}")
    span = f"{filters['hours']:g} h" if not filters["since"] else f"since {filters['since']}"
    click.echo(f"{sum(row['letters'] for row in rows)} dead letters in {span}")


@command.command()
@click.argument("original", metavar="TOPIC/PARTITION/OFFSET")
@click.option("--original", "with_original", is_flag=True,
              help="Print the original, too: key, headers and body as they were published.")
def show(original: str, with_original: bool) -> None:
    """Show one dead letter by the coordinates of its original in the raw topic."""
    topic, _, rest = original.partition("/")
    partition, _, offset = rest.partition("/")
    if not (partition.isdigit() and offset.isdigit()):
        raise click.BadParameter(f"{original!r} is not TOPIC/PARTITION/OFFSET")
    with _telling(), closing(connect("reader")) as store:
        row = find_letter(store, topic, int(partition), int(offset))
    if row is None:
        raise click.ClickException(f"no dead letter points to {original}")
    if with_original:
        with _telling(), audited("dead-letters.show", original), closing(Originals()) as originals:
            [letter] = originals.fill([Letter(topic, int(partition), int(offset), 0)])
        row["original"] = {"gone": letter.gone} if letter.gone else msgspec.to_builtins(
            {"key": letter.key, "headers": letter.headers, "body": letter.body})
    click.echo(json.dumps(row, ensure_ascii=False, indent=2, default=str))


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_filters
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def export(file: Path, as_json: bool, **filters: Any) -> None:
    """Write dead letters with their originals to FILE, one a line (JSON), for you only.

    The file holds what the publisher sent, personal data included. Where retention has deleted an
    original, its line says so.
    """
    told = {name: str(value) for name, value in filters.items() if value}
    with (_telling(), audited("dead-letters.export", str(file), **told) as detail,
          closing(connect("reader")) as store, open_bar() as bar):
        task = bar.add_task("exporting", total=None, count="")
        found = files.export(store, _asked(**filters), file, lambda number: bar.update(
            task, count=f"{number:,} letters"))
        detail |= {"letters": found.letters, "gone": dict(found.gone)}
    if as_json:
        click.echo(json.dumps({"letters": found.letters, "gone": dict(found.gone)}))
        return
    there = found.letters - found.gone.total()
    click.echo(f"{there:,} dead letters with their originals in {file}")
    _tell_counts("without its original", found.gone)


def _tell_counts(what: str, counts: Counter[str]) -> None:
    """Print a line for each reason."""
    for why, number in counts.most_common():
        click.echo(f"  {what} {number:,}: {why}")


def _steps(given: dict[str, Any]) -> list[Repair]:
    """Read the steps of a repair from the options."""
    texts = {name.replace("_", "-"): value for name, value in given.items()}
    return [parse(kind, text) for kind in KINDS for text in texts[kind]]


@command.command()
@click.argument("file", type=FILE)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
              help="Write the repaired dead letters here.")
@click.option("--drop", multiple=True, metavar="FIELD", help="Leave a field out.")
@click.option("--rename", multiple=True, metavar="A=B", help="Give the value of A to B.")
@click.option("--map-value", multiple=True, metavar="FIELD:OLD=NEW",
              help="Give FIELD the value NEW where it has OLD.")
@click.option("--set", multiple=True, metavar="FIELD=VALUE", help="Give FIELD a value.")
@click.option("--shift-time", multiple=True, metavar="SECONDS",
              help="Shift every moment of the event, as +28800 or -28800.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def repair(file: Path, out: Path, as_json: bool, **given: Any) -> None:
    """Repair the dead letters of FILE, and say how many the gate would accept now.

    Steps work in the order of the options above, always on the original: the same repair given
    again changes nothing. `ce_time` names the header of that name.
    """
    with _telling():
        steps = _steps(given)
        with audited("dead-letters.repair", str(file), out=str(out),
                     steps=[str(one) for one in steps]) as detail, open_bar() as bar:
            task = bar.add_task("repairing", total=None, count="")
            found = files.repair_file(file, steps, out, Judge(may_replay(), "rehearsal"),
                                      lambda number: bar.update(task, count=f"{number:,} letters"))
            detail |= {"letters": found.letters, "accepted": found.accepted}
    if as_json:
        click.echo(json.dumps({**{name: getattr(found, name) for name in (
            "letters", "accepted", "closed", "duplicates")}, "refused": dict(found.refused),
            "unrepaired": dict(found.unrepaired)}))
        return
    click.echo(f"{found.letters:,} dead letters in {out}: now accepted {found.accepted:,},"
               f" duplicates {found.duplicates:,}, refused {found.refused.total():,}")
    _tell_counts("refused", found.refused)
    _tell_counts("not repaired", found.unrepaired)
    _tell_closed(found.closed)


def _tell_closed(number: int) -> None:
    """Say what becomes of events whose windows are closed."""
    if number:
        click.echo(f"  {number:,} are more than an hour old: kept as events, in no window's result")


@command.command()
@click.argument("file", type=FILE)
@click.option("--timeout", default=60.0, show_default=True,
              help="Seconds without progress of the gate after which the rest is in flight.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(file: Path, timeout: float, as_json: bool) -> None:
    """Send the dead letters of FILE, repaired or not, to their raw topics again.

    Each is counted once, however often this is done. What the gate would refuse is not sent;
    neither is what is late, unless its publisher is registered to replay.
    """
    run = uuid.uuid4().hex[:12]
    with (_telling(), audited("dead-letters.replay", str(file), run=run) as detail,
          closing(connect("reader")) as store, open_bar() as bar):
        total = sum(1 for _ in read_letters(file))
        task = bar.add_task("sending", total=total, count="")
        outcome = resend(file, store, run=run, seconds=timeout, progress=lambda done, text:
                         bar.update(task, completed=done, count=text))
        told = _outcome(outcome, run)
        detail |= {name: told[name] for name in ("sent", "accepted", "refused", "duplicates")}
    if as_json:
        click.echo(json.dumps(told))
    else:
        _tell(outcome)
    if outcome.interrupted:
        sys.exit(130)
    if outcome.settled.in_flight:
        raise click.ClickException(f"{outcome.settled.in_flight:,} events have left no trace yet;"
                                   " is the job running? See: citybrain job status")


def _outcome(outcome: Outcome, run: str) -> dict[str, Any]:
    """Lay out what the closing line tells."""
    settled = outcome.settled
    return {"run": run, "letters": outcome.letters, **{name: getattr(settled, name) for name in (
        "sent", "accepted", "refused", "duplicates", "in_flight")},
        "closed": outcome.closed, "unsent": dict(outcome.unsent), "reasons": [
            {"reason": reason, "field": field, "events": events}
            for (reason, field), events in settled.reasons.most_common()],
        "interrupted": outcome.interrupted}


def _tell(outcome: Outcome) -> None:
    """Print the closing lines."""
    settled = outcome.settled
    click.echo(f"dead letters {outcome.letters:,}; sent {settled.sent:,} ="
               f" accepted {settled.accepted:,} + refused {settled.refused:,}"
               f" + duplicates {settled.duplicates:,}"
               + (f" + in flight {settled.in_flight:,}" if settled.in_flight else ""))
    for (reason, field), number in settled.reasons.most_common():
        click.echo(f"  refused {number:,}: {reason} ({field})")
    _tell_counts("not sent", outcome.unsent)
    _tell_closed(outcome.closed)
