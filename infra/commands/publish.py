"""Publish events from NDJSON through the class that publishers use."""

from __future__ import annotations

import json
from typing import IO

import click
import msgspec

from schemas import registry
from schemas.declare import Family
from schemas.errors import ComponentError, Reason, Refusal
from streams.publisher import EventRefusedError, Publisher
from streams.publishers import Registration, register


def _send(publisher: Publisher, family: Family, line: bytes, verify: bool) -> Refusal | None:
    """Send one line; say why it is refused, if it is."""
    try:
        payload = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        payload = Refusal(Reason.NOT_JSON, "$", f"{len(line)} bytes", str(error))
    if not verify:
        key = payload.get(family.key.name, "") if isinstance(payload, dict) else ""
        publisher.send_raw(family.name, line, key=str(key))
        return None
    if isinstance(payload, Refusal):
        return payload
    if not isinstance(payload, dict):
        return Refusal(Reason.NOT_AN_OBJECT, "$", type(payload).__name__, "one object a line")
    try:
        publisher.send(family.name, payload)
    except EventRefusedError as error:
        return error.refusal
    return None


def _publish(publisher: Publisher, family: Family, lines: IO[bytes], verify: bool
             ) -> tuple[int, list[dict[str, object]]]:
    """Send all lines; give how many were sent and what was refused, with its line."""
    sent, refused = 0, []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        refusal = _send(publisher, family, line.strip(), verify)
        if refusal is None:
            sent += 1
            continue
        refused.append({"line": number, "field": refusal.field, "value": refusal.value,
                        "reason": str(refusal.reason), "detail": refusal.detail})
        click.echo(f"line {number}: {refusal.field} = {refusal.value!r}: {refusal.reason}:"
                   f" {refusal.detail}", err=True)
    return sent, refused


@click.command("publish")
@click.argument("family")
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--as", "account", default="", metavar="PUBLISHER",
              help="Publish as this system (default: the owner of the family).")
@click.option("--datum", type=click.Choice(["wgs84", "gcj02", "bd09"]), default=None,
              help="Register the system with this datum first.")
@click.option("--verify/--no-verify", default=True, show_default=True,
              help="Check events here, or leave it to the gate.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(family: str, file: IO[bytes], account: str, datum: str | None, verify: bool,
            as_json: bool) -> None:
    """Publish FILE (or standard input), one JSON object a line, as events of FAMILY."""
    declared = registry.get_family(family)
    name = account or declared.owner
    if datum:
        register(Registration(name, name, name, datum, [family]))
    try:
        with Publisher(name, verify=verify) as publisher:
            sent, refused = _publish(publisher, declared, file, verify)
    except KeyboardInterrupt:
        raise click.ClickException("interrupted; what was confirmed by then is published") from None
    except ComponentError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps({"published": sent, "refused": refused}, ensure_ascii=False))
    else:
        click.echo(f"{sent:,} published as {name}, {len(refused):,} refused")
    if refused:
        raise click.ClickException(f"{len(refused):,} events are refused")
