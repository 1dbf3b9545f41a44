"""Declare what traffic systems publish and what the city knows of its roads and car parks."""

from __future__ import annotations

from schemas.declare import (
    Event,
    Lifetime,
    Result,
    code,
    decimal,
    derived,
    integer,
    measure,
    text,
)


class VehiclePosition(
    Event, chinese="浮动车位置", domain="traffic", owner="city-traffic", personal="none",
    place=("longitude", "latitude"), horizon_seconds=600, partitions=2,
    lifetime=Lifetime(raw_hours=12, topic_hours=6, store_days=2, partition_megabytes=2048,
                      store_megabytes=12_288),
):
    """Position and speed of one vehicle at one moment."""

    vehicle_id = text("Vehicle", "车辆", key=True, personal="pseudonym", max_length=64,
                      stream=True, example="鲁A12345")
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        stream=False, example=117.0203)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7,
                       stream=False, example=36.6612)
    speed = decimal("Speed", "速度", unit="km/h", ge=0, le=250, decimals=2, required=False,
                    example=38.5)
    heading = decimal("Heading", "航向", unit="deg", ge=0, le=360, decimals=1, required=False,
                      stream=False, example=92.0)
    road_id = text("Road or route", "道路或线路", required=False, max_length=64,
                   example="jingshi-road")
    segment_id = text("Directed road segment", "有向路段", required=False, max_length=64,
                      stream=False, example="jingshi-road-12-e")
    vehicle_type = code("Vehicle type", "车型", {
        "car": ("Car", "小汽车"), "taxi": ("Taxi", "出租车"), "bus": ("Bus", "公交车"),
        "truck": ("Truck", "货车"), "other": ("Other", "其他")}, required=False, stream=False,
        example="taxi")


class TrafficFlow(
    Event, chinese="交通流检测", domain="traffic", owner="city-traffic", personal="none",
    place=("longitude", "latitude"), public=True,
    lifetime=Lifetime(raw_hours=48, topic_hours=24, store_days=7),
):
    """Flow, speed and occupancy that one detector measured over one interval."""

    sensor_id = text("Detector", "检测器", key=True, max_length=64, public=True,
                     example="loop-0012")
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        stream=False, public=True, example=117.0203)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7, stream=False,
                       public=True, example=36.6612)
    road_id = text("Road", "道路", max_length=64, required=False, public=True,
                   example="jingshi-road")
    segment_id = text("Directed road segment", "有向路段", required=False, max_length=64,
                      stream=False, public=True, example="jingshi-road-12-e")
    interval_seconds = integer("Measured interval", "检测时长", unit="s", ge=1, le=3600,
                               public=True, example=60)
    flow = decimal("Flow", "流量", unit="veh/h", ge=0, le=20000, decimals=2, required=False,
                   public=True, example=840.0)
    speed = decimal("Mean speed", "平均速度", unit="km/h", ge=0, le=250, decimals=2,
                    required=False, public=True, example=41.3)
    occupancy = decimal("Occupancy", "占有率", unit="%", ge=0, le=100, decimals=2,
                        required=False, public=True, example=12.5)


class ParkingOccupancy(
    Event, chinese="停车场占用", domain="traffic", owner="city-parking", personal="none",
    place=("longitude", "latitude"), public=True, horizon_seconds=3600,
):
    """Spaces taken in one car park at one moment; closed and unknown are not full."""

    car_park_id = text("Car park", "停车场", key=True, max_length=64, public=True,
                       example="quancheng-square")
    name = text("Name", "名称", max_length=128, required=False, public=True, stream=False,
                example="泉城广场地下停车场")
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        stream=False, public=True, example=117.0203)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7, stream=False,
                       public=True, example=36.6612)
    capacity = integer("Capacity", "总车位", unit="spaces", ge=1, le=100000, public=True,
                       example=620)
    occupied = integer("Occupied spaces", "已占车位", unit="spaces", ge=0, le=100000,
                       required=False, not_above="capacity", public=True, example=415)
    status = code("Status", "状态", {
        "open": ("Open", "开放"), "closed": ("Closed", "关闭"),
        "unknown": ("Unknown", "未知")}, public=True, example="open")


