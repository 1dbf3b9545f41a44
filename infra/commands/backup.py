"""Copy the city's data to a folder: the store by its own means, the broker's log as it lies."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import click

from infra.audit import audited
from infra.backup.making import make
from infra.backup.manifest import PARTS, Manifest
from infra.progress import open_bar
from schemas.errors import CityBrainError


class Parts(click.ParamType):
    """Read parts of a city, comma-separated."""

    name = "PARTS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None
                ) -> list[str]:
        """Convert the text of the option."""
        if isinstance(value, list):
            return value
        names = {name.strip() for name in str(value).split(",")}
        if not names <= set(PARTS) or not names:
            self.fail(f"{value!r}: parts are {' and '.join(PARTS)}, comma-separated", param, ctx)
        return sorted(names)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--what", "parts", type=Parts(), default="broker,store", show_default=True,
              help="Parts that are copied; only both together belong to one moment.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(folder: Path, parts: list[str], as_json: bool) -> None:
    """Copy the city's data into DIR, which must not be there yet.

    What writes is stopped while it is copied, and started again; publishers wait meanwhile. DIR
    appears when it is complete, and holds the broker's log with accounts, rights and offsets, the
    store, Flink's state, the audit anchors, added declarations, imported areas and, in secrets.tar
    (mode 0600), passwords and keys: keep it as you keep those. `citybrain restore` brings it back.
    """
    # a shell starts its background commands deaf to Ctrl-C: hear it all the same
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    target = folder.absolute()
    try:
        with audited("backup", str(target), parts=parts), open_bar() as bar:
            task = bar.add_task("backup", total=1.0, count="")
            manifest = make(target, parts, lambda line: bar.console.print(line),
                            lambda what, share: bar.update(task, completed=share, count=what))
            bar.update(task, completed=1.0, count="done")
    except (CityBrainError, OSError) as error:
        raise click.ClickException(str(error)) from error
    except KeyboardInterrupt:
        raise click.ClickException("interrupted; nothing of the backup is left") from None
    click.echo(json.dumps(_told(target, manifest)) if as_json else
               f"{target}: {', '.join(parts)}; {len(manifest.files):,} files,"
               f" {manifest.size / 1e6:,.1f} MB, {len(manifest.tables)} views digested")


def _told(target: Path, manifest: Manifest) -> dict[str, Any]:
    """Lay out what became of it."""
    return {"folder": str(target), "parts": manifest.parts, "made_at": manifest.made_at,
            "files": len(manifest.files), "bytes": manifest.size,
            "rows": {name: one.rows for name, one in manifest.tables.items()}}
