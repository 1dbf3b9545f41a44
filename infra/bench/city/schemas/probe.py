"""Declare what the benchmark sends and counts; it is added to the benchmark's own city only."""

from __future__ import annotations

from schemas.declare import Event, Lifetime, Result, code, decimal, derived, listed, measure, text

CLASSES = {
    "motorway": ("Motorway", "高速公路"), "trunk": ("Trunk road", "快速路"),
    "primary": ("Primary road", "主干路"), "secondary": ("Secondary road", "次干路"),
    "residential": ("Residential street", "支路")}
# In bins of 1 km/h, of which a percentile follows; a window holds few events of one area and class,
# so their bins are listed, three digits each.
WIDTH = 3
# taken apart in one go: to cut each out of the list by its place would copy the list for each
_BINS = (f"arraySort(arrayMap(one -> toUInt16(one),"
         f" extractAll(assumeNotNull(speeds), '[0-9]{{{WIDTH}}}')))")
# in hundredths of km/h, linear between the two nearest ranks
_RANK = "(events - 1) * 85"
P85 = (f"({_BINS} AS bins)[intDiv({_RANK}, 100) + 1] * (100 - {_RANK} % 100)"
       f" + bins[least(intDiv({_RANK}, 100) + 2, events)] * ({_RANK} % 100)")
# room for ten million records, of which a broker keeps each for as long as the benchmark lasts
LARGE = Lifetime(raw_hours=12, topic_hours=12, partition_megabytes=4096, store_megabytes=16_384)


class ProbePosition(
    Event, chinese="测速浮动车位置", domain="traffic", owner="city-probe", personal="none",
    place=("longitude", "latitude"), horizon_seconds=600, partitions=4, lifetime=LARGE,
):
    """Position and speed of one vehicle of the benchmark."""

    vehicle_id = text("Vehicle", "车辆", key=True, personal="pseudonym", max_length=64,
                      example="v00001")
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        stream=False, example=117.0203)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7, stream=False,
                       example=36.6612)
    speed = decimal("Speed", "速度", unit="km/h", ge=0, le=250, decimals=2, example=38.5)
    heading = decimal("Heading", "航向", unit="deg", ge=0, le=360, decimals=1, stream=False,
                      example=92.0)
    road_class = code("Road class", "道路等级", CLASSES, example="primary")
    vehicle_type = code("Vehicle type", "车型", {
        "car": ("Car", "小汽车"), "taxi": ("Taxi", "出租车"), "bus": ("Bus", "公交车"),
        "truck": ("Truck", "货车")}, stream=False, example="taxi")


class ProbeWindow(
    Result, chinese="测速区域车速", domain="traffic", inputs=("probe-position",),
    windows=(10, 60), lifetime=LARGE,
):
    """Speeds in one of the benchmark's areas on one class of road in one window."""

    area = text("Area code", "区划代码", key=True)
    road_class = code("Road class", "道路等级", CLASSES, key=True)
    speed_sum = measure("Sum of speeds", "速度合计", unit="km/h", decimals=2)
    speed_min = measure("Lowest speed", "最低速度", combine="min", unit="km/h", decimals=2)
    speed_max = measure("Highest speed", "最高速度", combine="max", unit="km/h", decimals=2)
    speeds = listed("Speeds in whole km/h", "各样本速度（整公里）", width=WIDTH, unit="km/h")
    speed_p85 = derived("85th percentile of speeds in bins of 1 km/h", "85% 位车速", unit="km/h",
                        sql=f"toInt64({P85}) / 100")
    mean_speed = derived("Mean speed", "平均速度", unit="km/h", sql="speed_sum / events / 100")
