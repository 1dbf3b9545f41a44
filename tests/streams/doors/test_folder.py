"""Test the folder door over a real broker: what is dropped lies in the raw topic, once by id."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas import registry
from schemas.errors import ComponentError
from schemas.render.kafka import raw_name
from streams.agents.history import open_reader, read_back
from streams.disk import Guard
from streams.doors import folder as module
from streams.doors.folder import Folder
from streams.doors.inbox import Steadiness
from streams.doors.report import put_away
from streams.doors.sending import send_file
from streams.gate import Gate, Verdict
from streams.privacy import Pseudonyms
from streams.publishers import Registration, register
from streams.record import from_message
from tests.streams.doors.conftest import Known

pytestmark = pytest.mark.live
NAME, FAMILY = "test-folder", registry.get_family("parking-occupancy")
TOPIC = raw_name(NAME, FAMILY.name)
MAP = f"""
family = "{FAMILY.name}"
publisher = "{NAME}"
title_en = "Car parks"
title_zh = "停车场"
datum = "wgs84"
[time]
column = "at"
formats = ["epoch-ms"]
[id]
hash = ["id"]
"""
FIELDS = "".join(f'[fields.{name}]\ncolumn = "{column}"\n' for name, column in {
    "car_park_id": "id", "longitude": "x", "latitude": "y", "capacity": "of",
    "occupied": "taken", "status": "state"}.items())
HEADER = "id,at,x,y,of,taken,state"


@pytest.fixture(scope="module")
def known(registered: str) -> Known:
    """Give a broker with a publisher that may drop files."""
    register(Registration(NAME, families=[FAMILY.name]))
    return Known()


@pytest.fixture
def inbox(known: Known, tmp_path: Path) -> Iterator[Path]:
    """Give an inbox whose publisher has one map."""
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "parks.toml").write_text(MAP + FIELDS, encoding="utf-8")
    yield tmp_path


def door(inbox: Path, known: Known, ended: Event | None = None, limit: int = 0) -> Folder:
    """Give a folder door that takes what it sees at once."""
    return Folder(inbox, known, ended or Event(), Guard(inbox, limit), Steadiness(0.0))


def rows(prefix: str, count: int, first: int = 0) -> list[dict[str, Any]]:
    """Give rows of car parks, observed now."""
    at = time.time_ns() // 1_000_000 - 60_000
    return [{"id": f"{prefix}-{i}", "at": at + i, "x": 117.02, "y": 36.66, "of": 100,
             "taken": i % 100, "state": "open"} for i in range(first, first + count)]


def csv(found: list[dict[str, Any]]) -> str:
    """Write rows as CSV."""
    return "\n".join([HEADER, *(",".join(map(str, row.values())) for row in found)]) + "\n"


def sent(prefix: str) -> Counter[str]:
    """Count the records in the raw topic by car park, those of one test."""
    return Counter(one for message in _messages()
                   if (one := json.loads(message.value() or b"{}").get("car_park_id", "")
                       ).startswith(f"{prefix}-"))


def _messages() -> list[Any]:
    """Read the raw topic."""
    reader = open_reader("admin", "test-folder-reader")
    found = list(read_back(reader, TOPIC, FAMILY.partitions, None, {}))
    reader.close()
    return found


def report(inbox: Path, name: str, where: str = "done") -> dict[str, Any]:
    """Read the report of a file of the publisher."""
    path = inbox / NAME / where / f"{name}.report.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    assert path.with_name(name).exists()
    return found


def test_every_format_becomes_events_and_lands_in_done_with_its_report(
        inbox: Path, known: Known) -> None:
    made = rows("kinds", 4)
    folder = inbox / NAME
    (folder / "a.csv").write_text(csv(made[:1]))
    for name, kind in {"b": "ndjson", "c": "geojson", "d": "parquet"}.items():
        (folder / f"{name}.toml").write_text(
            MAP + f'[source]\nformat = "{kind}"\n' + FIELDS.replace(
                '"x"', '"$longitude"' if kind == "geojson" else '"x"').replace(
                '"y"', '"$latitude"' if kind == "geojson" else '"y"'), encoding="utf-8")
    (folder / "a.toml").write_text(MAP + FIELDS, encoding="utf-8")
    (folder / "b.ndjson").write_text(json.dumps(made[1]) + "\n")
    (folder / "c.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": made[2],
         "geometry": {"type": "Point", "coordinates": [117.02, 36.66]}}]}))
    pq.write_table(pa.Table.from_pylist([made[3]]), folder / "d.parquet")
    door(inbox, known).step()
    for name in ("a.csv", "b.ndjson", "c.geojson", "d.parquet"):
        told = report(inbox, name)
        assert (told["rows"], told["events"], told["accepted"], told["refused"]) == (1, 1, 1, 0)
    assert sent("kinds") == {f"kinds-{i}": 1 for i in range(4)}


def test_what_is_refused_is_told_by_reason_and_line(inbox: Path, known: Known) -> None:
    found = rows("lines", 6)
    found[1]["taken"] = 101  # above its capacity: line 3 of the file
    found[3]["x"] = "east"  # no number: line 5
    found[4]["at"] = 1_700_000_000_000  # long ago: line 6
    (inbox / NAME / "mixed.csv").write_text(csv(found))
    door(inbox, known).step()
    told = report(inbox, "mixed.csv")
    assert (told["rows"], told["events"], told["accepted"], told["refused"]) == (6, 6, 3, 3)
    assert {one["reason"]: one["lines"] for one in told["reasons"]} == {
        "above-field": [3], "not-mapped": [5], "too-late": [6]}
    assert told["closing"].startswith(
        "rows read 6; events made 6 = accepted 3 + refused 3")
    assert told["judged_by"] == "door"  # no gate runs here, and the file did not wait for one


def test_the_same_file_dropped_twice_is_all_duplicates_to_the_gate(
        inbox: Path, known: Known) -> None:
    text = csv(rows("twice", 20))
    for _ in range(2):
        (inbox / NAME / "same.csv").write_text(text)
        door(inbox, known).step()
    assert report(inbox, "same.csv")["events"] == report(inbox, "same.2.csv")["events"] == 20
    assert sent("twice") == {f"twice-{i}": 2 for i in range(20)}
    gate = Gate(locate=lambda x, _: [""] * len(x), to_wgs84=lambda _, x, y: (x, y),
                datum_of=lambda _: "wgs84", may_replay=lambda _: False,
                pseudonyms=Pseudonyms(b"k" * 32), clock=lambda: time.time_ns() // 1_000_000)
    records = [from_message(one) for one in _messages() if b"twice-" in (one.value() or b"")]
    verdicts = Counter(one.verdict for one in gate.judge(records))
    assert verdicts == {Verdict.ACCEPTED: 20, Verdict.DUPLICATE: 20}


def test_a_process_that_ends_in_a_file_starts_it_again_without_a_new_id(
        inbox: Path, known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    ended, checks = Event(), [0]
    (inbox / NAME / "big.csv").write_text(csv(rows("again", 3_000)))
    first = door(inbox, known, ended)
    check = first._check

    def end_in_the_middle() -> None:
        """End after two thousand rows, as SIGTERM would."""
        checks[0] += 1
        if checks[0] == 2_000:
            ended.set()
        check()

    monkeypatch.setattr(first, "_check", end_in_the_middle)
    first.run()
    assert (inbox / NAME / "big.csv").exists()
    before = sent("again")
    assert 0 < len(before) < 3_000
    door(inbox, known).step()
    assert report(inbox, "big.csv")["events"] == 3_000
    assert len(sent("again")) == 3_000
    ids = {json.loads(one.value() or b"{}")["id"] for one in _messages()
           if b"again-" in (one.value() or b"")}
    assert len(ids) == 3_000


def failed(inbox: Path, known: Known, name: str, text: str) -> str:
    """Drop a file that cannot be taken; give the reason."""
    (inbox / NAME / name).write_text(text)
    door(inbox, known).step()
    reason: str = report(inbox, name, "failed")["reason"]
    return reason


def test_what_cannot_be_taken_says_why(inbox: Path, known: Known) -> None:
    good = csv(rows("why", 1))
    assert "is empty" in failed(inbox, known, "empty.csv", "")
    assert "no column" in failed(inbox, known, "other.csv", "a,b\n1,2\n")
    toml = inbox / NAME / "parks.toml"
    toml.write_text((MAP + FIELDS).replace(NAME, "another"), encoding="utf-8")
    assert "a map of publisher 'another'" in failed(inbox, known, "foreign.csv", good)
    toml.write_text((MAP + FIELDS).replace(FAMILY.name, "grid-case"), encoding="utf-8")
    assert f"{NAME} is not registered for grid-case" in failed(inbox, known, "unasked.csv", good)
    toml.write_text("family =", encoding="utf-8")
    assert "parks.toml" in failed(inbox, known, "broken.csv", good)
    toml.unlink()
    assert "no map says how to read it" in failed(inbox, known, "bare.csv", good)
    assert sent("why") == {}


def test_files_of_nobody_say_who_is_missing(inbox: Path, known: Known) -> None:
    (inbox / "nobody").mkdir()
    for path in (inbox / "loose.csv", inbox / "nobody" / "a.csv"):
        path.write_text("x")
    door(inbox, known).step()
    loose = json.loads((inbox / "failed" / "loose.csv.report.json").read_text())
    assert "lies in no publisher's folder" in loose["reason"]
    strange = json.loads((inbox / "nobody" / "failed" / "a.csv.report.json").read_text())
    assert "citybrain publisher add nobody --family" in strange["reason"]


def test_a_file_that_may_not_be_read_says_so(
        inbox: Path, known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> object:
        """Refuse as the system does to all but the superuser."""
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(module, "JudgedRecording", forbidden)
    assert failed(inbox, known, "closed.csv", "x") == "it cannot be read: Permission denied"


def test_a_file_that_changes_while_it_is_sent_stays(
        inbox: Path, known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    path = inbox / NAME / "grows.csv"
    path.write_text(csv(rows("grows", 2)))
    one, send = door(inbox, known), send_file

    def send_and_grow(*arguments: Any) -> dict[str, Any]:
        """Append a row behind the door's back."""
        told = send(*arguments)
        path.write_text(csv(rows("grows", 3)))
        return told

    monkeypatch.setattr(module, "send_file", send_and_grow)
    one.step()
    assert path.exists()
    monkeypatch.setattr(module, "send_file", send)
    one.step()
    assert report(inbox, "grows.csv")["rows"] == 3
    assert set(sent("grows")) == {"grows-0", "grows-1", "grows-2"}