class RoadState(
    Result, chinese="道路交通状态", domain="traffic", public=True, suppress="vehicles",
    inputs=("vehicle-position", "traffic-flow"),
):
    """Traffic state of one road or route in one window, from probes and detectors."""

    road_id = text("Road or route", "道路或线路", key=True, public=True)
    vehicles = measure("Distinct vehicles", "车辆数", combine="distinct", unit="veh")
    speed_samples = measure("Speed samples", "速度样本数")
    speed_sum = measure("Sum of speeds", "速度合计", unit="km/h", decimals=2)
    speed_min = measure("Lowest speed", "最低速度", combine="min", unit="km/h", decimals=2)
    speed_max = measure("Highest speed", "最高速度", combine="max", unit="km/h", decimals=2)
    flow_samples = measure("Flow samples", "流量样本数")
    flow_sum = measure("Sum of flows", "流量合计", unit="veh/h", decimals=2)
    occupancy_samples = measure("Occupancy samples", "占有率样本数")
    occupancy_sum = measure("Sum of occupancies", "占有率合计", unit="%", decimals=2)
    mean_speed = derived("Mean speed", "平均速度", unit="km/h",
                         sql="speed_sum / nullIf(speed_samples, 0) / 100")
    mean_flow = derived("Mean flow", "平均流量", unit="veh/h",
                        sql="flow_sum / nullIf(flow_samples, 0) / 100")
    mean_occupancy = derived("Mean occupancy", "平均占有率", unit="%",
                             sql="occupancy_sum / nullIf(occupancy_samples, 0) / 100")


class SensorState(
    Result, chinese="检测器状态", domain="traffic", public=True, inputs=("traffic-flow",),
):
    """What one detector measured in one window."""

    sensor_id = text("Detector", "检测器", key=True, public=True)
    speed_samples = measure("Speed samples", "速度样本数")
    speed_sum = measure("Sum of speeds", "速度合计", unit="km/h", decimals=2)
    flow_samples = measure("Flow samples", "流量样本数")
    flow_sum = measure("Sum of flows", "流量合计", unit="veh/h", decimals=2)
    mean_speed = derived("Mean speed", "平均速度", unit="km/h",
                         sql="speed_sum / nullIf(speed_samples, 0) / 100")
    mean_flow = derived("Mean flow", "平均流量", unit="veh/h",
                        sql="flow_sum / nullIf(flow_samples, 0) / 100")


class AreaTraffic(
    Result, chinese="区域交通状态", domain="traffic", public=True, suppress="vehicles",
    place="area", inputs=("vehicle-position", "traffic-flow"),
):
    """Traffic state of one area of the tree in one window."""

    area = text("Area code", "区划代码", key=True, public=True)
    vehicles = measure("Distinct vehicles", "车辆数", combine="distinct", unit="veh")
    speed_samples = measure("Speed samples", "速度样本数")
    speed_sum = measure("Sum of speeds", "速度合计", unit="km/h", decimals=2)
    flow_samples = measure("Flow samples", "流量样本数")
    flow_sum = measure("Sum of flows", "流量合计", unit="veh/h", decimals=2)
    mean_speed = derived("Mean speed", "平均速度", unit="km/h",
                         sql="speed_sum / nullIf(speed_samples, 0) / 100")
    mean_flow = derived("Mean flow", "平均流量", unit="veh/h",
                        sql="flow_sum / nullIf(flow_samples, 0) / 100")


class ParkingState(
    Result, chinese="停车场状态", domain="traffic", public=True, inputs=("parking-occupancy",),
):
    """Use of one car park in one window."""

    car_park_id = text("Car park", "停车场", key=True, public=True)
    samples = measure("Samples with a count", "有效样本数")
    occupied_sum = measure("Sum of occupied spaces", "已占车位合计", unit="spaces")
    occupied_max = measure("Most occupied spaces", "最多已占车位", combine="max", unit="spaces")
    capacity_max = measure("Capacity", "总车位", combine="max", unit="spaces")
    closed_samples = measure("Samples while closed", "关闭样本数")
    mean_occupied = derived("Mean occupied spaces", "平均已占车位", unit="spaces",
                            sql="occupied_sum / nullIf(samples, 0)")
    mean_vacant = derived("Mean vacant spaces", "平均空余车位", unit="spaces",
                          sql="capacity_max - occupied_sum / nullIf(samples, 0)")
