"""Render where the last step of each case, or of whatever else a family's key names, is kept.

A table beside the family's own holds one row a key; ClickHouse carries each new step into it, so
that lists of what is open need not go through every step that was ever taken.
"""

from __future__ import annotations

from schemas.declare import Family
from schemas.render.clickhouse import event_columns, family_table, family_view


def table(family: Family) -> str:
    """Render the table of last steps: one row for each combination that has a last of its own.

    Of steps observed at the same moment the one that came later stays.
    """
    return family_table(
        family, family.last_table, "ReplacingMergeTree(observed_at)"
        f"\nORDER BY ({', '.join(family.identity)})",
        f"The last of: {family.meaning.en} | {family.meaning.zh}（最近一步）")


def feed(family: Family) -> str:
    """Render what carries each new step into the table of last steps."""
    return (f"CREATE MATERIALIZED VIEW IF NOT EXISTS store.{family.last_table}_feed"
            f" TO store.{family.last_table}\nDEFINER = migrator SQL SECURITY DEFINER"
            f"\nAS SELECT {_all_columns(family)} FROM store.{family.table}")


def fill(family: Family) -> str:
    """Render the filling of last steps from all steps; what is there already stays as it is."""
    columns = _all_columns(family)
    return (f"INSERT INTO store.{family.last_table} ({columns}) SELECT {columns}"
            f" FROM store.{family.table}")


def _all_columns(family: Family) -> str:
    """Name every column of a family's table."""
    return ", ".join((*event_columns(family), "published_at"))


def view(family: Family) -> str:
    """Render the view of a family's last steps."""
    return family_view(family.last_table)
