"""What the store holds."""

from __future__ import annotations

import json

import click

from schemas.errors import CityBrainError
from streams.retention import table_limits
from streams.store import connect

QUERY = """
SELECT t.name AS name, toInt64(coalesce(sum(p.rows), 0)) AS rows,
       toInt64(coalesce(sum(p.bytes_on_disk), 0)) AS bytes, toInt64(countIf(p.rows > 0)) AS parts,
       t.comment AS comment
FROM system.tables AS t LEFT JOIN system.parts AS p
  ON p.database = t.database AND p.table = t.name AND p.active
WHERE t.database = 'store' GROUP BY name, comment ORDER BY name
"""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """List tables with rows held (before duplicates fall together), bytes and parts."""
    try:
        rows = connect("migrator").query(QUERY)
    except CityBrainError as error:
        raise click.ClickException(str(error)) from error
    limits = table_limits()
    rows = [row | {"bytes_at_most": limits.get(row["name"])} for row in rows]
    if as_json:
        click.echo(json.dumps(rows))
        return
    click.echo(f"{'table':22} {'rows':>12} {'MiB':>9} {'at most':>9} {'parts':>6}  meaning")
    for row in rows:
        click.echo(f"{row['name']:22} {row['rows']:12} {row['bytes'] / 2**20:9.1f}"
                   f" {(row['bytes_at_most'] or 0) / 2**20:9.0f} {row['parts']:6}"
                   f"  {row['comment']}")
    click.echo(f"on disk {sum(row['bytes'] for row in rows) / 2**20:,.0f} MiB,"
               f" at most {sum(limits.values()) / 2**20:,.0f} MiB")
