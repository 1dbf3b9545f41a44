"""Compute the windows of road-state and area-traffic from a list of events, in pandas.

This is the plain definition of both results, written without the job's SQL: what the gate accepted
is sorted, each event is put in its windows and in each area above its leaf, and columns are added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from streams.privacy import Pseudonyms

LENGTHS = (60, 300)
# from county to cell: above that, others have their share
DEPTHS = (6, 9, 12, 15)
GRACE_MS = 30_000
HORIZON_MS, AHEAD_MS = 600_000, 60_000
SPEEDS = ["events", "late", "vehicles", "speed_samples", "speed_sum"]
ROAD = [*SPEEDS, "speed_min", "speed_max"]


def accepted(sent: pd.DataFrame) -> pd.DataFrame:
    """Give the events that the gate must accept, and mark why others are none of them.

    `sent` has the columns `publisher`, `number` (which makes the id), `observed_at` and
    `received_at` (epoch ms, the broker's), `partition`, `offset`; `fate` is added.
    """
    rows = sent.sort_values(["publisher", "partition", "offset"], kind="stable")
    age = rows["received_at"] - rows["observed_at"]
    rows["fate"] = "accepted"
    rows.loc[age > HORIZON_MS, "fate"] = "late"
    rows.loc[age < -AHEAD_MS, "fate"] = "refused"
    good = rows[rows["fate"] == "accepted"]
    again = good.duplicated(["publisher", "number"])
    rows.loc[good.index[again], "fate"] = "duplicate"
    return rows


def compute(events: pd.DataFrame, key: str, lengths: Sequence[int] = LENGTHS) -> pd.DataFrame:
    """Compute windows by `key` (`road_id` or `area`) from events with a leaf area and a speed.

    Speeds are whole hundredths of km/h, -1 where none was sent; windows are told by length (s) and
    start (epoch s).
    """
    parts = [_windows(rows, key, seconds) for rows in _places(events, key) for seconds in lengths]
    return pd.concat(parts, ignore_index=True)


def _places(events: pd.DataFrame, key: str) -> Iterator[pd.DataFrame]:
    """Give the events by their roads, or by the areas above their leaves, one level at a time."""
    if key != "area":
        yield events[events[key] != ""]
        return
    for depth in DEPTHS:
        rows = events[events["leaf"].str.len() >= depth]
        yield rows.assign(area=rows["leaf"].str[:depth])


def _windows(rows: pd.DataFrame, key: str, seconds: int) -> pd.DataFrame:
    """Add up the events of each window and place."""
    start = rows["observed_at"] // (seconds * 1000) * seconds
    # a vehicle has another pseudonym on another day, so it is another one
    vehicle = rows["vehicle"] * 1_000_000 + rows["observed_at"].map(Pseudonyms.day)
    speed = rows["speed"].where(rows["speed"] >= 0)
    late = rows["received_at"] > (start + seconds) * 1000 + GRACE_MS
    laid = pd.DataFrame({key: rows[key], "window_start": start, "vehicle": vehicle,
                         "speed": speed, "late": late.astype(int)})
    grouped = laid.groupby([key, "window_start"], sort=True)
    table = pd.DataFrame({
        "events": grouped.size(), "late": grouped["late"].sum(),
        "vehicles": grouped["vehicle"].nunique(), "speed_samples": grouped["speed"].count(),
        "speed_sum": grouped["speed"].sum(min_count=1)})
    if key != "area":
        table["speed_min"], table["speed_max"] = grouped["speed"].min(), grouped["speed"].max()
    return table.reset_index().assign(window_seconds=seconds)


def columns_of(key: str) -> list[str]:
    """Name the columns that are compared, the keys first."""
    return ["window_seconds", "window_start", key, *(SPEEDS if key == "area" else ROAD)]


def differences(found: pd.DataFrame, wanted: pd.DataFrame, key: str) -> list[str]:
    """Compare two tables cell by cell; give what differs, and rows that only one has."""
    names = columns_of(key)
    mine, theirs = (_by_key(table, names) for table in (wanted, found))
    return [f"{key} {place}: computed {mine.get(place)}, stored {theirs.get(place)}"
            for place in sorted(mine.keys() | theirs.keys())
            if mine.get(place) != theirs.get(place)]


def _by_key(table: pd.DataFrame, names: list[str]) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Give the rows as plain values by their keys; what is missing is None."""
    rows: dict[tuple[object, ...], tuple[object, ...]] = {}
    for row in table[names].itertuples(index=False):
        cells = [None if pd.isna(cell) else cell if isinstance(cell, str) else int(cell)
                 for cell in row]
        rows[tuple(cells[:3])] = tuple(cells[3:])
    return rows
