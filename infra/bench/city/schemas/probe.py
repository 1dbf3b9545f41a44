"""Declare what the benchmark sends and counts; it is added to the benchmark's own city only."""

from __future__ import annotations

from schemas.declare import Event, Lifetime, Result, code, decimal, derived, measure, text

CLASSES = {
    "motorway": ("Motorway", "高速公路"), "trunk": ("Trunk road", "快速路"),
    "primary": ("Primary road", "主干路"), "secondary": ("Secondary road", "次干路"),
    "residential": ("Residential street", "支路")}
# Bins of 1 km/h up to 250 km/h, so that a percentile follows from them at any level: four of them
# share a whole number, 15 bits each, since a result has few columns and a window few events.
BINS, BITS = 4, 15
COUNTERS = 63


def counter(number: int) -> str:
    """Name a column of four bins."""
    return f"bins_{number:02d}"


_COUNTS = ", ".join(
    f"bitAnd(bitShiftRight(assumeNotNull({counter(i)}), {BITS * j}), {(1 << BITS) - 1})"
    for i in range(COUNTERS) for j in range(BINS))
# in hundredths of km/h, linear between the two nearest ranks: a bin's number is how many of the
# sums of all bins up to each do not reach beyond the rank
_LOW = (f"arrayCount(n -> n <= intDiv((events - 1) * 85, 100), arrayCumSum([{_COUNTS}])"
        " AS speeds_below)")
_HIGH = ("arrayCount(n -> n <= least(intDiv((events - 1) * 85, 100) + 1, events - 1),"
         " speeds_below)")
P85 = f"({_LOW} AS low_bin) * 100 + ({_HIGH} - low_bin) * ((events - 1) * 85 % 100)"
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
    for _i in range(COUNTERS):
        vars()[counter(_i)] = measure(
            f"Speeds from {_i * BINS} km/h on, by 1 km/h", f"{_i * BINS} km/h 起各档样本数")
    speed_p85 = derived("85th percentile of speeds in bins of 1 km/h", "85% 位车速", unit="km/h",
                        sql=f"toInt64({P85}) / 100")
    mean_speed = derived("Mean speed", "平均速度", unit="km/h", sql="speed_sum / events / 100")