def test_what_cannot_be_put_away_is_not_sent_again(
        inbox: Path, known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    (inbox / NAME / "full.csv").write_text(csv(rows("full", 2)))
    one = door(inbox, known)

    def full(*_: object) -> Path:
        """Fail as a full disk does."""
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "put_away", full)
    one.step()
    one.step()
    monkeypatch.setattr(module, "put_away", put_away)
    one.step()
    assert report(inbox, "full.csv")["events"] == 2
    assert sent("full") == {"full-0": 1, "full-1": 1}


def test_nothing_is_taken_while_the_disk_is_full(inbox: Path, known: Known) -> None:
    path = inbox / NAME / "waits.csv"
    path.write_text(csv(rows("waits", 1)))
    door(inbox, known, limit=1).step()  # every disk is fuller than 1 %
    assert path.exists()
    door(inbox, known, limit=100).step()
    assert report(inbox, "waits.csv")["events"] == 1


def test_a_file_waits_while_the_broker_is_away(
        inbox: Path, known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> dict[str, Any]:
        """Fail as a broker that is away."""
        raise ComponentError("no Kafka broker answers")

    (inbox / NAME / "later.csv").write_text(csv(rows("later", 1)))
    one, send = door(inbox, known), send_file
    monkeypatch.setattr(module, "send_file", away)
    with pytest.raises(ComponentError):
        one.step()
    assert (inbox / NAME / "later.csv").exists()
    monkeypatch.setattr(module, "send_file", send)
    one.step()
    assert report(inbox, "later.csv")["accepted"] == 1


def test_every_publisher_has_a_folder_and_old_files_are_swept(inbox: Path, known: Known) -> None:
    one = door(inbox, known)
    one.step()
    assert {"city-parking", NAME} <= {path.name for path in inbox.iterdir()}
    (inbox / NAME / "old.csv").write_text(csv(rows("old", 1)))
    one.step()
    done = inbox / NAME / "done"
    one.sweep(time.time())
    assert len(list(done.iterdir())) == 2
    one.sweep(time.time() + module.KEPT_SECONDS + 60)
    assert list(done.iterdir()) == []
