"""Test mapping files on small sources: errors in them, units, times, unpivot, joins, rows."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import MappingError
from streams.mapping.getters import to_number
from streams.mapping.mapper import Event, Mapper, Unmapped
from streams.mapping.moments import MomentError, reader
from streams.mapping.read import find_map, read_map
from streams.mapping.source import Rows
from streams.mapping.units import get_conversion

FLOW = """
family = "traffic-flow"
publisher = "test-loops"
title_en = "Loops"
title_zh = "线圈"
datum = "wgs84"
[time]
column = "time"
zone = "Asia/Shanghai"
[fields.sensor_id]
column = "sensor"
[fields.longitude]
constant = 117.0
[fields.latitude]
constant = 36.6
[fields.interval_seconds]
constant = 60
[fields.speed]
column = "speed"
unit = "mph"
[id]
template = "{sensor}@{$observed_at}"
"""


def mapped(tmp_path: Path, text: str, rows: str, name: str = "rows.csv"
           ) -> list[Event | Unmapped]:
    """Map a small source."""
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    (tmp_path / name).write_bytes(rows.encode("utf-8", "surrogateescape"))
    declared = read_map(tmp_path / "map.toml")
    mapper = Mapper(declared, tmp_path)
    with Rows(tmp_path / name, declared.source) as source:
        return list(mapper.map(source))


def payloads(found: list[Event | Unmapped]) -> list[dict[str, Any]]:
    """Give the payloads, none of the rows being refused."""
    assert not [one for one in found if isinstance(one, Unmapped)]
    return [one.payload for one in found if isinstance(one, Event)]


@pytest.mark.parametrize(("old", "new", "says"), [
    ('family = "traffic-flow"', 'family = "traffic-flou"', "no event family 'traffic-flou'"),
    ('publisher = "test-loops"', 'publisher = "Test--Loops"', "publisher = 'Test--Loops'"),
    ('datum = "wgs84"', 'datum = "wgs72"', "datum = 'wgs72': must be one of"),
    ('unit = "mph"', 'unit = "mpg"', "fields.speed: no conversion from 'mpg' to 'km/h'"),
    ("[fields.speed]", "[fields.sped]", "fields.sped: traffic-flow has no such field; it has"),
    ("constant = 60", 'constant = "sixty"', "interval_seconds: constant 'sixty' is no integer"),
    ("constant = 60", "colum = 'x'", "fields.interval_seconds: Object contains unknown field"),
    ("constant = 60", "round = true", "must give one of column, constant, template"),
    ("constant = 60", 'constant = 60\ncolumn = "x"', "['column', 'constant']"),
    ('zone = "Asia/Shanghai"', 'zone = "Asia/Jinan"', "'Asia/Jinan' is no IANA time zone"),
    ('zone = "Asia/Shanghai"', 'formats = ["%H:%M"]', "format '%H:%M' lacks year"),
    ('zone = "Asia/Shanghai"', 'ambiguous = "maybe"', "time.ambiguous = 'maybe'"),
    ('column = "time"', "", "time = []: must give one of column, template, start"),
    ('column = "speed"', 'column = "tempo"', "the file has no column 'tempo'; it has"),
    ('template = "{sensor}@{$observed_at}"', 'template = "{sensor"', "template '{sensor'"),
    ('template = "{sensor}@{$observed_at}"', "", "id = "),
    ("[fields.latitude]\nconstant = 36.6", "", "fields: latitude of traffic-flow must be mapped"),
    ("[time]", "[time", "map.toml: "),
    ("[time]", '[source]\nformat = "xls"\n[time]', "source.format = 'xls'"),
    ("[time]", '[source]\ndelimiter = "||"\n[time]', "source.delimiter = '||'"),
    ("[time]", '[source]\nencoding = "utf-9"\n[time]', "source.encoding: 'utf-9' is unknown"),
    ("[time]", '[[join]]\nname="s"\nfile="no.csv"\nkey="k"\non="{sensor}"\n[time]',
     "join s: "),
    ("[time]", '[unpivot]\npattern="("\nname="n"\nvalue="v"\n[time]', "unpivot.pattern = '('"),
    ("[time]", '[unpivot]\npattern="^x"\nname="n"\nvalue="v"\n[time]', "no column '^x'"),
])
def test_a_wrong_mapping_file_is_told_by_key_value_and_reason(
        tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in FLOW
    with pytest.raises(MappingError) as raised:
        mapped(tmp_path, FLOW.replace(old, new, 1), "time,sensor,speed\n")
    assert says in str(raised.value)


def test_an_unknown_map_names_those_that_come_along() -> None:
    with pytest.raises(MappingError, match="beijing-dongsi, dresden-altmarkt"):
        find_map("beijing")


def test_a_row_that_cannot_be_mapped_is_told_by_line_and_field(tmp_path: Path) -> None:
    rows = ("time,sensor,speed\n2026-01-01T00:00:00,a,fast\n2026-01-01,b\n"
            "yesterday,c,1\n,d,1\n2026-01-01T00:00:00,,1\n"
            '2026-01-01T00:00:00,"e\nf",10\n2026-01-01T00:00:00,g,nan\n')
    found = mapped(tmp_path, FLOW, rows)
    told = [(one.line, one.field, one.value) for one in found if isinstance(one, Unmapped)]
    assert told == [(2, "speed", "fast"), (3, "$row", ""), (4, "time", "yesterday"),
                    (5, "$time", ""), (6, "id", ""), (9, "speed", "nan")]
    good = [one for one in found if isinstance(one, Event)]
    assert [(one.line, one.payload["sensor_id"], one.payload["speed"]) for one in good] == [
        (8, "e\nf", 16.09344)]


def test_missing_values_leave_the_field_out(tmp_path: Path) -> None:
    text = FLOW.replace("[time]", '[source]\nmissing = ["", "NA", "-999"]\n[time]')
    rows = "time,sensor,speed\n" + "".join(f"2026-01-01T00:00,a,{v}\n" for v in ("NA", "", " -999"))
    assert all("speed" not in one for one in payloads(mapped(tmp_path, text, rows)))


def test_rows_are_skipped_by_rule(tmp_path: Path) -> None:
    text = FLOW.replace("[time]", '[[skip]]\ncolumn = "speed"\nvalues = ["-1"]\n[time]')
    found = mapped(tmp_path, text, "time,sensor,speed\n2026-01-01,a,-1\n2026-01-01,b,1\n")
    assert [one["sensor_id"] for one in payloads(found)] == ["b"]


def test_a_semicolon_file_in_another_encoding_without_header(tmp_path: Path) -> None:
    text = FLOW.replace("[time]", '[source]\ndelimiter = ";"\nencoding = "gb18030"\ndecimal = ","'
                        '\nheader = ["time", "sensor", "speed"]\n[time]')
    (tmp_path / "map.toml").write_text(text, encoding="utf-8")
    (tmp_path / "rows.csv").write_bytes("2026-01-01;线圈;1.010,5\n".encode("gb18030"))
    declared = read_map(tmp_path / "map.toml")
    with Rows(tmp_path / "rows.csv", declared.source) as rows:
        (one,) = payloads(list(Mapper(declared, tmp_path).map(rows)))
    assert one["sensor_id"] == "线圈" and one["speed"] == 1010.5 * 1.609344


def test_translations_templates_and_rounding(tmp_path: Path) -> None:
    text = FLOW.replace('column = "sensor"', 'column = "sensor"\nvalues = { x = "loop-x" }')
    text += '[fields.road_id]\ntemplate = ["{road}/{lane}", "{road}"]\n'
    rows = ("time,sensor,speed,road,lane\n"
            "2026-01-01,x,1,A1,2\n2026-01-01,x,1,A1,\n2026-01-01,y,1,,\n")
    found = mapped(tmp_path, text, rows)
    assert [(one.payload["sensor_id"], one.payload["road_id"]) for one in found
            if isinstance(one, Event)] == [("loop-x", "A1/2"), ("loop-x", "A1")]
    (refused,) = [one for one in found if isinstance(one, Unmapped)]
    assert (refused.field, refused.value, refused.detail) == (
        "sensor", "y", "has no translation in values")


@pytest.mark.parametrize("form", ["ndjson", "geojson"])
def test_json_sources_give_the_same_events_as_csv(tmp_path: Path, form: str) -> None:
    rows = [{"time": "2026-01-01T08:00:00", "sensor": f"s{i}", "speed": i} for i in range(2000)]
    text = FLOW.replace("[time]", f'[source]\nformat = "{form}"\n[time]')
    if form == "ndjson":
        body = "".join(json.dumps(row) + "\n" for row in rows) + "[1]\n{broken\n"
    else:
        text = text.replace("constant = 117.0", 'column = "$longitude"')
        body = json.dumps({"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": row,
             "geometry": {"type": "Point", "coordinates": [117.0, 36.6]}} for row in rows]},
            indent=1)
    found = mapped(tmp_path, text, body, f"rows.{form}")
    good = [one for one in found if isinstance(one, Event)]
    assert [one.payload["sensor_id"] for one in good] == [row["sensor"] for row in rows]
    assert {one.payload["longitude"] for one in good} == {117.0}
    assert good[3].payload["speed"] == 3 * 1.609344
    assert good[0].observed_at == 1767225600000
    broken = [one.line for one in found if isinstance(one, Unmapped)]
    assert broken == ([2001, 2002] if form == "ndjson" else [])


WIDE = FLOW.replace("[time]", """
[unpivot]
pattern = "^s"
name = "sensor"
value = "speed"
[[join]]
name = "at"
file = "stations.csv"
key = "no"
on = "{sensor}"
[time]""").replace("constant = 117.0", 'column = "at.lon"').replace(
    "constant = 36.6", 'column = "at.lat"')


def test_wide_tables_are_unpivoted_and_joined(tmp_path: Path) -> None:
    (tmp_path / "stations.csv").write_text("no,lon,lat\ns1,117.1,36.1\ns2,117.2,36.2\n")
    found = mapped(tmp_path, WIDE, "time,s1,s2,s3\n2026-01-01,10,,30\n2026-01-02,20,x,\n")
    good = [one for one in found if isinstance(one, Event)]
    assert [(one.payload["sensor_id"], one.payload["longitude"], one.payload["speed"], one.id)
            for one in good] == [
        ("s1", 117.1, 16.09344, "s1@1767196800000"), ("s1", 117.1, 32.18688, "s1@1767283200000")]
    told = [(one.line, one.field, one.value) for one in found if isinstance(one, Unmapped)]
    assert told == [(2, "at", "s3"), (3, "speed", "x")]


def test_a_station_file_with_two_rows_of_one_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / "stations.csv").write_text("no,lon,lat\ns1,117.1,36.1\ns1,117.2,36.2\n")
    with pytest.raises(MappingError, match="no = 's1' twice"):
        mapped(tmp_path, WIDE, "time,s1\n")


def test_percentages_become_counts_half_to_even(tmp_path: Path) -> None:
    text = """
