"""Look up what things are called: a family may carry a public name beside its key."""

from __future__ import annotations

from collections.abc import Sequence

from schemas import registry
from schemas.declare import Family, Kind
from streams.queries.reader import Store

NAME = "name"
_OF_FAMILY = """
SELECT toString({key}) AS thing, argMax(name, observed_at) AS said FROM city.{table}
WHERE observed_at > now() - INTERVAL 1 HOUR AND thing IN %(keys)s AND name != '' GROUP BY thing"""


def _is_named(family: Family) -> bool:
    """Tell whether events carry a text beside their key that anybody may read as its name."""
    return family.key.name != NAME and any(
        one.name == NAME and one.kind is Kind.TEXT and one.public for one in family.kept)


def list_names(store: Store, keys: Sequence[str]) -> dict[str, str]:
    """Map keys to the newest name that an event of the last hour gave them; unnamed ones lack."""
    queries = [_OF_FAMILY.format(key=family.key.name, table=family.table)
               for family in registry.families().values() if _is_named(family)]
    if not keys or not queries:
        return {}
    return {row["thing"]: row["said"]
            for row in store.query(" UNION ALL ".join(queries), {"keys": tuple(keys)})}
