"""Test the batch computation against one that takes record after record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from infra.bench.oracle import COLUMNS, Truth, compute
from infra.bench.stream import Stream
from tests.infra.bench import naive


def truth(stream: Stream, areas: dict[str, shapely.Polygon]) -> Truth:
    """Compute the truth of a stream."""
    return compute(stream, list(areas), np.array(list(areas.values()), dtype=object))


def test_it_equals_the_naive_computation(stream: Stream,
                                         areas: dict[str, shapely.Polygon]) -> None:
    found = truth(stream, areas)
    bodies = [body for chunk in stream.chunks() for body in chunk.bodies()]
    table, fates = naive.compute(bodies, stream.start_ms, areas)
    assert found.fates == fates and min(fates.values()) > 0
    rows = {tuple(row[:4]): tuple(map(int, row[4:]))
            for row in found.table[COLUMNS].itertuples(index=False)}
    assert rows == table and len(rows) > 100
    assert found.placed < fates["good"]
    assert found.placed == sum(row[0] for key, row in rows.items() if key[0] == 10)


def test_a_table_that_is_right_has_no_differences(stream: Stream,
                                                  areas: dict[str, shapely.Polygon]) -> None:
    found = truth(stream, areas)
    assert found.differences(found.table.sample(frac=1.0, random_state=1)) == []


def test_every_kind_of_fault_in_a_table_is_told(stream: Stream,
                                                areas: dict[str, shapely.Polygon]) -> None:
    found = truth(stream, areas)
    right = found.table
    assert "1 rows are missing" in found.differences(right[1:])[0]
    other = right.copy()
    other["speed_p85"] = right["speed_p85"].where(right.index > 0, -1)
    assert "1 rows differ" in found.differences(other)[0]
    more = right.copy()
    more.loc[0, "area"] = "370102001099"
    assert [one.split(" rows ")[1].split(",")[0] for one in found.differences(more)] == [
        "are missing", "are too many"]
    twice = found.differences(right.iloc[[0, *range(len(right))]])
    assert twice == ["1 rows have the key of another"]


def test_duplicates_would_be_seen(stream: Stream, areas: dict[str, shapely.Polygon]) -> None:
    with_them = truth(stream, areas).fates
    assert with_them["duplicate"] > 0
    assert sum(with_them.values()) == replace(stream).events
