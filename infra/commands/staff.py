"""Accounts of the console: who may sign in, in which role, for which area."""

from __future__ import annotations

import json
import secrets
import sys

import click

from geo.tree import AreaTree
from infra.audit import audited
from schemas.errors import CityBrainError
from streams.settings import read_settings
from streams.staff import (
    Role,
    Staff,
    StaffError,
    add_staff,
    change_staff,
    list_staff,
    remove_staff,
)

ROLE = click.Choice([role.value for role in Role])
stdin = click.option("--password-stdin", is_flag=True,
                     help="Read the password from standard input.")


@click.group()
def command() -> None:
    """Manage the accounts of the staff console.

    viewer sees results; officer also cases, calls, services, alerts and events; operator also dead
    letters and publishers; auditor results, dead letters and publishers; admin everything. An
    account with an area sees the rows of that area only: the store itself withholds all others.
    """


def _ask_password(from_stdin: bool) -> str:
    """Read a password from standard input, ask for it twice, or make one and show it once."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if sys.stdin.isatty():
        return str(click.prompt("password", hide_input=True, confirmation_prompt=True))
    made = secrets.token_urlsafe(15)
    click.echo(f"password, shown once: {made}")
    return made


def _check_area(area: str) -> None:
    """Refuse an area that the tree of the city does not know."""
    if not area:
        return
    try:
        known = AreaTree.load(read_settings().areas).name(area) != area
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    if not known:
        raise StaffError(f"area {area!r}: no such area in the tree of the city")


@command.command()
@click.argument("name")
@click.option("--role", type=ROLE, required=True, help="What the account may see.")
@click.option("--area", default="", metavar="CODE",
              help="2, 4, 6 or 9 digits: rows of this area only (default: the whole city).")
@stdin
def add(name: str, role: str, area: str, password_stdin: bool) -> None:
    """Make the account NAME; without a terminal a password is made and shown once."""
    with audited("staff.add", name, role=role, area=area):
        _check_area(area)
        _tell(add_staff(name, _ask_password(password_stdin), Role(role), area), "made")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List accounts with role and area."""
    rows = [{"name": one.name, "role": one.role.value, "area": one.area}
            for one in list_staff().values()]
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo(f"{row['name']:24} {row['role']:10} {row['area'] or 'whole city'}")
    click.echo(f"{len(rows)} accounts")


@command.command()
@click.argument("name")
@click.option("--role", type=ROLE, default=None, help="New role.")
@click.option("--area", default=None, metavar="CODE", help='New area; "" for the whole city.')
def change(name: str, role: str | None, area: str | None) -> None:
    """Change role or area of NAME; its sessions end. Without options they only end."""
    with audited("staff.change", name, role=role, area=area):
        _check_area(area or "")
        _tell(change_staff(name, role=Role(role) if role else None, area=area), "changed")


@command.command()
@click.argument("name")
@stdin
def password(name: str, password_stdin: bool) -> None:
    """Give NAME a new password; its sessions end."""
    with audited("staff.password", name):
        _tell(change_staff(name, password=_ask_password(password_stdin)), "has a new password")


@command.command()
@click.argument("name")
def remove(name: str) -> None:
    """Remove the account NAME; its sessions end."""
    with audited("staff.remove", name):
        remove_staff(name)
    click.echo(f"{name} is removed")


def _tell(staff: Staff, what: str) -> None:
    """Say in one line what an account is now."""
    click.echo(f"{staff.name} {what}: {staff.role.value}, {staff.area or 'whole city'}")
