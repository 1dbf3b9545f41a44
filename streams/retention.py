"""Keep each table of the store within its declared size.

Rows leave by age through each table's TTL; where a table grows beyond its size before that, its
oldest partitions go, a whole one at a time, and the newest always stays. What went is logged.
"""

from __future__ import annotations

import logging

from schemas import registry
from schemas.declare import Family, ResultTable
from schemas.render.clickhouse import SYSTEM_MEGABYTES, SYSTEM_TABLES
from streams.store import Store

log = logging.getLogger("retention")
MEGABYTE = 1 << 20

PARTITIONS = """
SELECT table, partition_id, toInt64(sum(bytes_on_disk)) AS bytes
FROM system.parts WHERE database = 'store' AND active
GROUP BY table, partition_id ORDER BY table, partition_id"""


def table_limits() -> dict[str, int]:
    """Give the greatest size, in bytes, of every table that is declared."""
    declared: list[Family | ResultTable] = [
        *registry.families().values(), *registry.results().values()]
    sizes = dict.fromkeys(SYSTEM_TABLES, SYSTEM_MEGABYTES)
    sizes |= {one.table: one.lifetime.store_megabytes for one in declared}
    return {table: megabytes * MEGABYTE for table, megabytes in sizes.items()}


def surplus(partitions: list[tuple[str, int]], limit: int) -> list[str]:
    """Give the oldest of partitions (id, bytes; by age) that must go to come below `limit`."""
    total, gone = sum(size for _, size in partitions), []
    for name, size in partitions[:-1]:
        if total <= limit:
            break
        gone.append(name)
        total -= size
    return gone


def enforce(store: Store) -> list[tuple[str, str]]:
    """Drop surplus partitions as the account that owns the tables; give (table, partition id)."""
    found: dict[str, list[tuple[str, int]]] = {}
    for row in store.query(PARTITIONS):
        found.setdefault(row["table"], []).append((row["partition_id"], row["bytes"]))
    dropped = [(table, partition) for table, limit in table_limits().items()
               for partition in surplus(found.get(table, []), limit)]
    for table, partition in dropped:
        log.warning("table %s is beyond its size: partition %s goes", table, partition)
        store.execute(f"ALTER TABLE store.{table} DROP PARTITION ID '{partition}'")
    return dropped
