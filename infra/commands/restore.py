"""Bring a backup back into an empty home."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import click

from infra.audit import audited
from infra.backup.restoring import restore
from infra.progress import open_bar
from schemas.errors import CityBrainError


@click.command()
@click.argument("folder", metavar="DIR",
                type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Move aside what the home holds already.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(folder: Path, force: bool, as_json: bool) -> None:
    """Bring the backup in DIR back; the city must be down, and its home hold no data.

    Every file is compared with its digest before anything is put in place, and every view of the
    store afterwards. `citybrain up` then goes on where the backup was made.
    """
    # a shell starts its background commands deaf to Ctrl-C: hear it all the same
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        with open_bar() as bar:
            task = bar.add_task("restore", total=1.0, count="")
            manifest, aside = restore(
                folder.absolute(), force=force, progress=lambda what, share: bar.update(
                    task, completed=share, count=what))
            bar.update(task, completed=1.0, count="done")
        # after it: the trail is one of the things that were brought back
        with audited("restore", str(folder.absolute()), made_at=manifest.made_at):
            pass
    except (CityBrainError, OSError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise click.ClickException("interrupted; the home is as it was") from None
    if as_json:
        click.echo(json.dumps({"made_at": manifest.made_at, "parts": manifest.parts,
                               "aside": str(aside) if aside else None,
                               "views_equal": len(manifest.tables)}))
        return
    click.echo(f"restored what was backed up at {manifest.made_at}: {', '.join(manifest.parts)};"
               f" {len(manifest.files):,} files and {len(manifest.tables)} views are equal")
    if aside:
        click.echo(f"  what was there before lies in {aside}")
    click.echo("  `citybrain up` goes on from there")
