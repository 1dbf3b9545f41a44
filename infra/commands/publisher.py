"""Register publishing systems, list them, renew their credentials, remove them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from infra.audit import audited
from infra.commands._publisher_feedback import feedback
from schemas.errors import CityBrainError, ComponentError
from schemas.render.kafka import raw_name
from streams import rotation, tokens
from streams.accounts import list_accounts
from streams.broker import open_admin
from streams.credentials import read_credentials
from streams.doors.inbox import inbox
from streams.publishers import Registration, read_registrations, register
from streams.quotas import read_byte_rates
from streams.secrets import publisher_file
from streams.store import connect

QUOTA_BYTES, QUOTA_EVENTS = 2_000_000, 1_000
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LAST_EVENTS = """
SELECT source, max(observed_at) AS last_event FROM city.publisher_progress GROUP BY source"""


class Duration(click.ParamType):
    """Read a length of time such as 90s, 30m, 24h or 7d, as seconds."""

    name = "N(s|m|h|d)"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None
                ) -> float:
        """Convert the text of the option."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+)([smhd])", str(value), re.ASCII)
        if found is None:
            self.fail(f"{value!r} is no length of time; write 30m, 24h or 7d", param, ctx)
        return float(found[1]) * _UNITS[found[2]]


@contextmanager
def _telling() -> Iterator[None]:
    """End in one clear line where the platform cannot do what is asked."""
    try:
        yield
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error


@click.group()
def command() -> None:
    """Register publishing systems, list them, renew their credentials, remove them."""


@command.command()
@click.argument("name")
@click.option("--family", "families", multiple=True, metavar="FAMILY",
              help="A family that it publishes; may be given again, and later.")
@click.option("--datum", type=click.Choice(["wgs84", "gcj02", "bd09"]), default=None,
              help="Datum of its coordinates (wgs84 where nothing is said).")
@click.option("--title-en", default=None, help="What it is called in English.")
@click.option("--title-zh", default=None, help="What it is called in Chinese.")
@click.option("--quota-bytes", type=click.IntRange(min=0), default=None,
              help=f"Bytes a second over Kafka, 0: no limit ({QUOTA_BYTES:,} for a new one).")
@click.option("--quota-events", type=click.IntRange(min=0), default=None,
              help=f"The same in events over HTTP, and over MQTT ({QUOTA_EVENTS:,} for a new one).")
@click.option("--replay/--no-replay", default=None,
              help="Let its header `replay` excuse events that are late.")
@click.option("--show-password", is_flag=True, help="Print the password on the terminal, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def add(name: str, families: tuple[str, ...], show_password: bool, as_json: bool,
        **said: Any) -> None:
    """Register the system NAME, or change what is said of it; write its credentials to a file."""
    with _telling(), audited("publisher.add", name, families=families):
        before = read_registrations("admin").get(name)
        if before is not None and before.removed_at is not None:
            before = None
        register(_said(name, families, before, said))
        one = rotation.find_publisher(name)
        path = publisher_file(name)
        if before is None or not path.exists():
            path = rotation.hand_out(one, tokens.issue(name))
        _tell_credentials(one, path, show_password, as_json)


def _said(name: str, families: tuple[str, ...], before: Registration | None,
          said: dict[str, Any]) -> Registration:
    """Make the registration of what is said, and of what was said before."""
    known: dict[str, Any] = {
        "title_en": name, "title_zh": name, "datum": "wgs84", "replay": False,
        "quota_bytes": QUOTA_BYTES, "quota_events": QUOTA_EVENTS}
    if before is not None:
        known = {key: getattr(before, key) for key in known}
    given = {key: value for key, value in said.items() if value is not None}
    return Registration(name, families=list(families), **known | given)


