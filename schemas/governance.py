"""Declare the steps of grid-governance cases (网格事件) and the caseload they add up to."""

from __future__ import annotations

from schemas.declare import Event, Lifetime, Result, code, decimal, derived, instant, measure, text
from schemas.vocabulary import CASE_CATEGORIES, DEPARTMENTS

STEPS = {
    "reported": ("Reported", "上报"), "verified": ("Verified", "核实"),
    "filed": ("Filed", "立案"), "dispatched": ("Dispatched", "派遣"),
    "handled": ("Handled", "处置"), "checked": ("Checked", "核查"),
    "closed": ("Closed", "结案"), "returned": ("Returned", "回退"),
    "extended": ("Extended", "延期"), "reworked": ("Reworked", "返工"),
    "voided": ("Voided", "作废"),
}


class GridCase(
    Event, chinese="网格事件流转", domain="governance", owner="city-grid", personal="none",
    place=("longitude", "latitude"), horizon_seconds=3600, steps=True,
    lifetime=Lifetime(raw_hours=168, topic_hours=168, store_days=180),
):
    """One step in the life of one grid case."""

    case_id = text("Case", "案件编号", key=True, max_length=64, example="370102-20261124-00017")
    step = code("Step", "流转环节", STEPS, example="reported")
    category = text("Category", "类别", english=CASE_CATEGORIES, max_length=128,
                    example="市容环境/暴露垃圾")
    department = text("Department", "责任部门", english=DEPARTMENTS, max_length=128,
                      example="城管局")
    reported_by = code("Reported by", "来源", {
        "patrol": ("Patrol", "监督员"), "public": ("Public", "公众"),
        "hotline": ("Hotline", "12345热线"), "sensor": ("Sensor", "物联感知"),
        "other": ("Other", "其他")}, example="patrol")
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        stream=False, example=117.0203)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7, stream=False,
                       example=36.6612)
    due_at = instant("Deadline", "办理时限", required=False, stream=False,
                     example="2026-11-24T12:00:00+08:00")
    description = text("Description", "描述", required=False, max_length=2000, personal="masked",
                       example="路口东南角垃圾堆放")


class GridCaseload(
    Result, chinese="网格事件量", domain="governance", place="area", inputs=("grid-case",),
    lifetime=Lifetime(store_days=180),
):
    """Steps taken on grid cases in one window, by area and department."""

    area = text("Area code", "区划代码", key=True)
    department = text("Department", "责任部门", key=True, english=DEPARTMENTS)
    reported = measure("Reported", "上报数")
    verified = measure("Verified", "核实数")
    filed = measure("Filed", "立案数")
    dispatched = measure("Dispatched", "派遣数")
    handled = measure("Handled", "处置数")
    checked = measure("Checked", "核查数")
    closed = measure("Closed", "结案数")
    returned = measure("Returned", "回退数")
    extended = measure("Extended", "延期数")
    reworked = measure("Reworked", "返工数")
    filed_share = derived("Filing rate", "立案率", unit="%",
                          sql="100 * filed / nullIf(reported, 0)")
    closed_share = derived("Closed per filed", "结案率", unit="%",
                           sql="100 * closed / nullIf(filed, 0)")
