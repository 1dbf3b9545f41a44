"""Test what the peers that take one record at a time share, against the job in plain Python."""

from __future__ import annotations

from collections import Counter

import shapely

from infra.bench.stream import Stream
from tests.infra.bench import naive
from tests.peers import window
from tests.peers.position import Judge, RefusedError


def test_judge_and_windows_equal_the_naive_computation(
        stream: Stream, areas: dict[str, shapely.Polygon]) -> None:
    bodies = [body for chunk in stream.chunks() for body in chunk.bodies()]
    table, fates = naive.compute(bodies, stream.start_ms, areas)
    judge = Judge(list(areas), list(areas.values()))
    windows: dict[naive.Key, window.Window] = {}
    known, told = set[str](), Counter[str]()
    for body in bodies:
        try:
            one = judge.check(body, stream.start_ms)
        except RefusedError as error:
            told[error.kind] += 1
            continue
        if one.id in known or not (area := judge.place(one)):
            continue
        known.add(one.id)
        for seconds in (10, 60):
            key = (seconds, one.observed_at // 1000 // seconds * seconds, area, one.road_class)
            speed = round(one.speed * 100)
            windows[key] = (window.add(windows[key], speed) if key in windows
                            else window.begin(speed))
    assert {key: window.measures(one) for key, one in windows.items()} == table
    assert told == {"late": fates["late"], "refused": fates["malformed"]}


def test_a_window_that_grows_leaves_the_former_as_it_was() -> None:
    former = window.begin(3_050)
    assert window.measures(window.add(former, 4_000)) == (2, 7_050, 3_850, 3_050, 4_000)
    assert window.measures(former) == (1, 3_050, 3_000, 3_050, 3_050)
