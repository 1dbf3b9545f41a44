"""Compute what every contender's table must hold, in one batch: numpy, shapely's exact test.

Nothing of the road's own code is used. Speeds are whole hundredths of km/h; the 85th percentile is
taken of speeds in bins of 1 km/h, interpolated between the two nearest ranks, in hundredths.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from infra.bench.stream import ROAD_CLASSES, Chunk, Fate, Integers, Stream

WINDOWS = (10, 60)
PERCENTILE = 85
KEYS = ["window_seconds", "window_start", "area", "road_class"]
MEASURES = ["events", "speed_sum", "speed_p85", "speed_min", "speed_max"]
COLUMNS = [*KEYS, *MEASURES]
SHOWN = 5
OUTSIDE = -1


@dataclass(frozen=True, slots=True)
class Truth:
    """Hold the table by key, how many records had each fate, and how many good ones are placed."""

    table: pd.DataFrame
    fates: dict[str, int]
    placed: int

    def differences(self, found: pd.DataFrame) -> list[str]:
        """Compare a contender's table row by row; say how much differs, and where first."""
        mine = self.table.set_index(KEYS)[MEASURES]
        theirs = found.set_index(KEYS)[MEASURES].astype("int64")
        if theirs.index.has_duplicates:
            return [f"{int(theirs.index.duplicated().sum()):,} rows have the key of another"]
        missing, extra = mine.index.difference(theirs.index), theirs.index.difference(mine.index)
        both = mine.index.intersection(theirs.index)
        left, right = mine.loc[both], theirs.loc[both]
        other = both[(left.to_numpy() != right.to_numpy()).any(axis=1)]
        told = [f"{len(rows):,} rows {what}, first {list(rows[:SHOWN])}"
                for what, rows in (("are missing", missing), ("are too many", extra))
                if len(rows)]
        if len(other):
            told.append(f"{len(other):,} rows differ: " + "; ".join(
                f"{key}: {mine.loc[key].tolist()} expected, {theirs.loc[key].tolist()} found"
                for key in other[:SHOWN]))
        return told


@dataclass(slots=True)
class Oracle:
    """Take a stream chunk by chunk; keep sixteen bytes a good record, and give the truth."""

    areas: Sequence[str]
    shapes: NDArray[np.object_]
    _parts: list[tuple[NDArray[np.int32], ...]] = field(default_factory=list)
    _fates: Integers = field(default_factory=lambda: np.zeros(len(Fate), np.int64))

    def take(self, chunk: Chunk) -> None:
        """Judge one chunk, and place its good records."""
        self._fates += np.bincount(chunk.fate, minlength=len(Fate))
        good = chunk.take(np.flatnonzero(chunk.fate == Fate.GOOD))
        area = self._place(good.longitude / 1e7, good.latitude / 1e7)
        held = area != OUTSIDE
        self._parts.append(tuple(column[held].astype(np.int32) for column in (
            good.observed_at // 1000 // min(WINDOWS), area, good.road_class, good.speed)))

    def _place(self, longitude: NDArray[np.float64], latitude: NDArray[np.float64]) -> Integers:
        """Find the first area that each point touches or lies in."""
        shapely.prepare(self.shapes)
        tree = shapely.STRtree(self.shapes)
        points, areas = tree.query(shapely.points(longitude, latitude))
        held = shapely.intersects_xy(self.shapes[areas], longitude[points], latitude[points])
        found = np.full(len(longitude), len(self.shapes), np.int64)
        np.minimum.at(found, points[held], areas[held])
        found[found == len(self.shapes)] = OUTSIDE
        return found

    def truth(self) -> Truth:
        """Compute the windows of everything taken."""
        window, area, road_class, speed = (
            np.concatenate(column) for column in zip(*self._parts, strict=True))
        tables = [self._windows(seconds, window // (seconds // min(WINDOWS)), area, road_class,
                                speed) for seconds in WINDOWS]
        fates = {one.name.lower(): int(self._fates[one]) for one in Fate}
        return Truth(pd.concat(tables, ignore_index=True), fates, len(speed))

    def _windows(self, seconds: int, window: NDArray[np.int32], area: NDArray[np.int32],
                 road_class: NDArray[np.int32], speed: NDArray[np.int32]) -> pd.DataFrame:
        """Compute the windows of one length; records of a group are laid side by side, sorted."""
        group = (window.astype(np.int64) * len(self.areas) + area) * len(ROAD_CLASSES) + road_class
        order = np.lexsort((speed, group))
        group, speed = group[order], speed[order].astype(np.int64)
        first = np.flatnonzero(np.diff(group, prepend=-1))
        count = np.diff(first, append=len(group))
        key, code = np.divmod(group[first], len(ROAD_CLASSES))
        start, place = np.divmod(key, len(self.areas))
        return pd.DataFrame({
            "window_seconds": seconds, "window_start": start * seconds,
            "area": np.array(self.areas, object)[place],
            "road_class": np.array(ROAD_CLASSES, object)[code], "events": count,
            "speed_sum": np.add.reduceat(speed, first), "speed_p85": _percentile(
                speed // 100, first, count),
            "speed_min": speed[first], "speed_max": speed[first + count - 1]})


def _percentile(bins: Integers, first: Integers, count: Integers) -> Integers:
    """Give the percentile of each sorted group, in hundredths; whole numbers, so exact."""
    rank = (count - 1) * PERCENTILE
    low = bins[first + rank // 100]
    high = bins[first + np.minimum(rank // 100 + 1, count - 1)]
    return np.asarray(low * 100 + (high - low) * (rank % 100), np.int64)


def compute(stream: Stream, areas: Sequence[str], shapes: NDArray[np.object_]) -> Truth:
    """Draw the stream and compute its truth."""
    oracle = Oracle(areas, shapes)
    for chunk in stream.chunks():
        oracle.take(chunk)
    return oracle.truth()