family = "parking-occupancy"
publisher = "parks"
title_en = "P"
title_zh = "P"
datum = "gcj02"
[time]
start = "2026-01-01T00:00:00"
step_seconds = 900
zone = "Asia/Shanghai"
[fields]
car_park_id = { column = "park" }
longitude = { constant = 117.0 }
latitude = { constant = 36.6 }
capacity = { column = "spaces" }
occupied = { column = "percent", unit = "%", of = "spaces" }
status = { constant = "open" }
[id]
hash = ["park"]
"""
    rows = "park,spaces,percent\na,1059,50\na,101,50\na,400,47\na,,47\n"
    found = mapped(tmp_path, text, rows)
    good = [one for one in found if isinstance(one, Event)]
    assert [one.payload["occupied"] for one in good] == [530, 50, 188]
    assert [one.observed_at - good[0].observed_at for one in good] == [0, 900_000, 1_800_000]
    assert len({one.id for one in good}) == 3
    assert [one.field for one in found if isinstance(one, Unmapped)] == ["percent"]


@pytest.mark.parametrize(("unit", "to", "value", "wanted"), [
    ("mph", "km/h", 60, 96.56064), ("m/s", "km/h", 10, 36), ("degF", "°C", 212, 100),
    ("K", "degC", 273.15, 0), ("mg/m3", "µg/m³", 1.5, 1500), ("kn", "km/h", 10, 18.52),
    ("km/h", "km/h", 7, 7),
])
def test_units(unit: str, to: str, value: float, wanted: float) -> None:
    assert get_conversion(unit, to)(value) == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("text", ["", "1_000", "١٢", "inf", "1e999", "1 2", True, None, [1]])
def test_what_is_no_number_is_refused(text: Any) -> None:
    with pytest.raises(ValueError, match="is no"):
        to_number(text, False)


@pytest.mark.parametrize(("text", "formats", "zone", "wanted"), [
    ("2026-01-01T08:00:00", "iso", "Asia/Shanghai", "2026-01-01T00:00:00+00:00"),
    ("2026-01-01T08:00:00+09:00", "iso", "Asia/Shanghai", "2025-12-31T23:00:00+00:00"),
    ("03/24/2025 11:33:07 PM", "%m/%d/%Y %I:%M:%S %p", "America/New_York",
     "2025-03-25T03:33:07+00:00"),
    ("1767225600", "epoch-s", "UTC", "2026-01-01T00:00:00+00:00"),
    ("1767225600000", "epoch-ms", "UTC", "2026-01-01T00:00:00+00:00"),
    ("2016-10-30T02:30:00", "iso", "Europe/Berlin", "2016-10-30T00:30:00+00:00"),
    # China kept summer time from 1986 to 1991
    ("1990-07-01T00:00:00", "iso", "Asia/Shanghai", "1990-06-30T15:00:00+00:00"),
])
def test_moments(text: str, formats: str, zone: str, wanted: str) -> None:
    instant = dt.datetime.fromisoformat(wanted)
    assert reader((formats,), zone)(text) == instant.timestamp() * 1000


def test_hours_that_a_zone_has_twice_or_never() -> None:
    twice, never = "2016-10-30T02:30:00", "2016-03-27T02:30:00"
    earlier, later = (reader(("iso",), "Europe/Berlin", how)(twice) for how in ("earlier", "later"))
    assert later - earlier == 3_600_000
    with pytest.raises(MomentError, match="twice"):
        reader(("iso",), "Europe/Berlin", "refuse")(twice)
    with pytest.raises(MomentError, match="does not exist"):
        reader(("iso",), "Europe/Berlin")(never)
    shifted = reader(("iso",), "Europe/Berlin", "earlier", "shift")(never)
    assert shifted == dt.datetime(2016, 3, 27, 1, 30, tzinfo=dt.UTC).timestamp() * 1000
