"""Test the dry run: verdicts as the gate gives them, first lines, span, share inside the city."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from geo.tree import AreaTree
from infra.cli import citybrain
from streams.gate import Gate, Verdict
from streams.mapping.read import read_map
from streams.privacy import Pseudonyms
from streams.record import Record
from streams.rehearsal import rehearse
from streams.replay import Recording

MAP = """
family = "vehicle-position"
publisher = "test-taxis"
title_en = "Taxis"
title_zh = "出租车"
datum = "wgs84"
[time]
column = "at"
formats = ["iso", "epoch-s"]
zone = "Asia/Shanghai"
[fields]
vehicle_id = { column = "plate" }
longitude = { column = "lon" }
latitude = { column = "lat" }
speed = { column = "kmh" }
[id]
template = "{no}"
"""
ROWS = """no,plate,at,lon,lat,kmh
1,鲁A1,2026-01-01T08:00:00,117.02,36.66,30
2,鲁A2,2026-01-01T08:00:01,0,0,30
3,鲁A3,2026-01-01T08:00:02,117.03,36.67,-1
3,鲁A3,2026-01-01T08:00:03,117.03,36.67,31
3,鲁A3,2026-01-01T08:00:03,117.03,36.67,31
4,鲁A4,2099-01-01T00:00:00,117.02,36.66,30
5,鲁A5,sometime,117.02,36.66,30
6,鲁A6,-5,117.02,36.66,30
7,鲁A7,2025-12-31T16:00:00Z,-0.1,51.5,30
8,鲁A8
"""


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Open a recording with every kind of fault."""
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    return Recording(tmp_path / "rows.csv", read_map(tmp_path / "map.toml"), run="r")


def test_the_verdicts_are_those_of_the_gate(recording: Recording) -> None:
    now = 1_800_000_000_000
    records = [Record("raw-test-taxis--vehicle-position", 0, i, now, m.body, replay=b"r",
                      map_error=m.map_error or None)
               for i, m in enumerate(recording.messages())]
    gate = Gate(locate=lambda lon, _: [""] * len(lon), to_wgs84=lambda _, lon, lat: (lon, lat),
                datum_of=lambda _: "wgs84", may_replay=lambda _: True,
                pseudonyms=Pseudonyms(b"key"), clock=lambda: now)
    judged = [one.verdict for one in gate.judge(records)]
    _, counts = rehearse(recording, lambda *_: None, None)
    assert {name: counts[name] for name in ("accepted", "refused", "duplicates")} == {
        "accepted": judged.count(Verdict.ACCEPTED), "refused": judged.count(Verdict.REFUSED),
        "duplicates": judged.count(Verdict.DUPLICATE)} == {
        "accepted": 3, "refused": 6, "duplicates": 1}


def test_each_reason_tells_its_first_lines_and_values(recording: Recording) -> None:
    _, counts = rehearse(recording, lambda *_: None, None)
    told = {(row["reason"], row["field"]): [(one["line"], one["value"]) for one in row["first"]]
            for row in counts["reasons"]}
    assert told == {
        ("null-island", "longitude"): [(3, "0, 0")], ("below-minimum", "speed"): [(4, "-1.0")],
        ("from-the-future", "observed_at"): [(7, "4070880000000")],
        ("not-mapped", "at"): [(8, "sometime")], ("bad-time", "observed_at"): [(9, "-5000")],
        ("not-mapped", "$row"): [(11, "")]}
    assert counts["duplicate_lines"] == [6]
    assert (counts["first_at"], counts["last_at"]) == (
        "2025-12-31T16:00:00+00:00", "2026-01-01T00:00:03+00:00")


@pytest.mark.parametrize(("datum", "inside"), [("wgs84", 2), ("gcj02", 1), ("bd09", 1)])
def test_positions_inside_the_city_are_counted_in_their_datum(
        tmp_path: Path, areas: Path, datum: str, inside: int) -> None:
    tree = AreaTree.load(areas)
    city = tree.find_polygon("3701")
    assert city is not None
    # just inside the western tip: read as GCJ-02 it lies some 500 m further west, outside
    west, south = min(city.exterior.coords if city.geom_type == "Polygon" else
                      [c for part in city.geoms for c in part.exterior.coords])
    (tmp_path / "map.toml").write_text(MAP.replace("wgs84", datum), encoding="utf-8")
    (tmp_path / "rows.csv").write_text(
        "no,plate,at,lon,lat,kmh\n"
        f"1,a,2026-01-01,{west + 0.0005},{south},1\n2,a,2026-01-01,117.02,36.66,1\n"
        "3,a,2026-01-01,-0.1,51.5,1\n", encoding="utf-8")
    recording = Recording(tmp_path / "rows.csv", read_map(tmp_path / "map.toml"), run="r")
    _, counts = rehearse(recording, lambda *_: None, tree)
    assert (counts["points"], counts["in_city"], counts["city"]) == (3, inside, "3701")


def test_the_command_tells_it_without_a_broker(recording: Recording, tmp_path: Path) -> None:
    arguments = ["replay", str(tmp_path / "rows.csv"), "--map", str(tmp_path / "map.toml"),
                 "--dry-run"]
    told = CliRunner().invoke(citybrain, arguments)
    assert told.exit_code == 0, told.output
    assert "events made 10 = accepted 3 + refused 6 + duplicates 1" in told.stdout
    assert "refused 1: null-island (longitude), as line 3: 0, 0 (a missing position" in told.stdout
    assert "first in lines 6" in told.stdout and "nothing was sent" in told.stdout
    limited: dict[str, Any] = json.loads(
        CliRunner().invoke(citybrain, [*arguments, "--limit", "2", "--json"]).stdout)
    assert (limited["events"], limited["accepted"], limited["refused"]) == (2, 1, 1)
