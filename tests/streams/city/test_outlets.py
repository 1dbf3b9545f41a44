"""Check the lines of a file of events."""

from __future__ import annotations

from pathlib import Path

import orjson

from streams.city.event import CityEvent
from streams.city.outlets import FileOutlet


def test_file_holds_one_line_an_event_with_its_publisher(tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    with FileOutlet(path) as outlet:
        outlet.send([CityEvent("grid-case", {"case_id": "a"}, "a", "r-1", 5),
                     CityEvent("traffic-flow", {"sensor_id": "b"}, "b", "r-2", 6)])
    assert [orjson.loads(line) for line in path.read_bytes().splitlines()] == [
        {"family": "grid-case", "publisher": "city-grid", "key": "a", "id": "r-1",
         "observed_at": 5, "payload": {"case_id": "a"}},
        {"family": "traffic-flow", "publisher": "city-traffic", "key": "b", "id": "r-2",
         "observed_at": 6, "payload": {"sensor_id": "b"}}]