def _tell_credentials(one: Registration, path: Path, show_password: bool, as_json: bool) -> None:
    """Print where to connect and where the credentials lie."""
    found = read_credentials(path)
    told: dict[str, Any] = {
        "publisher": one.name, "account": found.account, "bootstrap": found.bootstrap,
        "intake": found.intake, "credentials": str(path),
        "topics": [raw_name(one.name, family) for family in one.families],
        "quota_bytes": one.quota_bytes or 0, "quota_events": one.quota_events or 0}
    if show_password:
        told["password"] = found.password
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    click.echo(f"{one.name}: connect to {found.bootstrap} as {found.account}"
               " (SASL_PLAINTEXT, SCRAM-SHA-256)")
    click.echo(f"  or over HTTP: {found.intake}")
    for topic in told["topics"]:
        click.echo(f"  topic {topic}")
    if not one.families:
        click.echo(f"  no topic yet: citybrain publisher add {one.name} --family FAMILY")
    click.echo(f"  credentials (yours only) {path}")
    if show_password:
        click.echo(f"  password {found.password}")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the publishers with families, datum, quota, credentials and their last event."""
    with _telling():
        rows = read_publishers()
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    click.echo(f"{'publisher':20} {'datum':6} {'bytes/s':>11} {'last event':20}"
               f" {'credentials':40} families")
    for row in rows:
        state = ", ".join(f"{name} {state}" for name, state in row["credentials"].items())
        quota = f"{row['quota_bytes']:,}" if row["quota_bytes"] else "no limit"
        click.echo(f"{row['name']:20} {row['datum']:6} {quota:>11} {row['last_event'] or '–':20}"
                   f" {state or 'removed':40} {', '.join(row['families'])}")
    click.echo(f"{len(rows)} publishers")


@command.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def show(name: str, as_json: bool) -> None:
    """Show all that is registered of one publisher."""
    with _telling():
        found = [row for row in read_publishers() if row["name"] == name]
        if not found:
            rotation.find_publisher(name)
    for row in (one | {"folder": str(inbox() / name)} for one in found):
        if as_json:
            click.echo(json.dumps(row, ensure_ascii=False))
            continue
        for key, value in row.items():
            if isinstance(value, dict):
                value = [f"{account} {state}" for account, state in value.items()]
            click.echo(f"{key:13} {', '.join(value) if isinstance(value, list) else value}")


def read_publishers() -> list[dict[str, Any]]:
    """Read all publishers, as the registrations, the broker and the store know them."""
    known = read_registrations("admin")
    logins = [account.name for one in known.values() for account in one.logins]
    with closing(open_admin()) as admin:
        there, rates = list_accounts(admin, logins), read_byte_rates(admin, logins)
    last = _last_events()
    return [{
        "name": one.name, "title_en": one.title_en, "title_zh": one.title_zh,
        "families": one.families, "datum": one.datum, "replay": one.replay,
        "quota_bytes": rates.get(one.logins[-1].name, 0) if one.logins else 0,
        "quota_events": one.quota_events or 0,
        "credentials": {account.name: _state(account.until, account.name in there)
                        for account in one.logins},
        "removed_at": _moment(one.removed_at), "last_event": last.get(one.name, ""),
    } for _, one in sorted(known.items())]


def _state(until: int | None, there: bool) -> str:
    """Say how an account stands."""
    if not there:
        return "is missing in the broker"
    return "in force" if until is None else f"ends {_moment(until)}"


def _moment(at: int | None) -> str:
    """Show epoch ms as UTC."""
    if at is None:
        return ""
    return dt.datetime.fromtimestamp(at / 1000, dt.UTC).isoformat(timespec="seconds")[:19] + "Z"


def _last_events() -> dict[str, str]:
    """Read when each publisher's newest event was observed; nothing while the store is away."""
    found: dict[str, str] = {}
    with suppress(ComponentError), closing(connect("reader")) as store:
        for row in store.query(LAST_EVENTS):
            found[row["source"]] = _moment(round(row["last_event"].replace(
                tzinfo=dt.UTC).timestamp() * 1000))
    return found


command.add_command(feedback)


@command.command()
@click.argument("name")
@click.option("--grace", type=Duration(), default="24h", show_default=True,
              help="How long the old credentials go on working.")
@click.option("--finish", is_flag=True, help="End the old credentials of a rotation now.")
@click.option("--show-password", is_flag=True, help="Print the password on the terminal, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def rotate(name: str, grace: float, finish: bool, show_password: bool, as_json: bool) -> None:
    """Give NAME new credentials; the old ones work on for the grace, then end by themselves."""
    with _telling(), audited("publisher.rotate", name, grace_seconds=grace, finish=finish):
        if finish:
            ended = rotation.finish(name)
            click.echo(json.dumps({"publisher": name, "ended": ended}) if as_json else
                       f"{name}: ended {', '.join(ended) or 'nothing, no rotation is under way'}")
            return
        one, path = rotation.rotate(name, grace)
        _tell_credentials(one, path, show_password, as_json)
    if not as_json:
        click.echo(f"  the old account {one.logins[0].name} ends {_moment(one.logins[0].until)}")


@command.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def remove(name: str, as_json: bool) -> None:
    """Take from NAME its account, rights, quota and tokens; what it sent is kept as declared."""
    with _telling(), audited("publisher.remove", name):
        one = rotation.remove(name)
    topics = [raw_name(one.name, family) for family in one.families]
    hours = rotation.hours_kept(one)
    if as_json:
        click.echo(json.dumps({"removed": name, "topics_kept": topics, "hours": hours}))
        return
    click.echo(f"{name} can publish no more. Its topics stay, empty after {hours} h at the latest,"
               f" and what was counted stays counted: {', '.join(topics) or 'it had none'}")
