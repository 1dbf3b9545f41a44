"""Check the drawn network: where it lies, how it hangs together, and matching to it."""

from __future__ import annotations

import numpy as np
import pytest
from shapely import LineString

from geo import roads
from geo.junctions import lay_out
from geo.layout import Road

NAMES = (
    "经十路", "经七路", "经四路", "泺源大街", "北园大街", "历山路",
    "解放路", "舜耕路", "纬二路", "英雄山路", "顺河高架", "二环东路",
    "二环西路", "二环南路", "工业北路", "旅游路", "奥体中路", "花园路",
    "山大路", "历黄路", "济洛路", "无影山路", "经一路", "共青团路",
    "泉城路", "黑虎泉路", "文化路", "千佛山路", "堤口路", "段店路",
)


def test_roads_people_know_are_there() -> None:
    known = {segment.name: segment for segment in roads.list_segments()}
    assert set(NAMES) <= set(known)
    assert all(segment.name_en.isascii() for segment in known.values())


def test_ids_are_unique_and_found() -> None:
    segments = roads.list_segments()
    assert len({one.segment_id for one in segments}) == len(segments) > 800
    assert roads.get_segment("jingshi-road-1-e").road_id == "jingshi-road"
    with pytest.raises(KeyError):
        roads.get_segment("jingshi-road-999-e")


def test_every_segment_lies_in_central_jinan_and_is_worth_driving() -> None:
    for one in roads.list_segments():
        longitude, latitude = one.coordinates[:, 0], one.coordinates[:, 1]
        assert one.coordinates.dtype == np.float32
        assert longitude.min() > 116.88 and longitude.max() < 117.17, one.segment_id
        assert latitude.min() > 36.59 and latitude.max() < 36.74, one.segment_id
        assert one.length_m > 50 and one.lanes >= 1 and 30 <= one.limit_kmh <= 80, one.segment_id


def test_every_junction_is_reached_and_left_or_lies_at_the_edge() -> None:
    layout = roads.read_layout()
    starts, ends = ({getattr(one, side) for one in layout.pieces} for side in ("start", "end"))
    lonely = (set(layout.junctions) - (starts & ends))
    assert all(name.count("-") >= 2 for name in lonely)  # only carriageways begin or end alone
    assert len(layout.junctions) > 150


def test_expressways_are_left_only_by_ramps() -> None:
    layout = roads.read_layout()
    for piece in layout.pieces:
        if piece.road.elevated and not piece.ramp:
            for name in (piece.start, piece.end):
                assert layout.junctions[name].classes <= {"expressway", "ramp"}


def test_two_crossing_roads_make_one_junction_and_eight_segments() -> None:
    one = Road("one", "一", "One", "arterial", 2, 50, LineString([(-500, 0), (500, 0)]))
    two = Road("two", "二", "Two", "branch", 1, 30, LineString([(0, -500), (0, 500)]))
    layout = lay_out([one, two])
    assert {piece.id for piece in layout.pieces} == {
        f"{road}-{number}-{way}" for road, ways in (("one", "ew"), ("two", "ns"))
        for number in (1, 2) for way in ways}
    middle = layout.junctions["j1"]
    assert (middle.x, middle.y, middle.arms) == (0, 0, 8)


def test_overshoot_is_no_segment() -> None:
    one = Road("one", "一", "One", "arterial", 2, 50, LineString([(-500, 0), (100, 0)]))
    two = Road("two", "二", "Two", "branch", 1, 30, LineString([(0, -500), (0, 500)]))
    ids = {piece.id for piece in lay_out([one, two]).pieces}
    assert {"one-1-e", "one-1-w"} <= ids and "one-2-e" not in ids


def test_middles_match_their_own_segment_and_direction() -> None:
    segments = roads.list_segments()
    numbers = [i for i, one in enumerate(segments) if not one.ramp]
    middles = np.array([segments[i].middle for i in numbers])
    found = roads.nearest_segment(middles[:, 0], middles[:, 1])
    assert np.mean(found == numbers) > 0.99


def test_heading_tells_the_two_directions_apart() -> None:
    east = roads.get_segment("jingshi-road-2-e")
    longitude, latitude = east.middle
    found = roads.nearest_segment([longitude, longitude, longitude], [latitude] * 3,
                                  heading=[88.0, 268.0, np.nan])
    ids = [roads.list_segments()[number].segment_id for number in found]
    assert ids == ["jingshi-road-2-e", "jingshi-road-2-w", "jingshi-road-2-e"]


def test_far_points_match_nothing() -> None:
    assert roads.nearest_segment([117.02, 121.47], [36.90, 31.23]).tolist() == [-1, -1]


def test_geojson_says_what_the_map_needs() -> None:
    features = roads.to_geojson()["features"]
    assert len(features) == len(roads.list_segments())
    assert set(features[0]["properties"]) == {
        "segment_id", "road_id", "name", "name_en", "class", "lanes", "limit_kmh", "length_m"}
    assert len(roads.list_waters()) == 4
    assert "泉城广场" in {one["properties"]["name"] for one in roads.list_landmarks()}
