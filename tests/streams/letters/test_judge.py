"""Test how dead letters are judged anew, and what is sent of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas import registry
from streams.gate import Verdict
from streams.letters.judge import Judge, Judgement, Sending, event_id
from streams.letters.letter import Letter, to_blob
from streams.letters.repairs import read_repairs, repair

NOW = 1_764_000_000_000
MINUTE = 60_000
FAMILY = registry.get_family("vehicle-position")
TOPIC = "raw-city-traffic--vehicle-position"


def letter(offset: int = 7, *, topic: str = TOPIC, **changed: Any) -> Letter:
    """Make a dead letter of a vehicle position observed now, its payload changed."""
    payload = {**FAMILY.example, "observed_at": NOW, **changed}
    return Letter(topic, 1, offset, NOW, source="city-traffic", family=FAMILY.name,
                  key="original key", body=json.dumps(payload))


def decide(one: Letter, *steps: str, replays: bool = False, run: str = "r1"
           ) -> tuple[Sending, Judgement]:
    """Repair a letter and judge it."""
    if steps:
        assert repair(one, read_repairs(steps)) == ""
    return Judge(lambda _: replays, run, lambda: NOW).decide(one)


def test_what_is_repaired_is_accepted_and_sent_as_the_publishers() -> None:
    one = letter(speed=900)
    _, judged = decide(one)
    assert (judged.verdict, judged.reason, judged.field) == (
        Verdict.REFUSED, "above-maximum", "speed")
    sending, judged = decide(one, "set speed=90")
    assert judged == Judgement(Verdict.ACCEPTED)
    assert (sending.topic, sending.publisher, sending.key) == (
        TOPIC, "city-traffic", b"original key")
    assert json.loads(sending.body)["speed"] == 90
    assert sending.headers == {
        "ce_id": f"{TOPIC}/1/7".encode(), "ce_source": b"city-traffic",
        "ce_type": b"vehicle-position", "ce_specversion": b"1.0",
        "repaired_from": f"{TOPIC}/1/7".encode()}


def test_the_id_is_the_originals_own_where_it_has_one() -> None:
    assert event_id(letter(id="mine")) == "mine"
    assert event_id(letter(id=7)) == event_id(letter()) == f"{TOPIC}/1/7"
    one = letter(id="mine")
    one.headers = {"ce_id": "header"}
    assert event_id(one) == "header"
    one.event_id = "the gate's"
    assert event_id(one) == "the gate's"
    one.field = "ce_id"
    assert event_id(one) == "mine"
    long = letter()
    long.headers = {"ce_id": "é" * 129}
    assert event_id(long) == f"{TOPIC}/1/7"
    broken = Letter(TOPIC, 0, 1, NOW, body=to_blob(b"\xff"))
    assert event_id(broken) == f"{TOPIC}/0/1"


def test_copies_of_one_event_are_duplicates_of_each_other() -> None:
    judge = Judge(lambda _: False, "r", lambda: NOW)
    verdicts = [judge.decide(letter(offset, id="same"))[1].verdict for offset in (1, 2)]
    assert verdicts == [Verdict.ACCEPTED, Verdict.DUPLICATE]
    again = [judge.decide(letter(offset))[1].verdict for offset in (3, 3, 4)]
    assert again == [Verdict.ACCEPTED, Verdict.DUPLICATE, Verdict.ACCEPTED]


def test_the_key_follows_a_repaired_key_and_no_other_field() -> None:
    name = FAMILY.key.name
    assert decide(letter(), "set speed=1")[0].key == b"original key"
    assert decide(letter(), f"set {name}=鲁A2")[0].key == "鲁A2".encode()
    one = letter()
    one.key = None
    assert decide(one)[0].key == str(FAMILY.example[name]).encode()


@pytest.mark.parametrize("replays", [False, True])
def test_lateness_is_excused_only_of_publishers_registered_to_replay(replays: bool) -> None:
    late = letter(observed_at=NOW - 20 * MINUTE)
    sending, judged = decide(late, replays=replays)
    if replays:
        assert judged == Judgement(Verdict.ACCEPTED)
        assert sending.headers["replay"] == b"repair-r1"
    else:
        assert (judged.verdict, judged.reason) == (Verdict.LATE, "too-late")
        assert "replay" not in sending.headers


def test_what_is_in_time_bears_no_excuse() -> None:
    assert "replay" not in decide(letter(), replays=True)[0].headers


@pytest.mark.parametrize(("minutes", "closed"), [(59, False), (61, True), (6000, True)])
def test_events_whose_windows_are_closed_are_told(minutes: int, closed: bool) -> None:
    _, judged = decide(letter(observed_at=NOW - minutes * MINUTE), replays=True)
    assert judged == Judgement(Verdict.ACCEPTED, closed=closed)


def test_what_is_wrong_and_late_stays_wrong() -> None:
    _, judged = decide(letter(speed=900, observed_at=NOW - 6000 * MINUTE), replays=True)
    assert judged.reason == "above-maximum"


def test_a_row_of_a_recording_that_could_be_mapped_now_is_a_recordings_event() -> None:
    one = letter(observed_at=NOW - 6000 * MINUTE)
    one.headers = {"replay": "run-7", "map_error": "{}"}
    assert decide(one, replays=True)[1].reason == "not-mapped"
    sending, judged = decide(one, "set speed=1", replays=True)
    assert judged == Judgement(Verdict.ACCEPTED)
    assert sending.headers["replay"] == b"run-7" and "map_error" not in sending.headers


def test_a_repaired_time_is_the_headers() -> None:
    one = letter()
    one.headers = {"ce_time": "2099-01-01T00:00:00Z"}
    assert decide(one)[1].reason == "from-the-future"
    sending, judged = decide(one, "drop ce_time")
    assert (judged.verdict, "ce_time" in sending.headers) == (Verdict.ACCEPTED, False)


def test_a_family_that_is_not_declared_is_still_refused() -> None:
    _, judged = decide(letter(topic="raw-a--nothing"))
    assert judged.reason == "unknown-family"
