"""Write what is rendered from the declarations to `schemas/published/`."""

from __future__ import annotations

import json

import click

from schemas.errors import DeclarationError
from schemas.render import published


def _check() -> list[str]:
    """List the published files that are missing or differ from what renders today."""
    files = {**published.versioned_files(), **published.current_files()}
    return [path for path, text in files.items()
            if not (published.FOLDER / path).exists()
            or (published.FOLDER / path).read_text(encoding="utf-8") != text]


@click.command("docs")
@click.option("--check", is_flag=True, help="Write nothing; fail when a file is not up to date.")
@click.option("--force", is_flag=True,
              help="Rewrite published versions; allowed before the first release only.")
@click.option("--release", is_flag=True, help="Freeze the versions published so far, for good.")
@click.option("--json", "as_json", is_flag=True, help="List the files as JSON.")
def command(check: bool, force: bool, release: bool, as_json: bool) -> None:
    """Render schemas, DDL, AsyncAPI and the catalogue from the declarations."""
    try:
        if check:
            stale = _check()
            if stale:
                raise click.ClickException(
                    f"not up to date: {', '.join(stale)}; run citybrain docs")
            click.echo("[]" if as_json else "every published file is up to date")
            return
        changed = published.changed_versions() if force else []
        written = published.write(force=force, release=release)
        for path in changed:
            click.echo(f"rewrote a published version, before the first release: {path}", err=True)
    except DeclarationError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(written))
    else:
        click.echo(f"{len(written)} files written below {published.FOLDER}")
