"""Mapping files: propose one for a file that nobody has described."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from schemas import registry
from schemas.declare import Family
from schemas.errors import MappingError
from streams.mapping.guess.model import Proposal
from streams.mapping.guess.propose import SAMPLE_ROWS, propose
from streams.mapping.guess.write import write_map
from streams.mapping.read import parse_map
from streams.rehearsal import open_areas, rehearse
from streams.replay import Recording


@click.group()
def command() -> None:
    """Propose mapping files, which say how a partner's file becomes events.

    What a mapping file may say stands in streams/mapping/declare.py, examples in streams/maps/.
    """


def _trial(path: Path, text: str, proposal: Proposal) -> dict[str, Any] | None:
    """Judge the first events as proposed; None where something required is lacking."""
    if proposal.lacking or not proposal.rows:
        return None
    recording = Recording(path, parse_map(text), run="guess", limit=proposal.rows)
    sent, counts = rehearse(recording, lambda *_: None, None)
    return {"events": sent.events, **{name: counts[name] for name in (
        "accepted", "refused", "duplicates", "reasons")}}


def _outcome(path: Path, family: Family, proposal: Proposal, text: str,
             trial: dict[str, Any] | None) -> dict[str, Any]:
    """Lay out what --json prints."""
    return {
        "file": str(path), "family": family.name, "publisher": proposal.head["publisher"],
        "sample_rows": proposal.rows, "map": text,
        "unsure": [asdict(doubt) for doubt in proposal.doubts], "notes": proposal.notes,
        "lacking": proposal.lacking, "unused": proposal.unused, "trial": trial}


def _tell(proposal: Proposal, trial: dict[str, Any] | None, out: Path | None) -> None:
    """Print the list of doubts and how the first rows fare; beside a map on standard output, apart.

    With --out this is the output; without it the mapping file is, and this goes to standard error.
    """
    apart = out is None
    for doubt in proposal.doubts:
        click.echo(f"unsure: {doubt}", err=apart)
    for note in proposal.notes:
        click.echo(f"note: {note}", err=apart)
    if proposal.lacking:
        click.echo(f"REQUIRED and found in no column: {', '.join(proposal.lacking)};"
                   " the mapping file does not run until they are filled in", err=apart)
    if trial is not None:
        click.echo(f"first {trial['events']:,} events: {trial['accepted']:,} accepted,"
                   f" {trial['refused']:,} refused, {trial['duplicates']:,} duplicates", err=apart)
        for row in trial["reasons"][:5]:
            first = row["first"][0]
            click.echo(f"  refused {row['events']:,}: {row['reason']} ({row['field']}), as line"
                       f" {first['line']:,}: {first['value'] or 'nothing'}", err=apart)
    if out is not None:
        click.echo(f"{out} is written; read it, then: citybrain replay FILE --map {out} --dry-run")


@command.command("guess")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--family", "family_name", required=True, metavar="FAMILY",
              help="What the rows are: an event family, as vehicle-position or grid-case.")
@click.option("--publisher", default="", metavar="NAME",
              help="Publishing system, lower-case words joined by hyphens (default: from the"
                   " file's name).")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.toml",
              help="Write the mapping file here, never over one that is there (default: print it).")
@click.option("--rows", type=click.IntRange(1, 100_000), default=SAMPLE_ROWS, show_default=True,
              help="How many rows to look at.")
@click.option("--json", "as_json", is_flag=True, help="Print map, doubts and trial as JSON.")
def guess(file: Path, family_name: str, publisher: str, out: Path | None, rows: int,
          as_json: bool) -> None:
    """Propose a mapping file for FILE: CSV, NDJSON, GeoJSON or Parquet.

    Encoding, delimiter, header, formats of time, units, placeholders of missing values and the
    columns of each field are guessed from names (English, Chinese, German) and values of the first
    rows; positions also from whether they lie in the configured city. Whatever is unsure is told,
    with what else it could be, as a comment at its line of the mapping file and in a list. Required
    fields that no column gives are left out and named: nothing is invented.

    \b
    Then, for a new publisher:
      citybrain map guess taxis.csv --family vehicle-position --out taxis.toml
      (read taxis.toml, correct what is marked unsure)
      citybrain replay taxis.csv --map taxis.toml --dry-run
      citybrain replay taxis.csv --map taxis.toml --speed max
    """  # noqa: D301 (click's own mark against wrapping)
    family = registry.get_family(family_name)
    if out is not None and out.exists():
        raise click.ClickException(f"{out} is there already: name another file, or move it away")
    proposal = propose(file, family, publisher=publisher, rows=rows, tree=open_areas())
    text = write_map(proposal, family, file.name)
    # a proposal that cannot be read is a fault of ours, told before anything is written
    parse_map(text)
    trial = _trial(file, text, proposal)
    if out is not None:
        try:
            out.write_text(text, encoding="utf-8")
        except OSError as error:
            raise MappingError(f"{out}: {error.strerror}") from error
    if as_json:
        click.echo(json.dumps(_outcome(file, family, proposal, text, trial), ensure_ascii=False))
        return
    if out is None:
        click.echo(text)
    _tell(proposal, trial, out)
