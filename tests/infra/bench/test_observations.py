"""Test the batch computation of OSPBench's pipeline against one that takes record after record."""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np
import pandas as pd

from infra.bench.observations import (
    CHANGES,
    INTERVAL_MS,
    INTERVALS,
    KINDS,
    MEASURES,
    Observations,
    compute,
    differences,
)

DRAWN = Observations(6_000, 7, 1_795_000_000_000, np.array([[117.1, 36.5], [117.2, 36.6]]))
TABLE = DRAWN.draw()
Lanes = dict[tuple[int, str], list[tuple[int, int]]]


def join() -> Lanes:
    """Join the records as they are sent: flow and speed of each lane that told both."""
    told: dict[str, dict[tuple[int, str, str], float]] = {kind: {} for kind in KINDS}
    for one in DRAWN.records(TABLE):
        body = json.loads(one.body)
        key = (body["observed_at"], body["point_id"], body["lane"])
        assert one.key.decode() == body["point_id"] and key not in told[one.kind]
        told[one.kind][key] = body["flow" if one.kind == KINDS[0] else "speed"]
    lanes: Lanes = defaultdict(list)
    for (at, point, lane), flow in told[KINDS[0]].items():
        if (speed := told[KINDS[1]].get((at, point, lane))) is not None:
            lanes[at, point].append((int(flow), round(speed * 100)))
    return lanes


def test_it_equals_the_records_joined_and_summed_one_by_one() -> None:
    lanes, table = join(), compute(TABLE)
    wanted = set(lanes) | {(at + INTERVAL_MS, point) for at, point in lanes}
    assert {(start * 1000, point) for start, point in zip(
        table["window_start"], table["point_id"], strict=True)} == wanted
    for row in table.to_dict("records"):
        key = (row["window_start"] * 1000, row["point_id"])
        now, before = lanes.get(key, []), lanes.get((key[0] - INTERVAL_MS, key[1]), [])
        assert tuple(row[name] for name in MEASURES) == (
            len(now), sum(f for f, _ in now), sum(s for _, s in now),
            len(before), sum(f for f, _ in before), sum(s for _, s in before))
        if now and before:
            mean, former = (sum(s for _, s in some) / len(some) for some in (now, before))
            assert np.isclose(row["speed_change"], (mean - former) / former, rtol=1e-9)
        else:
            assert np.isnan(row["speed_change"]) and np.isnan(row["flow_change"])


def test_it_draws_about_as_many_records_as_asked_of_which_some_are_missing() -> None:
    sent = sum(1 for _ in DRAWN.records(TABLE))
    assert abs(sent - DRAWN.events) < 0.1 * DRAWN.events
    assert sent < 2 * len(TABLE) and TABLE["at"].nunique() == INTERVALS


def test_equal_results_have_no_differences_in_whatever_order() -> None:
    table = compute(TABLE)
    assert differences(table, table.sample(frac=1.0, random_state=1)) == []


def test_every_kind_of_difference_is_told() -> None:
    table = compute(TABLE)
    assert "rows expected" in differences(table, table[1:])[0]
    for name in (*MEASURES, *CHANGES):
        other: pd.DataFrame = table.copy()
        other[name] = table[name].where(table.index != 40, -9)
        assert differences(table, other) == [f"{name} differs in 1 rows"]
