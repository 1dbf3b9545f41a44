"""Test that guess reads dirty values rightly or says that it is unsure; the dry run counts them."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from geo.datum import gcj02_to_wgs84
from geo.tree import AreaTree
from tests.streams.mapping.wild import START, Row, drive, onboard, park, write_csv

SHANGHAI = ZoneInfo("Asia/Shanghai")


def set_some(rows: list[Row], share: int, **values: Any) -> int:
    """Set values in every so-manieth row; give how many."""
    for row in rows[::share]:
        row.update(values)
    return len(rows[::share])


@pytest.mark.parametrize(("lon", "lat", "told"), [
    (0, 0, "0"), (-1, -1, "-1"), (999, 999, "999"), ("0.000000", "0.000000", "0")])
def test_placeholders_of_positions_are_not_given(
        tmp_path: Path, lon: Any, lat: Any, told: str) -> None:
    rows = drive()
    marked = set_some(rows, 7, lon=lon, lat=lat)
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.declared.fields["longitude"].missing == [told]
    assert done.unsure("fields.longitude", f"{told} stands where there is no position")
    assert (done.accepted, done.reasons) == (
        300 - marked, {("missing-field", "longitude"): marked})


def test_a_call_without_position_is_accepted_without_one(tmp_path: Path) -> None:
    rows = [{"来电编号": f"C{i}", "来电时间": row["time"], "诉求类别": "供热", "经度": row["lon"],
             "纬度": row["lat"], "等待时长(秒)": 5, "是否接通": "是" if i % 4 else "否",
             "是否满意": ["满意", "不满意", ""][i % 3], "来电号码": f"138{i:08}"}
            for i, row in enumerate(drive(100))]
    marked = set_some(rows, 10, 经度=0, 纬度=0)
    done = onboard(write_csv(tmp_path / "a.csv", rows, encoding="gbk"), "hotline-call")
    assert (done.accepted, done.counts["points"]) == (100, 100 - marked)
    assert done.declared.fields["satisfied"].values == {"满意": True, "不满意": False}
    assert done.declared.fields["answered"].values == {"是": True, "否": False}
    assert {name: done.column(name) for name in ("call_id", "topic", "caller_phone",
                                                 "answer_seconds")} == {
        "call_id": "来电编号", "topic": "诉求类别", "caller_phone": "来电号码",
        "answer_seconds": "等待时长(秒)"}


def test_rounded_coordinates_are_suspicious(tmp_path: Path) -> None:
    rows = [{**r, "lon": round(r["lon"], 2), "lat": round(r["lat"], 2)} for r in drive()]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.accepted == 300 and done.unsure("fields.longitude", "more than 2 decimals")


def test_exchanged_coordinates_are_put_right_and_told(tmp_path: Path) -> None:
    rows = [{**r, "lon": r["lat"], "lat": r["lon"]} for r in drive()]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert (done.column("longitude"), done.column("latitude")) == ("lat", "lon")
    assert done.accepted == 300 and done.unsure("fields.longitude", "exchanged")


def test_a_few_exchanged_rows_are_told_and_refused(tmp_path: Path) -> None:
    rows = drive()
    for row in rows[::10]:
        row["lon"], row["lat"] = row["lat"], row["lon"]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.column("longitude") == "lon"
    assert done.unsure("fields.longitude", "30 of 300 rows", "beyond 90")
    assert (done.accepted, done.reasons) == (270, {("above-maximum", "latitude"): 30})


def test_the_city_tells_positions_without_names(tmp_path: Path, areas: Path) -> None:
    names = ["a", "b", "c", "d", "e"]
    done = onboard(write_csv(tmp_path / "a.csv", drive(), names=names), "vehicle-position",
                   AreaTree.load(areas))
    assert (done.column("longitude"), done.column("latitude")) == ("c", "d")
    assert done.unsure("fields.longitude", "by their numbers")
    assert done.unsure("datum", "GCJ-02", "gcj02, bd09")
    assert any("100% of the points" in note for note in done.proposal.notes)
    assert done.counts["in_city"] == done.counts["points"] == 300


def test_a_datum_in_the_names_is_taken(tmp_path: Path) -> None:
    names = ["plate", "time", "gcj_lng", "gcj_lat", "speed"]
    done = onboard(write_csv(tmp_path / "a.csv", drive(), names=names), "vehicle-position")
    assert done.declared.datum == "gcj02" and done.unsure("datum", "names of the coordinates")
    assert abs(float(gcj02_to_wgs84([117.0], [36.6])[0][0]) - 117.0) > 0.001  # type: ignore[arg-type]


@pytest.mark.parametrize(("factor", "says"), [(1e6, "millionths"), (1e5, "metres")])
def test_positions_that_are_no_degrees(tmp_path: Path, factor: float, says: str) -> None:
    rows = [{**r, "lon": round(r["lon"] * factor), "lat": round(r["lat"] * factor)}
            for r in drive()]
    if says == "metres":
        rows = [{**r, "lon": r["lon"] / 10 + 0.5, "lat": r["lat"] + 0.5} for r in rows]
        for row in rows:
            row["lat"] = row["lat"] / 10
    path = write_csv(tmp_path / "a.csv", rows)
    if says == "millionths":
        done = onboard(path, "vehicle-position")
        assert done.accepted == 300 and done.unsure("fields.longitude", says)
        return
    with pytest.raises(Exception, match="longitude, latitude of vehicle-position must be mapped"):
        onboard(path, "vehicle-position")


def test_repeated_keys_are_no_ids(tmp_path: Path) -> None:
    rows = [{"id": i // 2, **row} for i, row in enumerate(drive())]
    rows += [dict(row) for row in rows[:25]]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.declared.id.hash == ["plate"]
    assert done.unsure("id", "25 of 325 rows", "plate and time")
    assert (done.accepted, done.counts["duplicates"]) == (300, 25)


def test_car_parks_fuller_than_full_are_refused(tmp_path: Path) -> None:
    rows = park()
    marked = set_some(rows, 9, occupied=500)
    done = onboard(write_csv(tmp_path / "a.csv", rows), "parking-occupancy")
    assert (done.accepted, done.reasons) == (
        200 - marked, {("above-field", "occupied"): marked})
    assert done.declared.fields["status"].values is None


def test_a_percentage_of_spaces_becomes_their_number(tmp_path: Path) -> None:
    names = ["停车场编号", "时间", "经度", "纬度", "总车位", "占用率(%)", "状态"]
    rows = [{**row, "status": {"open": "开放", "closed": "关闭"}[row["status"]]} for row in park()]
    done = onboard(write_csv(tmp_path / "a.csv", rows, names=names), "parking-occupancy")
    assert done.declared.fields["occupied"].of == "总车位" and done.accepted == 200
    assert done.unsure("fields.occupied", "per cent of '总车位'")
    assert done.declared.fields["status"].values == {"开放": "open", "关闭": "closed"}


@pytest.mark.parametrize("name", ["free", "空余车位", "freie Plätze"])
def test_free_spaces_are_not_taken_for_occupied_ones(tmp_path: Path, name: str) -> None:
    names = ["car_park_id", "time", "longitude", "latitude", "capacity", name, "status"]
    done = onboard(write_csv(tmp_path / "a.csv", park(), names=names), "parking-occupancy")
    assert "occupied" not in done.declared.fields and done.accepted == 200
    assert done.unsure("fields.occupied", repr(name), "does not subtract")


def test_formats_and_zones_mixed_in_one_column(tmp_path: Path) -> None:
    rows = drive(120)
    for i, row in enumerate(rows):
        at = row["time"]
        row["time"] = (f"{at:%Y-%m-%d %H:%M:%S}", f"{at:%Y/%m/%d %H:%M:%S}",
                       at.replace(tzinfo=SHANGHAI).astimezone(UTC).isoformat())[i % 3]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.accepted == 120 and done.counts["first_at"] == "2026-03-14T00:00:00+00:00"
    assert done.counts["last_at"] == "2026-03-14T00:19:50+00:00"
    assert done.unsure("time", "in more than one way", "iso", "%Y/%m/%d %H:%M:%S")
    assert done.unsure("time", "67% of the times carry no zone")


@pytest.mark.parametrize(("spelt", "formats"), [
    ("%Y年%m月%d日 %H时%M分%S秒", ["%Y年%m月%d日 %H时%M分%S秒"]),
    ("%Y%m%d%H%M%S", ["%Y%m%d%H%M%S"]), ("%d/%m/%Y %H:%M:%S", ["%d/%m/%Y %H:%M:%S"]),
    ("%m/%d/%Y %I:%M:%S %p", ["%m/%d/%Y %I:%M:%S %p"]),
    ("%Y-%m-%dT%H:%M:%SZ", ["iso"]), ("%Y-%m-%d %H:%M:%S +0800", ["iso"]),
    ("%Y/%m/%d %H:%M:%S +0800", ["%Y/%m/%d %H:%M:%S %z"])])
def test_each_way_to_write_a_time(tmp_path: Path, spelt: str, formats: list[str]) -> None:
    rows = [{**row, "time": f"{row['time']:{spelt}}"} for row in drive()]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.declared.time and done.declared.time.formats == formats
    first = START.replace(tzinfo=UTC if spelt.endswith("Z") else SHANGHAI).astimezone(UTC)
    assert (done.accepted, done.counts["first_at"]) == (300, first.isoformat())
    assert done.unsure("time", "Asia/Shanghai") == (not spelt.endswith(("Z", "0")))


@pytest.mark.parametrize(("scale", "form"), [
    (1, "epoch-s"), (1000, "epoch-ms"), (1_000_000, "epoch-us"), (10**9, "epoch-ns")])
def test_epochs_of_every_scale(tmp_path: Path, scale: int, form: str) -> None:
    rows = [{**r, "time": int(r["time"].replace(tzinfo=UTC).timestamp()) * scale} for r in drive()]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.declared.time and done.declared.time.formats == [form]
    assert (done.accepted, done.counts["first_at"]) == (300, "2026-03-14T08:00:00+00:00")


def test_day_and_month_that_nothing_tells_apart(tmp_path: Path) -> None:
    rows = [{**row, "time": f"{datetime(2026, 5, 1 + i // 30, 8, i % 30):%d/%m/%Y %H:%M}"}  # noqa: DTZ001
            for i, row in enumerate(drive())]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.declared.time and done.declared.time.formats == ["%d/%m/%Y %H:%M"]
    assert done.unsure("time", "no value tells day from month", "%m/%d/%Y %H:%M")


def test_placeholders_of_times_are_refused_not_counted(tmp_path: Path) -> None:
    rows = drive()
    marked = set_some(rows, 20, time="1970-01-01 00:00:00")
    rows[1]["time"] = rows[3]["time"] = "2099-12-31 23:59:59"
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.declared.time and sorted(done.declared.time.missing) == [
        "1970-01-01 00:00:00", "2099-12-31 23:59:59"]
    assert done.unsure("time", "far from all other times")
    assert (done.accepted, done.reasons) == (
        298 - marked, {("not-mapped", "$time"): marked + 2})


def test_the_newest_row_first_and_a_date_beside_a_clock(tmp_path: Path) -> None:
    rows = [{"plate": r["plate"], "日期": f"{r['time']:%Y/%m/%d}", "钟点": f"{r['time']:%H:%M:%S}",
             "lon": r["lon"], "lat": r["lat"]} for r in reversed(drive())]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.declared.time and done.declared.time.template == "{日期} {钟点}"
    assert done.accepted == 300 and any("newest" in note for note in done.proposal.notes)


@pytest.mark.parametrize(("name", "unit"), [
    ("speed_mph", "mph"), ("speed (m/s)", "m/s"), ("速度（米/秒）", "m/s"), ("speed_kmh", ""),
    ("Speed [kn]", "kn")])
def test_units_are_told_by_names(tmp_path: Path, name: str, unit: str) -> None:
    names = ["plate", "time", "lon", "lat", name]
    done = onboard(write_csv(tmp_path / "a.csv", drive(), names=names), "vehicle-position")
    assert (done.column("speed"), done.declared.fields["speed"].unit) == (name, unit)
    assert not done.unsure("fields.speed", "unit")


def test_a_speed_without_unit_is_unsure_and_placeholders_are_left_out(tmp_path: Path) -> None:
    rows = drive()
    marked = set_some(rows, 10, speed=-1) + set_some(rows[1:], 25, speed=999)
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert done.unsure("fields.speed", "does not tell the unit", "mph, m/s, kn")
    assert done.unsure("fields.speed", f"{marked} cell(s)", "-1, 999")
    assert (done.accepted, done.counts["refused"]) == (300, 0)


def test_shares_of_one_become_per_cent(tmp_path: Path) -> None:
    drawn = random.Random(5)
    rows = [{"detector": f"D{i % 3}", "time": START + timedelta(seconds=60 * (i // 3)),
             "lon": 117.01234, "lat": 36.61234, "occupancy": round(drawn.random(), 3)}
            for i in range(90)]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "traffic-flow")
    assert done.declared.fields["occupancy"].unit == "share" and done.accepted == 90
    assert done.unsure("fields.occupancy", "no number is above 1")
    assert done.declared.fields["interval_seconds"].constant == 60
    assert done.unsure("fields.interval_seconds", "after 60 s")


def test_words_are_translated_to_codes_and_the_rest_is_told(tmp_path: Path) -> None:
    kinds = ["出租车", "公交", "小汽车", "PKW", "有轨电车"]
    rows = [{**row, "车型": kinds[i % 5]} for i, row in enumerate(drive())]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    rule = done.declared.fields["vehicle_type"]
    assert rule.values == {"出租车": "taxi", "公交": "bus", "小汽车": "car", "PKW": "car"}
    assert rule.otherwise == "other" and done.accepted == 300
    assert done.unsure("fields.vehicle_type", "'有轨电车'", "read as other")


def test_steps_with_a_time_each_make_an_event_each(tmp_path: Path) -> None:
    rows = [{"案件编号": f"A{i}", "案件类别": "噪声", "处置部门": "城管局", "案件来源": "市民",
             "上报时间": row["time"], "立案时间": row["time"] + timedelta(hours=1),
             "结案时间": row["time"] + timedelta(hours=5) if i % 2 else "", "经度": row["lon"],
             "纬度": row["lat"], "办理时限": row["time"] + timedelta(days=2)}
            for i, row in enumerate(drive(100))]
    done = onboard(write_csv(tmp_path / "a.csv", rows, encoding="gb18030"), "grid-case")
    assert [step.name for step in done.declared.events] == ["reported", "filed", "closed"]
    assert (done.accepted, done.counts["refused"]) == (250, 0)
    assert done.declared.fields["reported_by"].values == {"市民": "public"}
    assert done.column("due_at") == "办理时限"


def test_a_wide_table_of_air_quality(tmp_path: Path) -> None:
    drawn = random.Random(2)
    rows: list[Row] = [{
        "站点": f"S{i % 2}", "时间": START + timedelta(hours=i // 2), "经度": 117.0123,
        "纬度": 36.6123, "PM2.5": drawn.randrange(5, 90), "CO(mg/m³)": round(drawn.random(), 2),
        "气温(℃)": 20.5} for i in range(60)]
    marked = set_some(rows, 6, **{"PM2.5": -999}) + set_some(rows, 10, **{"CO(mg/m³)": "-"})
    done = onboard(write_csv(tmp_path / "a.csv", rows), "environment-reading")
    assert done.declared.unpivot and done.declared.unpivot.convert == {
        "CO(mg/m³)": ("mg/m3", "µg/m³")}
    assert (done.accepted, done.counts["refused"]) == (180 - marked, 0)
    assert done.unsure("source.missing", "-999")


def test_markers_of_nothing_are_found(tmp_path: Path) -> None:
    rows = drive()
    for i, row in enumerate(rows):
        row["speed"] = ["NA", "-", "null", "", row["speed"]][i % 5]
    done = onboard(write_csv(tmp_path / "a.csv", rows), "vehicle-position")
    assert {"", "NA", "-", "null"} <= set(done.declared.source.missing)
    assert (done.accepted, done.counts["refused"]) == (300, 0)


def test_what_no_column_gives_is_named_and_not_invented(tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_text(
        json.dumps({"plate": "鲁A12345", "speed": 3}) + "\n", encoding="utf-8")
    with pytest.raises(Exception, match="longitude, latitude of vehicle-position must be mapped"):
        onboard(tmp_path / "a.ndjson", "vehicle-position")
