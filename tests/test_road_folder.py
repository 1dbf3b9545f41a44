"""Drop files over the whole road: the gate's own counts stand in the report, and twice is once."""

from __future__ import annotations

import json
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from schemas import registry
from streams.disk import Guard
from streams.doors.folder import Folder
from streams.doors.inbox import Steadiness
from streams.publishers import Registration, read_registrations, register
from streams.store import connect
from tests.streams.doors.test_folder import FIELDS, MAP, csv, rows
from tests.test_road import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
NAME, FAMILY = "road-folder", registry.get_family("parking-occupancy")


class Known:
    """Know the registrations as they are."""

    def known(self) -> dict[str, Registration]:
        """Read them."""
        return read_registrations("admin")


def drop(inbox: Path, name: str, text: str) -> dict[str, Any]:
    """Drop a file, have it taken, and give its report."""
    (inbox / NAME / name).write_text(text)
    Folder(inbox, Known(), Event(), Guard(inbox, 0), Steadiness(0.0)).step()
    [path] = (inbox / NAME / "done").glob(f"{name}.report.json")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def test_a_dropped_file_is_counted_once_however_often_it_is_dropped(
        road: Path, tmp_path: Path) -> None:
    register(Registration(NAME, families=[FAMILY.name]))
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "map.toml").write_text(
        MAP.replace("test-folder", NAME) + FIELDS, encoding="utf-8")
    found = rows(f"road{time.time_ns()}", 10)
    found[4]["taken"] = 1_000
    text = csv(found)
    first = drop(tmp_path, "one.csv", text)
    assert (first["accepted"], first["refused"]) == (9, 1)
    assert first["reasons"][0]["lines"] == [6]
    again = drop(tmp_path, "two.csv", text)
    assert again["judged_by"] == "gate"
    assert (again["accepted"], again["refused"], again["duplicates"]) == (0, 1, 9)
    store = connect("reader")
    eventually(lambda: store.query(
        "SELECT count() AS n FROM city.parking_occupancy WHERE source = %(name)s",
        {"name": NAME})[0]["n"] == 9, "nine events in the store")
    store.close()
