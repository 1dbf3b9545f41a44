"""List, put and remove the rules by which alerts are raised."""

from __future__ import annotations

import json
from pathlib import Path

import click
import msgspec

from infra.audit import audited
from schemas.errors import CityBrainError
from streams.agents.rules import Rule, to_rule
from streams.commands import put_rules, read_rules, remove_rule


@click.group()
def command() -> None:
    """List, put and remove the rules by which alerts are raised."""


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as `put` takes it.")
def list_(as_json: bool) -> None:
    """List the rules as they stand."""
    try:
        rules = list(read_rules().values())
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(rules), ensure_ascii=False, indent=2))
        return
    for rule in rules:
        click.echo(_line(rule))
    click.echo(f"{len(rules)} rules")


def _line(rule: Rule) -> str:
    """Say a rule in one line."""
    where = "".join(f" {name}={value}" for name, value in rule.where.items())
    level = f" level {rule.level}" if rule.level else ""
    sign = ">" if rule.comparison == "above" else "<"
    return (f"{rule.id}  [{rule.severity}]  {rule.result}.{rule.value}{where}{level} {sign} "
            f"{rule.threshold:g} for {rule.for_seconds} s, clears at {rule.clear_threshold:g} for "
            f"{rule.clear_for_seconds} s, windows of {rule.window_seconds} s  {rule.title_zh}")


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def put(file: Path) -> None:
    """Add or replace the rules of a JSON FILE, one or a list; if one is refused, none is put."""
    try:
        body = msgspec.json.decode(file.read_bytes())
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise click.ClickException(f"{file}: not JSON: {error}") from error
    found = body if isinstance(body, list) else [body]
    try:
        rules = [to_rule(one if isinstance(one, dict) else msgspec.json.encode(one))
                 for one in found]
        with audited("rules.put", ", ".join(rule.id for rule in rules), file=str(file)):
            put_rules(rules)
    except CityBrainError as error:
        raise click.ClickException(f"{file}: {error}") from error
    click.echo(f"put {', '.join(rule.id for rule in rules)}")


@command.command()
@click.argument("rule_id", metavar="ID")
def remove(rule_id: str) -> None:
    """Remove the rule ID; its raised alerts are cleared."""
    try:
        with audited("rules.remove", rule_id):
            remove_rule(rule_id)
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"removed {rule_id}")
