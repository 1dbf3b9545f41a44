"""Build the area tree, count its areas, import a city's own, and report what does not fit."""

from __future__ import annotations

import json
import os
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from geo.datum import DATUMS
from geo.divisions import LEVELS
from geo.imported import Imported, imported_file, read_import, read_imported, write_imported
from geo.tree import AreaTree
from infra.audit import audited
from infra.prepare import build_city
from schemas.errors import CityBrainError
from streams.settings import read_settings

SHOWN = 8
RESTART = ("events are located by the former tree until the jobs start anew: citybrain job stop,"
           " then citybrain job start; feeds, wall and console see the new one by themselves")
tell = partial(click.echo, err=True)


@click.group()
def command() -> None:
    """Build, count, import and report the areas of the configured city and the nation."""


def _load() -> AreaTree:
    """Load the tree, or end in one clear line."""
    try:
        return AreaTree.load(read_settings().areas)
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error


def _build() -> bool:
    """Build the tree of the configured city; False when nothing had changed."""
    try:
        return build_city(tell)
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"the area tree was not built: {error}") from error


@command.command()
@click.option("--under", default="", metavar="CODE", help="Only this area and what it holds.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def count(under: str, as_json: bool) -> None:
    """Count the areas of each level.

    Provinces to villages are the codes of the nation; below a county and for cells, those of the
    configured city.
    """
    tree = _load()
    if under and not (under.isdecimal() and under.isascii() and len(under) in LEVELS):
        raise click.ClickException(f"{under!r} is no area code: {_digits()} digits")
    counts = tree.count(under)
    if not any(counts.values()):
        raise click.ClickException(f"no area {under} is known"
                                   + (f" in {tree.city}" if len(under) > 6 else ""))
    if as_json:
        click.echo(json.dumps({"under": under, **counts}))
        return
    table = Table("level", "digits", "areas", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for digits, level in LEVELS.items():
        table.add_row(level, str(digits), f"{counts[level]:,}")
    Console().print(table)
    click.echo(f"{f'in {under} {tree.name(under)}' if under else 'in the nation'};"
               f" cells only of {tree.city} {tree.name(tree.city)}")


def _digits() -> str:
    """List how many digits a code may have."""
    return ", ".join(map(str, LEVELS))


@command.command()
def build() -> None:
    """Build the tree of the configured city, unless nothing has changed since the last time."""
    if _build():
        click.echo(f"built in {read_settings().areas}")
        tell(RESTART)
    else:
        click.echo(f"up to date in {read_settings().areas}")


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--code", default="", metavar="PROPERTY",
              help="Property with the 9 or 12 digits (default: code).")
@click.option("--name", default="", metavar="PROPERTY",
              help="Property with the Chinese name (default: name, if there is one).")
@click.option("--datum", type=click.Choice(DATUMS), default="wgs84", show_default=True,
              help="Datum in which the polygons are drawn.")
def import_(file: Path, code: str, name: str, datum: str) -> None:
    """Take the city's own townships or villages from a FILE, in place of generated ones.

    FILE is GeoJSON or GeoPackage. A county of which anything is given has only what is given:
    villages as they are, townships without villages divided among their codes. An earlier import of
    the same level of a county is replaced. If one area is refused, nothing is imported.
    """
    with audited("areas.import", str(file), datum=datum):
        newer = _import(file, code, name, datum)
    levels = Counter(LEVELS[len(one)] for one in newer.polygons)
    told = ", ".join(f"{number:,} {level}s" for level, number in sorted(levels.items()))
    click.echo(f"imported {told}; {len(newer.repaired):,} repaired")
    tell(RESTART)


def _import(file: Path, code: str, name: str, datum: str) -> Imported:
    """Import a file and build the tree; what was imported before stands again when that fails."""
    settings = read_settings()
    try:
        newer = read_import(file, settings.city[:4], datum, tell, code=code, name=name)
        former = read_imported(settings.areas)
        write_imported(settings.areas, former.merge(newer))
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    try:
        _build()
    except BaseException:
        _restore(settings.areas, former)
        raise
    return newer


def _restore(directory: Path, former: Imported) -> None:
    """Put back what was imported before, so that the tree and its sources agree."""
    if former.polygons:
        write_imported(directory, former)
    else:
        imported_file(directory).unlink(missing_ok=True)


@command.command("discard")
@click.confirmation_option(prompt="Go back to generated townships and villages?")
def discard() -> None:
    """Forget everything imported and build the tree with generated areas."""
    file = imported_file(read_settings().areas)
    if not file.exists():
        raise click.ClickException("nothing was imported")
    kept = file.with_suffix(f".{os.getpid()}")
    with audited("areas.discard", str(file)):
        file.replace(kept)
        try:
            _build()
        except BaseException:
            kept.replace(file)
            raise
        kept.unlink()
    click.echo("forgotten")
    tell(RESTART)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON with every code.")
def report(as_json: bool) -> None:
    """List codes without polygon, polygons without code, repaired, refused and imported ones."""
    found = _load().report
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for name in ("without_polygon", "without_code", "repaired", "imported"):
        click.echo(f"{name.replace('_', ' '):16} {_by_level(found[name])}")
    click.echo(f"{'refused':16} {len(found['refused']) or 'none'}")
    for code, reason in found["refused"].items():
        click.echo(f"  {code}: {reason}")
    click.echo("every code: --json")


def _by_level(codes: list[str]) -> str:
    """Count codes by level, with the first few of each."""
    levels: dict[int, list[Any]] = {}
    for code in codes:
        levels.setdefault(len(code), []).append(code)
    return "; ".join(
        f"{len(some):,} {LEVELS[depth]} ({', '.join(some[:SHOWN])}{' ...' * (len(some) > SHOWN)})"
        for depth, some in sorted(levels.items())) or "none"
