"""Test how tiles are composed: from everything, from nothing, and from a family nobody planned."""

from __future__ import annotations

from typing import Any

from dashboards.map.tiles import compose_operations, compose_tiles, compose_unplanned
from schemas.declare import Event, decimal, text

MINUTE = 60_000


class TideGauge(Event, chinese="潮位", domain="environment", owner="sea", personal="none",
                place=("longitude", "latitude")):
    """One reading of one tide gauge."""

    gauge_id = text("Gauge", "潮位站", key=True, example="g1")
    longitude = decimal("Longitude", "经度", ge=-180, le=180, decimals=7, example=119.0)
    latitude = decimal("Latitude", "纬度", ge=-90, le=90, decimals=7, example=37.0)
    level = decimal("Level", "潮高", unit="m", ge=-20, le=20, decimals=3, example=1.2)


def _minute(number: int, **more: Any) -> dict[str, Any]:
    """Give one row of the pulse."""
    row = {"at": number * MINUTE, "speed": 30.0, "speed_samples": 100, "flow": 600.0,
           "flow_samples": 10, "occupied": 60, "capacity": 100, "pm2_5": 40.0,
           "cases_reported": 2, "calls": 3, "items": 4}
    return row | more


def test_nothing_read_gives_missing_figures_not_zeros() -> None:
    tiles = compose_tiles({}, "zh")
    assert [one["id"] for one in tiles] == [
        "traffic", "parking", "environment", "governance", "hotline", "service"]
    for one in tiles:
        assert one["at"] is None
        assert [figure["value"] for figure in (one["head"], *one["more"])] == \
            [None] * (1 + len(one["more"]))


def test_speed_weighs_the_newest_two_minutes_by_their_samples() -> None:
    pulse = [_minute(1, speed=99.0), _minute(2, speed=30.0, speed_samples=90),
             _minute(3, speed=50.0, speed_samples=10)]
    tile = compose_tiles({"trends": {"pulse": pulse, "vehicles": []}}, "en")[0]
    assert tile["head"]["value"] == 32.0


def test_a_silent_minute_is_a_gap_in_the_trend() -> None:
    pulse = [_minute(1), _minute(2, speed=None, speed_samples=0, capacity=0), _minute(3),
             _minute(4)]
    tiles = compose_tiles({"trends": {"pulse": pulse, "vehicles": []}}, "en")
    assert tiles[0]["trend"] == [30.0, None, 30.0]
    assert tiles[1]["trend"] == [60.0, None, 60.0]


def test_counts_are_summed_over_whole_five_minutes() -> None:
    pulse = [_minute(number) for number in range(3, 23)]
    tile = compose_tiles({"trends": {"pulse": pulse, "vehicles": []}}, "en")[3]
    assert tile["trend"] == [10, 10, 10]


def test_a_tile_is_as_new_as_its_newest_family() -> None:
    progress = {"vehicle-position": 5000, "traffic-flow": 7000, "grid-case": 3000}
    tiles = compose_tiles({"progress": progress}, "zh")
    assert [one["at"] for one in tiles[:4]] == [7000, None, None, 3000]


def test_a_new_family_names_itself() -> None:
    data = {"events": 12, "at": 1, "fields": ["level"], "rows": [("g1", [1.5])]}
    tile = compose_unplanned(TideGauge.family, data, "zh")
    assert (tile["title"], tile["columns"]) == ("潮位", ["潮位站", "潮高 m"])
    assert compose_unplanned(TideGauge.family, None, "en")["head"]["value"] is None


def test_operations_show_the_gap_first() -> None:
    data = {"gap": 3, "rate": 1000.0, "refused": 0.1, "late": 2, "duplicates": 4, "rates": [1, 2],
            "at": 9, "delay": 850}
    tile = compose_operations(data, "en")
    assert tile["gap"] == 3
    assert [one["value"] for one in tile["figures"]] == [3, 1000.0, 0.85, 0.1, 2, 4]
    assert compose_operations(None, "en")["gap"] is None


def test_the_ledger_of_publishers_shows_the_wrong_ones_alone_where_there_are_any() -> None:
    def row(name: str, residual: int) -> dict[str, object]:
        return {"publisher": name, "received": 9, "counted": 5, "late": 1, "refused": 1,
                "duplicates": 1, "in_flight": 1, "residual": residual}

    told = compose_operations({"publishers": [row("a", 0), row("b", 0)]}, "zh")["balances"]
    assert [(one["publisher"], one["wrong"]) for one in told] == [("a", False), ("b", False)]
    assert told[0]["received"] == ["接收", 9]
    assert told[0]["terms"] == [["计入", 5], ["迟到", 1], ["拒收", 1], ["重复", 1], ["在途", 1]]
    told = compose_operations({"publishers": [row("b", 3), row("a", 0)]}, "en")["balances"]
    assert [(one["publisher"], one["residual"][1]) for one in told] == [("b", 3)]


def test_a_full_disk_stands_in_the_operations_tile() -> None:
    assert compose_operations({"disk_full": False}, "zh")["title"] == "系统运行"
    full = compose_operations({"disk_full": True}, "zh")
    assert (full["title"], full["disk_full"]) == ("系统运行 · 磁盘已满，暂停接收", True)
