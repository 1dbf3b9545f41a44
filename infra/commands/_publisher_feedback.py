"""Print what a publisher is told of its events."""

from __future__ import annotations

import json
from typing import Any

import click
import msgspec

from schemas.errors import CityBrainError
from streams.feedback.report import TOPIC, Report, Window
from streams.kept import read_kept
from streams.rotation import find_publisher


def read_reports(publisher: str) -> list[Report]:
    """Read the newest report on each family of a publisher."""
    records = read_kept("admin", TOPIC)
    found = [msgspec.json.decode(value, type=Report) for _, value in sorted(records.items())]
    return [one for one in found if one.publisher == publisher]


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def feedback(name: str, as_json: bool) -> None:
    """Show what became of the events of NAME, and what in them looks wrong."""
    try:
        reports = read_reports(name)
        if not reports:
            find_publisher(name)
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(reports), ensure_ascii=False))
        return
    for one in reports:
        _tell(one)
    if not reports:
        click.echo(f"{name}: nothing came lately")


def _tell(report: Report) -> None:
    """Print a report as text."""
    click.echo(f"{report.publisher} {report.family}")
    for title, window in (("last minute", report.minute), ("last hour", report.hour)):
        click.echo(f"  {title:12} {_counts(window)}")
    if report.clock.ahead_ms is not None:
        off = report.clock.ahead_ms
        click.echo(f"  {'clock':12} {abs(off):,} ms {'ahead' if off >= 0 else 'behind'} by the"
                   f" smallest delays of {report.clock.keys:,} keys, against"
                   f" {report.clock.against}")
    for found in report.findings:
        click.echo(f"  {found.sure:8} {found.code}: {found.en}")
        _list(found.samples)
    for refused in report.refused:
        click.echo(f"  refused  {refused.reason} in {refused.field or '-'}: {refused.hour:,}")
        _list([f"{one.value} ({one.detail}) at {one.raw_topic}[{one.raw_partition}]"
               f"@{one.raw_offset}" for one in refused.samples])


def _list(samples: list[str]) -> None:
    """Print samples below what they are of."""
    for sample in samples:
        click.echo(f"             {sample}")


def _counts(window: Window) -> str:
    """Write the counts of a window in one line."""
    told: dict[str, Any] = {name: getattr(window, name) for name in
                            ("received", "accepted", "refused", "late", "duplicates")}
    line = ", ".join(f"{number:,} {name}" for name, number in told.items())
    if window.delay is None:
        return line
    return (f"{line}; delay {window.delay.p50:,} ms, of one in twenty {window.delay.p95:,} ms or"
            f" more, at most {window.delay.max:,} ms")
