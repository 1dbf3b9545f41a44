"""Test that guess reads files however they are written, or says in one line why it cannot."""

from __future__ import annotations

import gzip
import json
import random
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import registry
from schemas.errors import MappingError
from streams.mapping.guess.propose import propose
from streams.mapping.guess.write import write_map
from streams.mapping.read import parse_map
from tests.streams.mapping.wild import drive, onboard, write_csv

CHINESE = ["车牌号", "定位时间", "经度", "纬度", "速度(km/h)"]
GERMAN = ["Kennzeichen", "Zeitstempel", "Länge", "Breite", "Geschwindigkeit (km/h)"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", [
    "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gbk", "gb18030"])
def test_chinese_files_in_every_encoding(tmp_path: Path, encoding: str, delimiter: str) -> None:
    rows = drive()
    path = write_csv(tmp_path / "a.csv", rows, encoding=encoding, delimiter=delimiter,
                     names=CHINESE)
    done = onboard(path, "vehicle-position")
    assert (done.accepted, done.reasons) == (len(rows), {})
    assert [done.column(name) for name in ("vehicle_id", "longitude", "latitude", "speed")] == [
        "车牌号", "经度", "纬度", "速度(km/h)"]
    assert done.declared.time and done.declared.time.column == "定位时间"
    assert not any(doubt.key == "fields.speed" for doubt in done.proposal.doubts)


def test_a_german_file_with_decimal_commas_in_latin_1(tmp_path: Path) -> None:
    rows = drive()
    for row in rows:
        row["plate"] = row["plate"].replace("鲁A", "KÖ-AB ")
    path = write_csv(tmp_path / "a.csv", rows, encoding="latin-1", delimiter=";", names=GERMAN,
                     cell=lambda v: f"{v:%d.%m.%Y %H:%M:%S}" if hasattr(v, "year")
                     else str(v).replace(".", ","))
    done = onboard(path, "vehicle-position")
    assert (done.accepted, done.declared.source.decimal) == (len(rows), ",")
    assert done.declared.source.encoding in ("cp1252", "latin-1")
    assert [done.column(name) for name in ("vehicle_id", "longitude", "latitude", "speed")] == [
        "Kennzeichen", "Länge", "Breite", "Geschwindigkeit (km/h)"]
    assert done.declared.time and done.declared.time.formats == ["%d.%m.%Y %H:%M:%S"]


def test_numbers_with_comma_and_with_point_are_told(tmp_path: Path) -> None:
    rows = drive(60)
    for row in rows[:20]:
        row["speed"] = str(row["speed"]).replace(".", ",")
    done = onboard(write_csv(tmp_path / "a.csv", rows, delimiter=";"), "vehicle-position")
    assert done.unsure("source.decimal", "20 numbers have a comma")
    assert done.accepted == 40 and done.reasons == {("not-mapped", "speed"): 20}


def test_quoted_newlines_and_ragged_rows(tmp_path: Path) -> None:
    rows = [{**row, "note": "two\nlines, quoted" if i % 3 else "x"}
            for i, row in enumerate(drive(90))]
    path = write_csv(tmp_path / "a.csv", rows)
    with path.open("a", encoding="utf-8") as file:
        file.write("鲁A1,2026-03-14 09:00:00\n鲁A2,2026-03-14 09:00:01,117.0,36.6,1,x,y,z\n")
    done = onboard(path, "vehicle-position")
    assert (done.accepted, done.reasons) == (90, {("not-mapped", "$row"): 2})
    assert done.unsure("source", "2 of the first 92 rows cannot be read", "2 cells")


def test_doubled_empty_and_unfit_names_are_named_anew(tmp_path: Path) -> None:
    names = ["plate", "time", "lon", "lat", "speed"]
    rows = [{**row, "again": 5, "none": "x", "odd": "y"} for row in drive(50)]
    path = write_csv(tmp_path / "a.csv", rows, names=[*names, "speed", "", "{odd}:"])
    done = onboard(path, "vehicle-position")
    assert done.declared.source.header == [*names, "speed_2", "column_7", "_odd__"]
    assert done.unsure("source.header", "speed_2", "column_7", "_odd__")
    assert (done.accepted, done.column("speed")) == (50, "speed")


def test_titles_above_the_table_and_headers_within_it(tmp_path: Path) -> None:
    rows = drive(40)
    body = write_csv(tmp_path / "b.csv", rows).read_text(encoding="utf-8")
    path = tmp_path / "a.csv"
    path.write_text("出租车定位数据导出\n导出人,张三\n" + body
                    + "plate,time,lon,lat,speed\n" + body.split("\n", 1)[1].replace("鲁A", "鲁B"),
                    encoding="utf-8")
    done = onboard(path, "vehicle-position")
    assert done.declared.source.skip_rows == 2 and done.unsure("source.skip_rows", "fewer cells")
    assert (done.accepted, done.counts["refused"]) == (80, 0)
    assert any("header comes again" in note for note in done.proposal.notes)


def test_a_file_without_header_is_read_by_its_values(tmp_path: Path) -> None:
    done = onboard(write_csv(tmp_path / "a.csv", drive(), header=False), "vehicle-position")
    assert done.accepted == 300
    assert [done.column(n) for n in ("vehicle_id", "longitude", "latitude")] == [
        "column_1", "column_3", "column_4"]
    assert done.unsure("source.header", "no header")
    assert done.unsure("fields.longitude", "by their numbers")
    assert done.unsure("fields.vehicle_id", "only the values")


