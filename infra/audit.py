"""Record in the audit trail what is done by command: `with audited("rules.put", rule_id): ...`."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from schemas.errors import CityBrainError
from streams.audit import append

WRITER = "command-line"
_SHOWN = 300


def user() -> str:
    """Name who runs the command, and through `sudo` also who asked."""
    name, asked = getpass.getuser(), os.environ.get("SUDO_USER", "")
    return f"{asked} as {name}" if asked and asked != name else name


@contextmanager
def audited(action: str, subject: str, **detail: Any) -> Iterator[dict[str, Any]]:
    """Record what the block does when it ends, with success or not; what it yields may be added to.

    Where the audit topic does not answer, the record waits on this disk and a line says so.
    """
    try:
        yield detail
    except BaseException as error:
        record(action, subject, {**detail, "error": str(error)[:_SHOWN] or type(error).__name__},
               success=False)
        raise
    record(action, subject, detail, success=True)


def record(action: str, subject: str, detail: dict[str, Any], *, success: bool) -> None:
    """Append one record; of a failure the command itself has told enough."""
    try:
        append(WRITER, action, subject, user(), detail, success)
    except CityBrainError as error:
        if success:
            click.echo(f"Warning: {error}", err=True)
