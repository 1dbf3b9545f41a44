"""Stock a city's store by the store itself: rows of every declaration, made from numbers.

Nothing is published: rows go into the tables that the sink fills, and what follows an insert there
follows here too. Values are plausible, not true: within bounds, of known codes, in areas of the
city. Every page of the console and every tile of the wall has something to show.
"""

from __future__ import annotations

from collections.abc import Sequence

from geo.tree import AreaTree
from schemas.declare import Family, Field, Kind, ResultTable
from schemas.render.clickhouse import event_columns, result_columns
from streams.store import Store

# rows an INSERT makes at once, so that it stays within the memory of a small server
CHUNK = 250_000
# a key has so many events
EVENTS_A_KEY = 20
MOST_VILLAGES = 2_000
VILLAGE = 12  # digits
MINUTES_OF_RESULTS = 60
# degrees: a box around the middle of Jinan
WEST, SOUTH, WIDTH, HEIGHT = 116.8, 36.5, 0.5, 0.3


def quote(values: Sequence[str]) -> str:
    """Write texts of declarations and codes of areas as an array of SQL."""
    return "[" + ", ".join("'" + one.replace("'", "''") + "'" for one in values) + "]"


def pick(values: Sequence[str], number: str) -> str:
    """Choose one of some texts by a number of any size."""
    return f"arrayElement({quote(values)}, toInt64({number} % {len(values)}) + 1)"


def list_areas(tree: AreaTree) -> list[str]:
    """List the city, its counties and townships, and MOST_VILLAGES villages at the most."""
    found = sorted(one for one in tree.names if one.startswith(tree.city))
    villages = [one for one in found if len(one) == VILLAGE]
    return [*(one for one in found if len(one) < VILLAGE),
            *villages[::max(1, -(-len(villages) // MOST_VILLAGES))]]


def only_villages(areas: Sequence[str]) -> list[str]:
    """Choose those areas in which events happen."""
    return [one for one in areas if len(one) == VILLAGE]


def value(one: Field, keys: int, number: str = "n") -> str:
    """Make a plausible value of a field from a number; a key has one of so many."""
    drawn = f"cityHash64({number}, '{one.name}')"
    if one.values:
        return pick([code for code, _ in one.values], drawn)
    if one.kind in (Kind.INTEGER, Kind.DECIMAL):
        low, high = one.ge or 0, min(one.le or 1_000, 1_000)
        return f"{low} + {drawn} % 1000 * {(high - low) / 1000:.9f}"
    if one.kind is Kind.FLAG:
        return f"{drawn} % 2 = 0"
    if one.kind is Kind.INSTANT:
        return f"observed_at + toIntervalSecond({drawn} % 86400)"
    which = f"{number} % {keys}" if one.key else f"{drawn} % 50"
    return f"concat('{one.name}-', toString({which}))"


def event_values(family: Family, villages: Sequence[str], rows: int, minutes: int,
                 number: str = "n") -> dict[str, str]:
    """Say how each column of a family's rows is made: so many, over the last minutes.

    What a row tells is made from `number`, so that rows of one number tell the same.
    """
    found = {
        "id": f"concat('{family.name}-', toString(n))",
        "source": pick([f"{family.owner}-{i}" for i in range(5)], "n"),
        "observed_at": "now64(3) - toIntervalMillisecond("
                       f"toInt64(({rows} - n) * {minutes * 60_000 / rows:.6f}))",
        "received_at": "observed_at + toIntervalMillisecond(300)",
        "computed_at": "observed_at + toIntervalMillisecond(500)",
        "area": f"concat({pick(villages, f'cityHash64({number})')}, '00',"
                f" toString(1 + {number} % 9))",
        "raw_topic": f"'raw-{family.owner}--{family.name}'",
        "raw_partition": "0", "raw_offset": "n"}
    keys = max(1, rows // EVENTS_A_KEY)
    found |= {one.name: value(one, keys, number) for one in family.kept}
    if family.place:
        longitude, latitude = family.place
        found |= {longitude: f"{WEST} + cityHash64({number}, 'x') % 10000 * {WIDTH / 10_000}",
                  latitude: f"{SOUTH} + cityHash64({number}, 'y') % 10000 * {HEIGHT / 10_000}"}
    return found


def insert(store: Store, table: str, values: dict[str, str], rows: int, where: str = "1") -> None:
    """Insert rows whose columns are made from the numbers n below so many."""
    names = ", ".join(f"`{name}`" for name in values)
    made = ", ".join(f"{expression} AS `{name}`" for name, expression in values.items())
    for first in range(0, rows, CHUNK):
        store.execute(f"INSERT INTO store.{table} ({names}) SELECT {made} FROM (SELECT number AS n"
                      f" FROM numbers({first}, {min(CHUNK, rows - first)})) WHERE {where}")


def insert_events(store: Store, family: Family, values: dict[str, str], rows: int,
                  where: str = "1") -> None:
    """Insert rows of a family, whose columns are made from the numbers n up to so many."""
    insert(store, family.table, {name: values[name] for name in event_columns(family)}, rows,
           where)


def insert_results(store: Store, result: ResultTable, areas: Sequence[str], rows: int) -> None:
    """Insert rows of a result, spread over keys and the minutes of the last hour."""
    key = f"intDiv(n, {MINUTES_OF_RESULTS})"
    values = {one.name: pick([code for code, _ in one.values], key) if one.values
              else f"concat('{one.name}-', toString({key}))" for one in result.keys}
    if result.place:
        values[result.place] = pick(areas, key)
    values |= {one.name: f"cityHash64(n, '{one.name}') % 1000" if one.numeric else "''"
               for one in result.measures}
    values |= {
        "window_seconds": "60", "events": "1 + n % 50", "late": "0", "version": "1",
        "window_start": "toStartOfMinute(now()) - toIntervalMinute("
                        f"1 + n % {MINUTES_OF_RESULTS})", "computed_at": "now64(3)"}
    insert(store, result.table, {name: values[name] for name in result_columns(result)}, rows)
