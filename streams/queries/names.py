"""Look up what things are called: a family may carry a name beside its key."""

from __future__ import annotations

from collections.abc import Sequence

from schemas import registry
from streams.queries.reader import Store

NAME = "name"
_OF_FAMILY = """
SELECT toString({key}) AS id, argMax(name, observed_at) AS said FROM city.{table}
WHERE observed_at > now() - INTERVAL 1 HOUR AND {key} IN %(keys)s AND name != '' GROUP BY id"""


def list_names(store: Store, keys: Sequence[str]) -> dict[str, str]:
    """Map keys to the newest name that an event of the last hour gave them; unnamed ones lack."""
    queries = [_OF_FAMILY.format(key=family.key.name, table=family.table)
               for family in registry.families().values()
               if family.key.name != NAME and NAME in {one.name for one in family.kept}]
    if not keys or not queries:
        return {}
    return {row["id"]: row["said"]
            for row in store.query(" UNION ALL ".join(queries), {"keys": tuple(keys)})}
