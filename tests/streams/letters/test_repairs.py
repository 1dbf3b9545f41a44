"""Test the steps of a repair: what each does, their order, and that the same again is nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from schemas import registry
from streams.letters.letter import (
    Base64,
    Letter,
    LetterError,
    read_letters,
    to_blob,
    to_bytes,
    writing,
)
from streams.letters.repairs import parse, read_repairs, repair

FAMILY = registry.get_family("vehicle-position")
AT = 1_764_000_000_000


def letter(body: Any = None, **more: Any) -> Letter:
    """Make a dead letter of a vehicle position."""
    payload = {**FAMILY.example, "observed_at": AT, **body} if isinstance(body, dict) else body
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return Letter("raw-city-traffic--vehicle-position", 0, 7, AT, source="city-traffic",
                  family=FAMILY.name, body=text, **more)


def repaired(one: Letter, *steps: str) -> dict[str, Any]:
    """Repair a letter by steps as they are kept; give the payload."""
    assert repair(one, read_repairs(steps)) == ""
    assert one.repaired is not None
    found: dict[str, Any] = msgspec.json.decode(to_bytes(one.repaired))
    return found


@pytest.mark.parametrize(("body", "step", "field", "value"), [
    ({"speed": 900}, "set speed=90", "speed", 90), ({}, "set speed=90.5", "speed", 90.5),
    ({}, "set vehicle_id=123", "vehicle_id", "123"), ({}, "set vehicle_id=", "vehicle_id", ""),
    ({}, "set note=a=b", "note", "a=b"), ({}, "set observed_at=5", "observed_at", 5),
    ({}, "set more={\"a\": 1}", "more", {"a": 1}),
    ({"v": 3}, "rename v=speed", "speed", 3), ({"speed": 3}, "rename v=speed", "speed", 3),
    ({"speed": 900}, "map-value speed:900=90", "speed", 90),
    ({"speed": 901}, "map-value speed:900=90", "speed", 901),
    ({"speed": "fast"}, "map-value speed:fast=90", "speed", 90),
    ({"speed": None}, "map-value speed:null=1", "speed", 1),
    ({}, "shift-time -28800", "observed_at", AT - 28_800_000),
    ({"observed_at": "2026-11-24T08:00:00+08:00"}, "shift-time +60", "observed_at",
     "2026-11-24T08:01:00+08:00"),
    ({"observed_at": "2026-11-24T08:00:00Z"}, "shift-time +60", "observed_at",
     "2026-11-24T08:01:00+00:00"),
    ({"observed_at": "yesterday"}, "shift-time +60", "observed_at", "yesterday"),
    ({"observed_at": True}, "shift-time +60", "observed_at", True)])
def test_each_step_does_what_it_says(body: dict[str, Any], step: str, field: str, value: Any
                                     ) -> None:
    found = repaired(letter(body), step)[field]
    assert (found, type(found)) == (value, type(value))


def test_a_dropped_field_is_gone_and_a_missing_one_no_fault() -> None:
    assert "speed" not in repaired(letter({}), "drop speed", "drop nothing")


def test_every_moment_of_the_event_is_shifted() -> None:
    family = registry.get_family("grid-case")
    one = Letter("raw-a--grid-case", 0, 0, AT, family=family.name, body=json.dumps(
        {**family.example, "due_at": AT, "observed_at": AT}),
        headers={"ce_time": "2026-11-24T08:00:00Z"})
    found = repaired(one, "shift-time +1")
    assert (found["due_at"], found["observed_at"]) == (AT + 1000, AT + 1000)
    assert one.repaired_time == "2026-11-24T08:00:01+00:00"
    assert "ce_time" not in found


def test_the_header_of_the_time_is_set_and_dropped_by_its_name() -> None:
    one = letter({}, headers={"ce_time": "nonsense"})
    repaired(one, "set ce_time=2026-11-24T08:00:00Z")
    assert one.repaired_time == "2026-11-24T08:00:00Z"
    one = letter({}, headers={"ce_time": "nonsense"})
    repaired(one, "drop ce_time")
    assert one.repaired_time is None


@pytest.mark.parametrize("steps", [
    ("shift-time +60",), ("rename speed=v", "rename v=w"), ("set speed=1", "set speed=2"),
    ("drop speed", "set speed=3", "map-value road_id:a=b")])
def test_the_same_repair_again_changes_nothing(steps: tuple[str, ...]) -> None:
    one = letter({"road_id": "a"})
    first = repaired(one, *steps)
    kept = list(one.repairs)
    assert repaired(one, *steps) == repaired(one) == first
    assert one.repairs == kept == list(steps)


def test_later_steps_join_the_earlier_ones_in_the_order_of_the_kinds() -> None:
    one = letter({"v": 5, "speed": 900})
    assert repaired(one, "set road_id=x")["speed"] == 900
    found = repaired(one, "rename v=speed", "drop speed")
    assert (found["speed"], found["road_id"]) == (5, "x")


@pytest.mark.parametrize(("body", "why"), [
    ("{", "no JSON"), ("[1]", "no object"), ("", "no JSON"), ("null", "no object")])
def test_what_cannot_be_repaired_says_why_and_stays(body: str, why: str) -> None:
    one = letter(body)
    assert why in repair(one, read_repairs(["set speed=1"]))
    assert (one.repaired, one.repairs, one.body) == (None, [], body)


def test_what_is_gone_cannot_be_repaired() -> None:
    assert "gone: deleted" in repair(letter({}, gone="deleted by retention"), [])


@pytest.mark.parametrize(("kind", "text"), [
    ("drop", ""), ("rename", "a"), ("rename", "a="), ("rename", "=b"), ("set", "a"), ("set", "=1"),
    ("map-value", "a=b"), ("map-value", ":a=b"), ("map-value", "a:b"), ("shift-time", "1h"),
    ("shift-time", ""), ("other", "a=b")])
def test_a_step_that_is_none_is_told(kind: str, text: str) -> None:
    with pytest.raises(LetterError, match=f"--{kind}"):
        parse(kind, text)


@pytest.mark.parametrize("text", [
    "drop a", "rename a=b", "set a=b=c", "set a= b", "map-value a:b:c=d", "map-value a:=b",
    "shift-time -5", "shift-time +5"])
def test_a_step_is_kept_as_it_is_read(text: str) -> None:
    assert [str(one) for one in read_repairs([text])] == [text]


def test_files_hold_every_byte_of_the_original_and_are_for_their_owner_only(tmp_path: Path) -> None:
    bodies = [b"{", b"\xff\x00", "规则\n".encode(), bytes(range(256)), b""]
    letters = [Letter("raw-a--b", 0, i, AT, key=to_blob(body), body=to_blob(body),
                      headers={"h": to_blob(body)}) for i, body in enumerate(bodies)]
    path = tmp_path / "letters.ndjson"
    with writing(path) as write:
        for one in [*letters, Letter("raw-a--b", 0, 9, AT, gone="x")]:
            write(one)
        assert not path.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    assert len(path.read_bytes().splitlines()) == 6
    *found, last = read_letters(path)
    assert found == letters
    assert [one.original for one in found] == bodies
    assert (last.body, last.gone) == (None, "x")


def test_a_file_that_could_not_be_finished_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), writing(tmp_path / "x") as write:
        write(letter({}))
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_lines_that_are_no_letters_are_named(tmp_path: Path) -> None:
    path = tmp_path / "letters.ndjson"
    path.write_bytes(b"\n" + msgspec.json.encode(letter({})) + b"\n{}\n")
    with pytest.raises(LetterError, match=r"line 3: no dead letter: .*raw_topic"):
        list(read_letters(path))
    with pytest.raises(LetterError, match="No such file"):
        list(read_letters(tmp_path / "none"))
    with pytest.raises(LetterError, match="no base64"):
        to_bytes(Base64("?"))
