"""Declare public-service events: the 12345 hotline and one-stop government services."""

from __future__ import annotations

from schemas.declare import (
    Event,
    Lifetime,
    Result,
    code,
    decimal,
    derived,
    flag,
    integer,
    measure,
    text,
)
from schemas.vocabulary import CALL_TOPICS, DEPARTMENTS, MATTERS


class HotlineCall(
    Event, chinese="12345热线来电", domain="service", owner="city-hotline", personal="none",
    place=("longitude", "latitude"), horizon_seconds=3600,
    lifetime=Lifetime(raw_hours=72, topic_hours=168, store_days=180),
):
    """One call to the 12345 hotline, with how it was answered."""

    call_id = text("Call", "来电编号", key=True, max_length=64, example="C20261124-000081")
    topic = text("Topic", "诉求类别", english=CALL_TOPICS, max_length=128, example="供热")
    caller_name = text("Caller's name", "来电人姓名", required=False, max_length=64,
                       personal="removed", example="王小明")
    caller_phone = text("Caller's telephone", "来电号码", required=False, max_length=32,
                        personal="case-pseudonym", stream=False, example="13800001234")
    content = text("What was said", "诉求内容", required=False, max_length=4000,
                   personal="masked", example="小区暖气不热")
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        required=False, stream=False, example=117.0203)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7, required=False,
                       stream=False, example=36.6612)
    answer_seconds = decimal("Time to answer", "接听等待时长", unit="s", ge=0, le=3600,
                             decimals=1, example=6.5)
    answered = flag("Answered", "已接通", example=True)
    department = text("Department", "承办部门", english=DEPARTMENTS, max_length=128,
                      required=False, example="住建局")
    satisfied = flag("Satisfied", "满意", required=False, example=True)


class ServiceItem(
    Event, chinese="政务服务办件", domain="service", owner="city-service", personal="none",
    place=("longitude", "latitude"), horizon_seconds=3600,
    lifetime=Lifetime(raw_hours=72, topic_hours=168, store_days=180),
):
    """One step of one item of government service."""

    item_id = text("Item", "办件编号", key=True, max_length=64, example="S20261124-00033")
    matter = text("Matter", "事项", english=MATTERS, max_length=128, example="企业开办")
    step = code("Step", "环节", {
        "accepted": ("Accepted", "受理"), "finished": ("Finished", "办结"),
        "rejected": ("Rejected", "不予办理")}, example="accepted")
    channel = code("Channel", "渠道", {
        "online": ("Online", "网上"), "counter": ("Counter", "窗口"),
        "kiosk": ("Self-service", "自助终端")}, example="online")
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        required=False, stream=False, example=117.0203)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7, required=False,
                       stream=False, example=36.6612)
    visits = integer("Visits needed", "跑动次数", ge=0, le=50, required=False, example=0)
    materials = integer("Materials asked for", "材料份数", ge=0, le=200, required=False,
                        example=3)
    minutes = decimal("Handling time", "办理时长", unit="min", ge=0, le=1000000, decimals=1,
                      required=False, example=42.0)


class HotlinePulse(
    Result, chinese="热线脉搏", domain="service", place="area", inputs=("hotline-call",),
    lifetime=Lifetime(store_days=180),
):
    """Calls to the hotline in one window, by area."""

    area = text("Area code", "区划代码", key=True)
    answered = measure("Answered", "接通数")
    answered_in_15s = measure("Answered within 15 s", "15秒内接通数")
    answer_seconds_sum = measure("Sum of waiting", "等待时长合计", unit="s", decimals=1)
    rated = measure("Rated", "评价数")
    satisfied = measure("Satisfied", "满意数")
    answered_share = derived("Connection rate", "接通率", unit="%",
                             sql="100 * answered / nullIf(events, 0)")
    satisfied_share = derived("Satisfaction", "满意率", unit="%",
                              sql="100 * satisfied / nullIf(rated, 0)")


class ServicePulse(
    Result, chinese="政务服务脉搏", domain="service", place="area", inputs=("service-item",),
    lifetime=Lifetime(store_days=180),
):
    """Government-service items in one window, by area."""

    area = text("Area code", "区划代码", key=True)
    accepted = measure("Accepted", "受理数")
    finished = measure("Finished", "办结数")
    online = measure("Handled online", "网办数")
    at_most_one_visit = measure("At most one visit", "最多跑一次数")
    minutes_sum = measure("Sum of handling time", "办理时长合计", unit="min", decimals=1)
    timed = measure("Items with a handling time", "有时长办件数")
    online_share = derived("Online share", "网办率", unit="%",
                           sql="100 * online / nullIf(events, 0)")
