"""Copy the store by ClickHouse's own BACKUP, bring it back by RESTORE, and compare the views.

The engine writes below `backups` of its data, as its configuration allows. Rows do not expire while
a copy is made or checked: what is digested is what is copied.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.backup.manifest import Table
from schemas.errors import ComponentError
from streams.settings import read_settings
from streams.store import Store

POLL_SECONDS = 0.5
WHAT = "DATABASE store, DATABASE city"
RUNNING = {"CREATING_BACKUP", "RESTORING"}
DONE = {"BACKUP_CREATED", "RESTORED"}
Told = Callable[[str], None]


def backups_folder() -> Path:
    """Give the folder in which the engine may write and read backups."""
    return read_settings().home / "clickhouse" / "data" / "backups"


@contextmanager
def no_expiry(store: Store) -> Iterator[None]:
    """Keep rows from expiring for the length of a block."""
    tables = [row["name"] for row in store.query(
        "SELECT name FROM system.tables WHERE database = 'store' AND engine LIKE '%%MergeTree'")]
    for table in tables:
        store.execute(f"SYSTEM STOP TTL MERGES store.`{table}`")
    try:
        yield
    finally:
        for table in tables:
            store.execute(f"SYSTEM START TTL MERGES store.`{table}`")


def backup_store(store: Store, told: Told) -> Path:
    """Have the engine copy both databases; give the folder of the copy."""
    name = f"citybrain-{uuid.uuid4().hex}"
    _run(store, f"BACKUP {WHAT} TO File('{name}') ASYNC", told)
    return backups_folder() / name


def restore_store(store: Store, name: str, told: Told) -> dict[str, Table]:
    """Bring both databases back from a copy in the engine's folder; give digests of the views."""
    source = f"File('{name}')"
    _run(store, f"RESTORE {WHAT} FROM {source} SETTINGS structure_only=true ASYNC", told)
    with no_expiry(store):
        _run(store, f"RESTORE {WHAT} FROM {source} SETTINGS allow_non_empty_tables=true ASYNC",
             told)
        return digest_views(store, told)


def _run(store: Store, statement: str, told: Told) -> None:
    """Start a copy or its return, and wait until it is done."""
    [begun] = store.query(statement)
    while True:
        [row] = store.query("SELECT status, error, num_files, total_size FROM system.backups"
                            " WHERE id = %(id)s", {"id": begun["id"]})
        if row["status"] in DONE:
            return
        if row["status"] not in RUNNING:
            raise ComponentError(f"ClickHouse: {row['status']}: {row['error'][:300]}")
        told(f"{row['num_files']:,} files, {row['total_size'] / 1e6:,.0f} MB")
        time.sleep(POLL_SECONDS)


def digest_views(store: Store, told: Told) -> dict[str, Table]:
    """Digest what each view of the store shows: rows, and the sum of a hash of each."""
    views = [row["name"] for row in store.query(
        "SELECT name FROM system.tables WHERE database = 'city' AND engine = 'View' ORDER BY name")]
    found = {}
    for name in views:
        told(name)
        [row] = store.query(f"SELECT count() AS n, sum(sipHash64(toString(tuple(*)))) AS digest"
                            f" FROM city.`{name}` SETTINGS max_execution_time = 0")
        found[name] = Table(row["n"], f"{row['digest']:016x}")
    return found


def compare(wanted: dict[str, Table], found: dict[str, Table]) -> None:
    """Raise ComponentError naming the views that do not show what was backed up."""
    wrong = [name for name in sorted({*wanted, *found}) if wanted.get(name) != found.get(name)]
    if wrong:
        raise ComponentError(f"the store does not hold what was backed up: {', '.join(wrong)}")
