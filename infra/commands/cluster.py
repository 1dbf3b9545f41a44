"""Prepare what a cluster is given from outside: its passwords."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import click

from infra import clickhouse, kafka
from streams.accounts import RIGHTS
from streams.audit import KEY
from streams.secrets import write_owner_only

# those of the platform; what publishers and staff get is made at run time, on the shared folder
KEYS = ("clickhouse-accounts", "console-session", KEY)


def platform_passwords() -> dict[str, str]:
    """Make a password for each account and key of the platform, by `<system>:<account>`."""
    names = {f"kafka:{one}" for one in (*kafka.ACCOUNTS, "controller", *RIGHTS)}
    names |= {f"clickhouse:{one}" for one in clickhouse.ACCOUNTS}
    names |= {f"key:{one}" for one in KEYS} | {"console:admin"}
    return {name: secrets.token_urlsafe(24) for name in sorted(names)}


@click.group()
def command() -> None:
    """Prepare what a cluster is given from outside."""


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def passwords(file: Path) -> None:
    """Write new passwords of the platform's accounts to FILE, for its owner only.

    It is the secret that compose.yaml and kubernetes/ name. A file that is there is not replaced:
    a running cluster would no longer know its accounts.
    """
    if file.exists():
        raise click.ClickException(f"{file} is there; a cluster that runs with it needs it")
    write_owner_only(file, json.dumps(platform_passwords(), indent=2))
    click.echo(f"{file}: for its owner only; give it to the cluster as a secret")
