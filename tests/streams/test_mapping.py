"""Test that each recording maps to the events expected of it, and agrees with its oracle."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from schemas import registry
from streams.gate import Gate, Verdict
from streams.mapping.read import find_map, read_map
from streams.privacy import Pseudonyms
from streams.record import Record
from streams.replay import Recording
from tests.streams.recordings import RECORDINGS, Recorded

NOW = 1_800_000_000_000
# how each result counts, written a second time and in pandas
MEASURES: dict[str, dict[str, tuple[str, str]]] = {
    "sensor_state": {"speed_samples": ("speed", "count"), "speed_sum": ("speed", "sum")},
    "road_state": {"vehicles": ("event_key", "nunique"), "speed_samples": ("speed", "count")},
    "grid_caseload": {"reported": ("reported", "sum"), "closed": ("closed", "sum")},
    "parking_state": {"samples": ("occupied", "count"), "occupied_sum": ("occupied", "sum"),
                      "occupied_max": ("occupied", "max"), "capacity_max": ("capacity", "max")},
    "air_quality": {"value_sum": ("value", "sum"), "value_min": ("value", "min"),
                    "value_max": ("value", "max")},
}


def judge(one: Recorded, shared: Path) -> tuple[pd.DataFrame, Counter[tuple[str, str]], int]:
    """Map a recording and put it through the gate; give accepted events, reasons, rows read."""
    recording = Recording(one.path(shared), read_map(find_map(one.map)), run="test")
    family = recording.mapper.family
    topic = f"raw-{recording.mapper.declared.publisher}--{family.name}"
    gate = Gate(locate=lambda lon, _: [""] * len(lon), to_wgs84=lambda _, lon, lat: (lon, lat),
                datum_of=lambda _: "wgs84", may_replay=lambda _: True,
                pseudonyms=Pseudonyms(b"key"), clock=lambda: NOW)
    accepted, reasons, offset = [], Counter[tuple[str, str]](), 0
    names = list(family.slots())
    slots = list(family.slots().values())
    for batch in batched_messages(recording):
        records = [Record(topic, 0, offset + i, NOW, m.body, replay=b"test",
                          map_error=m.map_error or None) for i, m in enumerate(batch)]
        offset += len(batch)
        for judged in gate.judge(records):
            if judged.verdict is Verdict.ACCEPTED:
                values = {s: (judged.numbers if s[0] == "n" else judged.texts)[int(s[1:])]
                          for s in slots}
                accepted.append([judged.observed_at, judged.area, judged.key,
                                 *(values[s] for s in slots)])
            else:
                letter = json.loads(judged.body) if judged.body else {"reason": "", "field": ""}
                reasons[letter["reason"], letter["field"]] += 1
    frame = pd.DataFrame(accepted, columns=["observed_at", "area", "event_key", *names])
    return frame, reasons, recording.mapper.rows


def batched_messages(recording: Recording) -> Any:
    """Give the messages in batches of some thousands."""
    held: list[Any] = []
    for message in recording.messages():
        held.append(message)
        if len(held) == 5000:
            yield held
            held = []
    yield held


@pytest.mark.parametrize("one", RECORDINGS, ids=lambda one: one.map)
def test_a_recording_is_mapped_judged_and_counted_as_expected(one: Recorded, shared: Path) -> None:
    events, reasons, rows = judge(one, shared)
    assert rows == one.rows
    assert dict(reasons) == one.refusals
    assert len(events) == one.events - one.refused
    oracle = importlib.import_module(f"tests.streams.oracles.{one.oracle}")
    if oracle.RESULT not in MEASURES:
        return
    expected = oracle.expected(one.path(shared))
    keys = ["window_seconds", "window_start", *oracle.KEYS]
    events["reported"] = (events["step"] == "reported") * 1 if "step" in events else 0
    events["closed"] = (events["step"] == "closed") * 1 if "step" in events else 0
    for length in sorted(set(expected["window_seconds"])):
        start = events["observed_at"] // (length * 1000) * length
        found = events.assign(window_seconds=length, window_start=start).groupby(keys).agg(
            events=("observed_at", "size"), **MEASURES[oracle.RESULT]).reset_index()
        wanted = expected[expected["window_seconds"] == length][found.columns]
        pd.testing.assert_frame_equal(
            found.sort_values(keys, ignore_index=True),
            wanted.sort_values(keys, ignore_index=True), check_dtype=False, check_exact=True)


@pytest.mark.parametrize(("name", "wanted"), [
    ("los-angeles-loops", {
        "id": "773869@1330588800000", "observed_at": 1330588800000, "sensor_id": "773869",
        "longitude": -118.31829, "latitude": 34.15497, "interval_seconds": 300,
        "speed": 64.375 * 1.609344}),
    ("liverpool-bus", {
        "id": "23811684", "observed_at": 1769443022000, "vehicle_id": "AMSY:4716",
        "longitude": -2.925173, "latitude": 53.44451, "road_id": "14", "vehicle_type": "bus"}),
    ("shenzhen-taxi", {
        "id": "1.0-start", "observed_at": 1579449664000, "vehicle_id": "22334",
        "vehicle_type": "taxi", "longitude": 114.11113, "latitude": 22.57675}),
    ("nyc-311-animals", {
        "id": "64345465-reported", "observed_at": 1741929600000, "case_id": "64345465",
        "category": "Animal-Abuse/Neglected", "department": "NYPD", "reported_by": "public",
        "longitude": -73.88182509, "latitude": 40.65651334, "step": "reported"}),
    ("dresden-altmarkt", {
        "id": "altmarkt@1446335100000", "observed_at": 1446335100000,
        "car_park_id": "dresden-altmarkt", "name": "Altmarkt", "longitude": 13.73754,
        "latitude": 51.05031, "capacity": 400, "occupied": 188, "status": "unknown"}),
    ("beijing-dongsi", {
        "id": "PM2.5@1362067200000", "observed_at": 1362067200000, "value": 9.0,
        "station_id": "beijing-dongsi", "quantity": "pm2_5", "longitude": 116.417,
        "latitude": 39.929}),
])
def test_the_first_event_of_a_recording(name: str, wanted: dict[str, Any], shared: Path) -> None:
    one = next(one for one in RECORDINGS if one.map == name)
    recording = Recording(one.path(shared), read_map(find_map(name)), run="test", limit=1)
    assert [json.loads(message.body) for message in recording.messages()] == [wanted]


def test_the_refused_rows_of_dresden_name_their_lines(shared: Path) -> None:
    one = next(one for one in RECORDINGS if one.map == "dresden-altmarkt")
    recording = Recording(one.path(shared), read_map(find_map(one.map)), run="test")
    told = [json.loads(m.map_error) for m in recording.messages() if m.map_error]
    assert [row["line"] for row in told] == [14118, 14119, 14120, 14121]
    assert told[0]["value"] == "2016-03-27T02:00:00" and told[0]["field"] == "time"


def test_every_map_that_comes_along_fits_its_family() -> None:
    for path in sorted((Path(find_map("liverpool-bus")).parent).glob("*.toml")):
        declared = read_map(path)
        assert declared.family in registry.families() and declared.expect
