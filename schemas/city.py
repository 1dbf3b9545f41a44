"""Declare what concerns the whole city: its pulse, and the alerts that rules raise and clear."""

from __future__ import annotations

from schemas.declare import (
    Event,
    Lifetime,
    Result,
    code,
    decimal,
    derived,
    instant,
    integer,
    measure,
    text,
)


class Alert(
    Event, chinese="告警", domain="city", owner="city-alerts", personal="none",
    horizon_seconds=3600, lifetime=Lifetime(raw_hours=168, topic_hours=168, store_days=180),
):
    """The raising or clearing of one alert by one rule at one place."""

    alert_id = text("Alert", "告警编号", key=True, max_length=128, example="slow-road:jingshi:1")
    rule_id = text("Rule", "规则", max_length=64, example="slow-road")
    state = code("State", "状态", {"raised": ("Raised", "发生"), "cleared": ("Cleared", "解除")},
                 example="raised")
    severity = code("Severity", "等级", {
        "red": ("Red", "红色"), "orange": ("Orange", "橙色"), "yellow": ("Yellow", "黄色"),
        "blue": ("Blue", "蓝色")}, example="yellow")
    place = text("Area, road or station", "区域、道路或站点", max_length=128, example="370102")
    title_en = text("Title", "英文标题", max_length=256, stream=False, example="Slow traffic")
    title_zh = text("Chinese title", "标题", max_length=256, stream=False, example="道路缓行")
    value = decimal("Value", "数值", ge=-1e12, le=1e12, decimals=3, example=9.4)
    threshold = decimal("Threshold", "阈值", ge=-1e12, le=1e12, decimals=3, stream=False,
                        example=15.0)
    raised_at = instant("Raised at", "发生时间", stream=False,
                        example="2026-11-24T08:00:00+08:00")
    duration_seconds = integer("Duration", "持续时长", unit="s", ge=0, le=31536000,
                               required=False, stream=False, example=0)


class CityPulse(
    Result, chinese="城市脉搏", domain="city", place="area", windows=(60,),
    inputs=("vehicle-position", "traffic-flow", "parking-occupancy", "grid-case",
            "hotline-call", "service-item", "environment-reading"),
    lifetime=Lifetime(store_days=365),
):
    """One row a minute and area with the headline of each domain."""

    area = text("Area code", "区划代码", key=True)
    speed_samples = measure("Speed samples", "速度样本数")
    speed_sum = measure("Sum of speeds", "速度合计", unit="km/h", decimals=2)
    flow_samples = measure("Flow samples", "流量样本数")
    flow_sum = measure("Sum of flows", "流量合计", unit="veh/h", decimals=2)
    parking_samples = measure("Car-park samples", "停车场样本数")
    parking_occupied_sum = measure("Sum of occupied spaces", "已占车位合计")
    parking_capacity_sum = measure("Sum of capacities", "总车位合计")
    cases_reported = measure("Cases reported", "上报事件数")
    cases_closed = measure("Cases closed", "结案事件数")
    calls = measure("Calls", "来电数")
    calls_answered = measure("Calls answered", "接通数")
    items = measure("Service items", "办件数")
    items_online = measure("Items handled online", "网办件数")
    pm2_5_samples = measure("PM2.5 samples", "PM2.5样本数")
    pm2_5_sum = measure("Sum of PM2.5", "PM2.5合计", unit="µg/m³", decimals=3)
    mean_speed = derived("Mean speed", "平均速度", unit="km/h",
                         sql="speed_sum / nullIf(speed_samples, 0) / 100")
    parking_share = derived("Car parks taken", "停车占用率", unit="%",
                            sql="100 * parking_occupied_sum / nullIf(parking_capacity_sum, 0)")
    mean_pm2_5 = derived("Mean PM2.5", "PM2.5均值", unit="µg/m³",
                         sql="pm2_5_sum / nullIf(pm2_5_samples, 0) / 1000")
