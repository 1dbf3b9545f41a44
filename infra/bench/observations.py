"""Draw what OSPBench sends, in the shape of the Dutch road sensors, and compute its results.

A measurement point has one to five lanes; each tells flow and speed of each interval in a record of
its own. The tables are drawn from a seed; nothing of the road's own code is used for the truth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

INTERVAL_MS = 60_000
INTERVALS = 20
MOST_LANES = 5
# a record in five hundred does not come: its lane is not joined
MISSING = 0.002
KINDS = ("lane-flow", "lane-speed")
KEYS = ["window_start", "point_id"]
MEASURES = ["lanes", "flow_sum", "speed_sum", "lanes_before", "flow_before", "speed_before"]
CHANGES = ["flow_change", "speed_change"]


@dataclass(frozen=True, slots=True)
class Record:
    """Hold one record: its kind, key and payload."""

    kind: str
    key: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class Observations:
    """Describe a stream of some number of records that ends at a moment (epoch ms).

    `places` holds longitude and latitude of points, which are taken in turn.
    """

    events: int
    seed: int
    end_ms: int
    places: NDArray[np.float64]

    def draw(self) -> pd.DataFrame:
        """Draw a row for each lane and interval: flow, speed in hundredths, and which came."""
        chance = np.random.default_rng(self.seed)
        points = max(1, round(self.events / (2 * INTERVALS * (1 + MOST_LANES) / 2)))
        lanes = chance.integers(1, MOST_LANES + 1, points)
        point = np.repeat(np.arange(points), lanes)
        lane = np.concatenate([np.arange(1, count + 1) for count in lanes])
        first = self.end_ms // INTERVAL_MS - INTERVALS
        count = len(point) * INTERVALS
        return pd.DataFrame({
            "at": np.repeat(np.arange(first, first + INTERVALS) * INTERVAL_MS, len(point)),
            "point": np.tile(point, INTERVALS), "lane": np.tile(lane, INTERVALS),
            "lanes": np.tile(np.repeat(lanes, lanes), INTERVALS),
            "flow": chance.integers(0, 40, count) * 60,
            "speed": np.rint(np.clip(chance.normal(90, 20, count), 5, 180) * 100).astype(np.int64),
            "has_flow": chance.random(count) >= MISSING,
            "has_speed": chance.random(count) >= MISSING})

    def records(self, table: pd.DataFrame) -> Iterator[Record]:
        """Write the records, interval by interval, a lane's flow before its speed."""
        for row in zip(*(table[name].tolist() for name in table), strict=True):
            at, point, lane, lanes, flow, speed, has_flow, has_speed = row
            longitude, latitude = self.places[point % len(self.places)]
            head = (f'"observed_at":{at},"point_id":"{point_name(point)}","lane":"lane{lane}",'
                    f'"longitude":{longitude:.7f},"latitude":{latitude:.7f},"accuracy":95,'
                    f'"lanes":{lanes}')
            name, key = f"{point}-{lane}-{at}", point_name(point).encode()
            if has_flow:
                yield Record(KINDS[0], key, (
                    f'{{"id":"flow-{name}",{head},"flow":{flow},"period":60}}').encode())
            if has_speed:
                yield Record(KINDS[1], key, (
                    f'{{"id":"speed-{name}",{head},"speed":{speed / 100}}}').encode())


def point_name(point: int) -> str:
    """Name a measurement point."""
    return f"point-{point:06d}"


def compute(table: pd.DataFrame) -> pd.DataFrame:
    """Compute the results in one batch: join, sum over lanes, change against the interval before.

    Window starts are epoch seconds. An interval of which nothing came has a row when there was
    something before it, and no change.
    """
    joined = table[table["has_flow"] & table["has_speed"]]
    now = joined.groupby(["at", "point"], as_index=False).agg(
        lanes=("lane", "count"), flow_sum=("flow", "sum"), speed_sum=("speed", "sum"))
    before = now.assign(at=now["at"] + INTERVAL_MS).rename(columns={
        "lanes": "lanes_before", "flow_sum": "flow_before", "speed_sum": "speed_before"})
    both = now.merge(before, on=["at", "point"], how="outer")
    both[MEASURES] = both[MEASURES].fillna(0).astype(np.int64)
    is_known = both["lanes"] > 0
    flow, speed = both["flow_before"], both["speed_before"] * both["lanes"]
    both["flow_change"] = ((both["flow_sum"] - flow) / flow).where(is_known & (flow > 0))
    both["speed_change"] = ((both["speed_sum"] * both["lanes_before"] - speed) / speed).where(
        is_known & (speed > 0))
    both["window_start"] = both["at"] // 1000
    both["point_id"] = both["point"].map(point_name)
    return both[[*KEYS, *MEASURES, *CHANGES]]


def differences(mine: pd.DataFrame, theirs: pd.DataFrame) -> list[str]:
    """Compare results row by row, exactly; say how much differs."""
    left, right = (one.set_index(KEYS).sort_index() for one in (mine, theirs))
    if not left.index.equals(right.index):
        return [f"{len(left):,} rows expected, {len(right):,} found,"
                f" {len(left.index.intersection(right.index)):,} of the same key"]
    told = []
    for name in (*MEASURES, *CHANGES):
        a, b = left[name].to_numpy(float), right[name].to_numpy(float)
        if wrong := int((~((a == b) | (np.isnan(a) & np.isnan(b)))).sum()):
            told.append(f"{name} differs in {wrong:,} rows")
    return told