def test_a_header_alone_is_guessed_by_its_names(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("vehicle_id,timestamp,lon,lat,speed_mph\n")
    done = onboard(tmp_path / "a.csv", "vehicle-position")
    assert done.accepted == 0 and any("no rows" in note for note in done.proposal.notes)
    assert [done.column(n) for n in ("vehicle_id", "longitude", "latitude", "speed")] == [
        "vehicle_id", "lon", "lat", "speed_mph"]
    assert done.declared.fields["speed"].unit == "mph" and not done.proposal.lacking


def binary(path: Path) -> None:
    """Write bytes that are nothing."""
    path.write_bytes(random.Random(3).randbytes(5000))


def workbook(path: Path) -> None:
    """Write a zip archive, as workbooks are."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.xml", "<a/>")


@pytest.mark.parametrize(("content", "says"), [
    (b"", "is empty"), (b"\xef\xbb\xbf", "has no|is empty"), (b" \r\n\n", "is empty"),
    (binary, "binary data"), (workbook, "an Excel workbook is one"),
    (gzip.compress(b"a,b\n1,2\n"), "gzip"), (b"<osm></osm>", "XML"),
    (b'[{"a": 1}]', "one JSON array"), (b'{\n "a": 1\n}', "one JSON object over several lines"),
    (b"PAR1 and nothing more", "not a Parquet file"),
])
def test_what_is_no_table_is_told_in_one_line(tmp_path: Path, content: Any, says: str) -> None:
    path = tmp_path / "a.csv"
    if callable(content):
        content(path)
    else:
        path.write_bytes(content)
    with pytest.raises(MappingError, match=says) as told:
        propose(path, registry.get_family("vehicle-position"))
    assert "\n" not in str(told.value)


def test_parquet_with_nested_columns_and_row_groups(tmp_path: Path) -> None:
    rows = drive(5000)
    table = pa.table({
        "vehicle": pa.array([{"plate": r["plate"], "kind": "taxi"} for r in rows]),
        "ts": pa.array([r["time"] for r in rows], pa.timestamp("ns")),
        "position": pa.array([{"lon": r["lon"], "lat": r["lat"]} for r in rows]),
        "speed_kmh": pa.array([None if i % 5 else r["speed"] for i, r in enumerate(rows)]),
        "tags": pa.array([["a", "b"]] * len(rows))})
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=700)
    done = onboard(tmp_path / "a.parquet", "vehicle-position")
    assert (done.accepted, done.declared.source.format) == (5000, "parquet")
    assert [done.column(n) for n in ("vehicle_id", "longitude", "latitude", "speed")] == [
        "vehicle.plate", "position.lon", "position.lat", "speed_kmh"]
    assert done.declared.fields["vehicle_type"].column == "vehicle.kind"


def test_geojson_with_points_and_others(tmp_path: Path) -> None:
    features: list[dict[str, Any]] = [
        {"type": "Feature", "properties": {"plate": r["plate"], "at": str(r["time"])},
         "geometry": {"type": "Point", "coordinates": [r["lon"], r["lat"]]}} for r in drive(40)]
    features[3]["geometry"] = {"type": "LineString", "coordinates": [[117, 36], [118, 37]]}
    features[4]["geometry"] = None
    features[5]["geometry"] = {"type": "Point", "coordinates": []}
    (tmp_path / "a.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    done = onboard(tmp_path / "a.geojson", "vehicle-position")
    assert done.accepted == 37
    assert done.reasons == {("missing-field", "longitude"): 2, ("not-mapped", "$row"): 1}
    assert done.column("longitude") == "$longitude" and done.unsure("source", "1 of the first 40")


def test_ndjson_with_broken_lines(tmp_path: Path) -> None:
    lines = [json.dumps({"vehicleId": r["plate"], "gps": {"lng": r["lon"], "lat": r["lat"]},
                         "timestamp": int(r["time"].timestamp() * 1000), "speed": r["speed"]})
             for r in drive(50)]
    lines[0], lines[7] = lines[0][:20], "oops"
    lines[9] = "[1, 2]"
    (tmp_path / "a.ndjson").write_text("\n".join(lines), encoding="utf-8")
    done = onboard(tmp_path / "a.ndjson", "vehicle-position")
    assert (done.accepted, done.reasons) == (47, {("not-mapped", "$row"): 3})
    assert done.column("longitude") == "gps.lng"
    assert done.declared.time and done.declared.time.formats == ["epoch-ms"]


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(st.text(max_size=12) | st.floats().map(str) | st.sampled_from(
    ["lon", "lat", "速度", "time", "2026-01-01", "{", "117.02", "open", "\x7f", "\"", "-1"]),
    max_size=6), max_size=8), family=st.sampled_from(sorted(registry.families())))
def test_whatever_stands_in_a_table_the_proposal_can_be_read(
        tmp_path: Path, rows: list[list[str]], family: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("\n".join(",".join(row) for row in rows).encode("utf-8", "replace"))
    declared = registry.get_family(family)
    try:
        proposal = propose(path, declared)
    except MappingError as told:
        assert "\n" not in str(told)
        return
    assert parse_map(write_map(proposal, declared, path.name)).family == family


@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_whatever_bytes_a_file_holds_nothing_breaks(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    declared = registry.get_family("grid-case")
    try:
        text = write_map(propose(path, declared), declared, path.name)
    except MappingError:
        return
    assert parse_map(text)
