"""Test replay: order, pace, shift, refused rows, rehearsal, and the command's closing line."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import cast

import pytest
from click.testing import CliRunner

from infra.commands.replay import command
from streams.mapping.read import read_map
from streams.publisher import Publisher
from streams.replay import MAX_SPEED, Message, Recording, in_time_order, send, shift_to_now

MAP = """
family = "grid-case"
publisher = "test-cases"
title_en = "Cases"
title_zh = "案件"
datum = "wgs84"
[fields]
case_id = { column = "no" }
category = { constant = "noise" }
department = { constant = "D" }
reported_by = { constant = "public" }
longitude = { column = "lon" }
latitude = { constant = 36.6 }
due_at = { column = "due" }
[[events]]
name = "reported"
time = { column = "opened", zone = "Asia/Shanghai" }
fields.step = { constant = "reported" }
[[events]]
name = "closed"
requires = "closed"
time = { column = "closed", zone = "Asia/Shanghai" }
fields.step = { constant = "closed" }
[id]
template = "{no}-{$event}"
"""
ROWS = """no,lon,opened,closed,due
1,117.0,2026-01-02T00:00:00,2026-01-03T00:00:00,2026-01-04T00:00:00Z
2,,2026-01-01T00:00:00,,
3,117.0,soon,,
1,117.0,2026-01-02T00:00:00,,
"""


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Give a mapping file and its rows."""
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path / "map.toml", tmp_path / "rows.csv"


def open_recording(files: tuple[Path, Path], **more: int) -> Recording:
    """Open the recording."""
    return Recording(files[1], read_map(files[0]), run="r1", **more)


def test_every_replay_of_a_file_gives_the_same_records(files: tuple[Path, Path]) -> None:
    first, second = (list(open_recording(files).messages()) for _ in range(2))
    assert first == second
    assert [json.loads(m.body).get("id") for m in first] == [
        "1-reported", "1-closed", "2-reported", None, "1-reported"]
    assert [m.key for m in first] == ["1", "1", "2", "line-4", "1"]


def test_an_unmapped_row_is_a_record_that_tells_line_and_field(files: tuple[Path, Path]) -> None:
    (refused,) = [m for m in open_recording(files).messages() if m.map_error]
    assert json.loads(refused.map_error) == {
        "line": 4, "field": "opened", "value": "soon",
        "detail": "fits none of the formats iso"}
    assert json.loads(refused.body)["no"] == "3"


def test_a_row_in_another_encoding_is_refused_not_mangled(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(MAP, encoding="utf-8")
    (tmp_path / "rows.csv").write_bytes(
        ROWS.encode()[:ROWS.index("\n") + 1] + "案,117,2026-01-01,,\n".encode("gbk"))
    (message,) = Recording(tmp_path / "rows.csv", read_map(tmp_path / "map.toml"),
                           run="r").messages()
    assert json.loads(message.map_error)["detail"] == "is not utf-8-sig"


def test_messages_are_sorted_across_runs_on_disk() -> None:
    times = [(7919 * i) % 1000 for i in range(1000)]
    messages = [Message(at, str(i), b"{}", b"e") for i, at in enumerate(times)]
    for length in (7, 1000, 5000):
        found = list(in_time_order(messages, length))
        assert [m.at for m in found] == sorted(times)
        assert {m.key for m in found} == {m.key for m in messages}


def test_a_shifted_replay_never_runs_ahead_of_the_clock(files: tuple[Path, Path]) -> None:
    now, day = time.time_ns() // 1_000_000, 86_400_000
    for speed, last in ((MAX_SPEED, now), (1.0, now + 2 * day), (2.0, now + day)):
        recording = open_recording(files)
        shift_to_now(recording, speed, now)
        found = [json.loads(m.body) for m in recording.messages() if not m.map_error]
        times = [one["observed_at"] for one in found]
        assert max(times) == last and max(times) - min(times) == 2 * day
        assert found[0]["id"] == "1-reported~r1"
        # the deadline moves along
        assert found[0]["due_at"] - found[0]["observed_at"] == 2 * day + 8 * 3_600_000


class Sender:
    """Play a publisher: keep the headers of what is sent."""

    account = "test-cases"

    def __init__(self) -> None:
        """Start with nothing sent."""
        self.headers: list[dict[str, bytes]] = []

    def send_raw(self, *_: object, headers: dict[str, bytes], **__: object) -> None:
        """Keep the headers."""
        self.headers.append(headers)

    def flush(self) -> None:
        """Have nothing to wait for."""


@pytest.mark.parametrize("live", [False, True])
def test_only_what_is_not_live_is_excused_from_being_late(
        files: tuple[Path, Path], live: bool) -> None:
    sender = Sender()
    send(open_recording(files), cast(Publisher, sender), run="r1", speed=MAX_SPEED,
         progress=lambda *_: None, live=live)
    assert sender.headers
    assert {headers.get("replay") for headers in sender.headers} == {None if live else b"r1"}


def test_rehearsal_counts_what_the_gate_will_say(files: tuple[Path, Path]) -> None:
    done = CliRunner().invoke(command, [
        str(files[1]), "--map", str(files[0]), "--dry-run", "--json"])
    assert done.exit_code == 0, done.output
    outcome = json.loads(done.stdout)
    assert {name: outcome[name] for name in ("rows", "events", "accepted", "refused", "duplicates",
                                             "in_flight", "balanced")} == {
        "rows": 4, "events": 5, "accepted": 2, "refused": 2, "duplicates": 1, "in_flight": 0,
        "balanced": True}
    assert outcome["reasons"] == [
        {"reason": "missing-field", "field": "longitude", "events": 1, "first": [
            {"line": 3, "value": "", "detail": "the field is required"}]},
        {"reason": "not-mapped", "field": "opened", "events": 1, "first": [
            {"line": 4, "value": "soon", "detail": "line 4: fits none of the formats iso"}]}]
    assert outcome["duplicate_lines"] == [5]
    assert outcome["skipped"] == {"closed: not given": 3}


def test_the_closing_line_can_be_read_by_people(files: tuple[Path, Path]) -> None:
    done = CliRunner().invoke(command, [
        str(files[1]), "--map", str(files[0]), "--dry-run", "--limit", "2"])
    assert done.stdout.splitlines()[0] == (
        "rows read 1; events made 2 = accepted 2 + refused 0 + duplicates 0")


@pytest.mark.parametrize("speed", ["0", "-1", "fast", "nan"])
def test_a_speed_must_be_a_number_above_zero_or_max(files: tuple[Path, Path], speed: str) -> None:
    done = CliRunner().invoke(command, [
        str(files[1]), "--map", str(files[0]), "--dry-run", "--speed", speed])
    assert done.exit_code == 2 and "--speed" in done.stderr
