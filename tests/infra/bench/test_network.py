"""Test the road network that is cut into as many segments as asked for."""

from __future__ import annotations

import pytest
from shapely import LineString

from geo import roads
from infra.bench.network import cut, segment_id


@pytest.mark.parametrize("number", [1_000, 20_000])
def test_there_are_as_many_pieces_as_asked_for_each_a_road_of_its_own(number: int) -> None:
    found = cut(roads.to_geojson()["features"], number)
    ids = [one["properties"]["segment_id"] for one in found]
    assert ids == [segment_id(i) for i in range(number)]
    assert all(one["properties"]["road_id"] == one["properties"]["segment_id"] for one in found)
    assert all(len(one["geometry"]["coordinates"]) >= 2 for one in found)


def test_pieces_are_the_segment_and_its_name_is_written_once() -> None:
    first = roads.to_geojson()["features"][:1]
    found = cut(first, 7)
    whole = LineString(first[0]["geometry"]["coordinates"]).length
    assert sum(LineString(one["geometry"]["coordinates"]).length for one in found) == (
        pytest.approx(whole))
    assert [one["properties"]["name"] for one in found] == [
        first[0]["properties"]["name"], *[""] * 6]
