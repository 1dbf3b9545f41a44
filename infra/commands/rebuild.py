"""Refill tables of the store from their topics, and prove that they held the same."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click
from rich.progress import Progress

from infra.audit import audited
from infra.progress import open_bar
from schemas.errors import CityBrainError
from streams.digest import Source, list_sources
from streams.rebuild import Rebuilt, alone, rebuild
from streams.store import Store, connect


def _choose(tables: tuple[str, ...]) -> list[Source]:
    """Choose tables by name, all when none is named."""
    known = list_sources()
    names = [name.replace("-", "_") for name in tables] or list(known)
    if unknown := [name for name in names if name not in known]:
        raise click.ClickException(f"no topic fills a table {', '.join(unknown)}; there are"
                                   f" {', '.join(sorted(known))}")
    return [known[name] for name in dict.fromkeys(names)]


@click.command("rebuild")
@click.argument("tables", nargs=-1, metavar="[TABLE]...")
@click.option("--replace", "replace_rows", is_flag=True,
              help="The topics are right wherever a table differs: replace its rows, and succeed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(tables: tuple[str, ...], replace_rows: bool, as_json: bool) -> None:
    """Refill each TABLE (all, when none is named) from its topic while everything goes on.

    Digests of table and topic are compared over the rows whose records the topic still holds; older
    rows are kept. Missing rows are brought back. A table that holds others than its topic is left
    as it is, unless --replace is given. Exit code 1 on any difference.
    """
    chosen = _choose(tables)
    try:
        with (alone(), closing(connect("migrator")) as store, open_bar() as bar):
            done = [_rebuild(one, store, replace_rows, bar) for one in chosen]
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps([asdict(one) for one in done]))
    else:
        for one in done:
            click.echo(_line(one))
    differing = [one.table for one in done if not one.comparison.equal]
    if differing and not replace_rows:
        raise click.ClickException(f"tables and topics differed: {', '.join(differing)}")


def _rebuild(source: Source, store: Store, replace_rows: bool, bar: Progress) -> Rebuilt:
    """Rebuild one table with a progress bar, and record it."""
    task = bar.add_task(source.table, total=1.0, count="")
    with audited("rebuild", source.table, replace=replace_rows) as detail:
        done = rebuild(source, store, lambda what, share: bar.update(
            task, completed=share, count=what), replace_rows=replace_rows)
        detail |= _told(done)
    bar.update(task, completed=1.0, count="done")
    return done


def _told(done: Rebuilt) -> dict[str, Any]:
    """Lay out what the audit trail keeps."""
    return {"exchanged": done.exchanged, "equal": done.comparison.equal, "kept": done.kept,
            "rows": done.comparison.rows_after}


def _line(done: Rebuilt) -> str:
    """Say in one line what became of a table."""
    found = done.comparison
    since = datetime.fromtimestamp(done.since / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if found.equal:
        said = f"equal, {found.rows_after:,} rows, digest {found.after:016x}"
    else:
        said = (f"digests differ, {found.before:016x} before and {found.after:016x} after:"
                f" {found.missing:,} rows missing, {found.changed:,} changed,"
                f" {found.extra:,} that the topic does not give; "
                + ("the topic's rows stand now" if done.exchanged else "left as it was"))
    more = f"; {done.set_aside:,} records fit no column" if done.set_aside else ""
    return (f"{done.table:22} {said} (since {since}); {done.kept:,} rows older than the topic kept"
            f"{more}")
