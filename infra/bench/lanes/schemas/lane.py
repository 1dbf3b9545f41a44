"""Declare lane by lane what OSPBench sends, and what its pipeline gives; for that one only."""

from __future__ import annotations

from schemas.declare import Event, Lifetime, Result, decimal, derived, integer, measure, text

LARGE = Lifetime(raw_hours=12, topic_hours=12, partition_megabytes=4096, store_megabytes=16_384)
_FLOW = "(flow_sum - flow_before) / flow_before"
# of means over lanes, kept as sums: the quotient of whole numbers, so exact
_SPEED = ("(speed_sum * lanes_before - speed_before * lanes) / (speed_before * lanes)")


class LaneFlow(
    Event, chinese="车道流量", domain="traffic", owner="city-probe", personal="none",
    place=("longitude", "latitude"), horizon_seconds=3600, partitions=4, lifetime=LARGE,
):
    """Vehicles that passed one lane of a measurement point in one interval."""

    point_id = text("Measurement point", "测量点", key=True, max_length=64, example="point-00001")
    lane = text("Lane", "车道", max_length=16, example="lane1")
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        stream=False, example=117.0203)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7, stream=False,
                       example=36.6612)
    flow = integer("Flow", "流量", unit="veh/h", ge=0, le=20_000, example=840)
    period = integer("Interval", "检测时长", unit="s", ge=1, le=3600, stream=False, example=60)
    accuracy = integer("Accuracy", "准确度", unit="%", ge=0, le=100, stream=False, example=95)
    lanes = integer("Lanes of the point", "车道数", ge=1, le=12, stream=False, example=3)


class LaneSpeed(
    Event, chinese="车道车速", domain="traffic", owner="city-probe", personal="none",
    place=("longitude", "latitude"), horizon_seconds=3600, partitions=4, lifetime=LARGE,
):
    """Mean speed on one lane of a measurement point in one interval."""

    point_id = text("Measurement point", "测量点", key=True, max_length=64, example="point-00001")
    lane = text("Lane", "车道", max_length=16, example="lane1")
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        stream=False, example=117.0203)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7, stream=False,
                       example=36.6612)
    speed = decimal("Mean speed", "平均速度", unit="km/h", ge=0, le=250, decimals=2, example=88.5)
    accuracy = integer("Accuracy", "准确度", unit="%", ge=0, le=100, stream=False, example=95)
    lanes = integer("Lanes of the point", "车道数", ge=1, le=12, stream=False, example=3)


class PointChange(
    Result, chinese="测量点变化率", domain="traffic", inputs=("lane-flow", "lane-speed"),
    windows=(60,), lifetime=LARGE,
):
    """Flow and speed of a measurement point in one interval, and against the interval before."""

    point_id = text("Measurement point", "测量点", key=True, max_length=64)
    lanes = measure("Lanes joined", "已匹配车道数")
    flow_sum = measure("Flow of all lanes", "各车道流量合计", unit="veh/h")
    speed_sum = measure("Sum of the lanes' speeds", "各车道速度合计", unit="km/h", decimals=2)
    lanes_before = measure("Lanes joined before", "上一时段车道数")
    flow_before = measure("Flow before", "上一时段流量合计", unit="veh/h")
    speed_before = measure("Sum of speeds before", "上一时段速度合计", unit="km/h", decimals=2)
    flow_change = derived("Relative change of the flow", "流量变化率", decimals=4,
                          sql=f"if(lanes > 0 AND flow_before > 0, {_FLOW}, NULL)")
    speed_change = derived("Relative change of the mean speed", "平均速度变化率", decimals=4,
                           sql=f"if(lanes > 0 AND speed_before > 0, {_SPEED}, NULL)")
