"""Test the gate's verdicts on single records and batches, without a broker."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas import registry
from streams.gate import Gate, Judged, Verdict
from streams.privacy import Pseudonyms
from streams.record import Record

NOW = 1_764_000_000_000
TOPIC = "raw-city-traffic--vehicle-position"


@pytest.fixture
def gate() -> Gate:
    """Give a gate that places everything east of 100° in Lixia and converts datums by adding 1."""
    def locate(lon: Any, lat: Any) -> list[str]:
        return ["370102" if x > 100 else "" for x in lon]

    return Gate(locate=locate, to_wgs84=lambda _, lon, lat: (lon + 1, lat),
                datum_of=lambda publisher: "gcj02" if publisher == "foreign" else "wgs84",
                may_replay=lambda publisher: publisher == "city-traffic",
                pseudonyms=Pseudonyms(b"key"), clock=lambda: NOW + 5)


def record(offset: int, body: Any = None, topic: str = TOPIC, **more: Any) -> Record:
    """Make a raw record of a valid vehicle position, changed as asked."""
    payload = {**registry.get_family(topic.split("--")[1]).example,
               "id": f"e{offset}", "observed_at": NOW}
    if isinstance(body, dict):
        payload |= body
    encoded = body if isinstance(body, bytes) else json.dumps(payload).encode()
    return Record(topic, 0, offset, more.pop("received_at", NOW), encoded, **more)


def judge(gate: Gate, one: Record) -> tuple[Judged, dict[str, Any]]:
    """Judge one record and read what was written."""
    judged = gate.judge([one])[0]
    return judged, json.loads(judged.body) if judged.body else {}


def test_a_good_event_is_clean_located_and_pseudonymised(gate: Gate) -> None:
    judged, event = judge(gate, record(0))
    assert judged.verdict is Verdict.ACCEPTED
    assert event["area"] == "370102" and event["id"] == "e0" and event["source"] == "city-traffic"
    assert (event["raw_topic"], event["raw_partition"], event["raw_offset"]) == (TOPIC, 0, 0)
    assert event["observed_at"] == NOW and event["computed_at"] == NOW + 5
    assert "鲁A" not in judged.body.decode() and len(event["vehicle_id"]) == 32
    assert judged.key == event["vehicle_id"] == judged.texts[0]
    assert judged.numbers[0] == 3850


def test_a_batch_of_several_families_places_each_of_its_own(gate: Gate) -> None:
    east = {"longitude": 117.0, "latitude": 36.6}
    west = {"longitude": 80.0, "latitude": 36.6}
    batch = [record(0, east), record(1, west),
             record(0, {"longitude": 99.5, "latitude": 36.6}, "raw-foreign--vehicle-position"),
             record(0, {"longitude": None, "latitude": None}, "raw-city-hotline--hotline-call"),
             record(2, east)]
    judged = gate.judge(batch)
    assert [one.verdict for one in judged] == [Verdict.ACCEPTED] * 5
    assert [one.area for one in judged] == ["370102", "", "370102", "", "370102"]
    assert json.loads(judged[2].body)["longitude"] == 100.5


def test_every_example_is_accepted(gate: Gate) -> None:
    for family in registry.families().values():
        judged, event = judge(gate, record(0, topic=f"raw-{family.owner}--{family.name}"))
        assert judged.verdict is Verdict.ACCEPTED, event


def test_a_duplicate_is_counted_once_within_the_horizon(gate: Gate) -> None:
    verdicts = [one.verdict for one in gate.judge(
        [record(0), record(1, {"id": "e0"}), record(2, {"id": "e0"}, received_at=NOW + 599_000)])]
    assert verdicts == [Verdict.ACCEPTED, Verdict.DUPLICATE, Verdict.DUPLICATE]


def test_a_copy_beyond_the_horizon_is_late_not_counted_twice(gate: Gate) -> None:
    gate.judge([record(0)])
    judged, letter = judge(gate, record(1, {"id": "e0"}, received_at=NOW + 601_000))
    assert judged.verdict is Verdict.LATE and letter["reason"] == "too-late"
    assert letter["class"] == "late"


def test_a_refused_event_may_be_repaired_under_its_id(gate: Gate) -> None:
    bad, good = gate.judge([record(0, {"speed": -1}), record(1, {"id": "e0"})])
    assert (bad.verdict, good.verdict) == (Verdict.REFUSED, Verdict.ACCEPTED)


@pytest.mark.parametrize(("one", "reason", "field"), [
    (record(0, {"speed": -1}), "below-minimum", "speed"),
    (record(0, {"speed": 251}), "above-maximum", "speed"),
    (record(0, {"longitude": "x"}), "wrong-type", "longitude"),
    (record(0, {"observed_at": NOW + 61_000}), "from-the-future", "observed_at"),
    (record(0, {"observed_at": NOW - 601_000}), "too-late", "observed_at"),
    (record(0, {"observed_at": None}), "missing-time", "observed_at"),
    (record(0, {"observed_at": "yesterday"}), "bad-time", "observed_at"),
    (record(0, {"observed_at": NOW * 1000}), "bad-time", "observed_at"),
    (record(0, ce_time=b"half past three"), "bad-time", "ce_time"),
    (record(0, b"{"), "not-json", "$"),
    (record(0, b""), "empty", "$"),
    (Record(TOPIC, 0, 0, NOW, None), "empty", "$"),
    (Record("raw-x--no-such-family", 0, 0, NOW, b"{}"), "unknown-family", "$topic"),
    (record(0, map_error=b'{"line": 7, "field": "lat", "value": "n/a"}'), "not-mapped", "lat"),
    (record(0, map_error=b"\xff"), "not-mapped", "$"),
])
def test_a_bad_event_is_refused_with_reason_field_and_coordinates(
        gate: Gate, one: Record, reason: str, field: str) -> None:
    judged, letter = judge(gate, one)
    assert (letter["reason"], letter["field"]) == (reason, field)
    assert letter["raw_topic"] == one.topic and letter["raw_offset"] == 0
    assert judged.verdict in (Verdict.REFUSED, Verdict.LATE)


def test_headers_win_over_the_payload_and_none_are_needed(gate: Gate) -> None:
    told, _ = judge(gate, record(0, ce_id=b"h", ce_time=b"2025-11-24T16:00:00.250Z"))
    assert told.event_id == "h" and told.observed_at == 1_764_000_000_250
    bare, _ = judge(gate, record(1, {"id": None}))
    assert bare.verdict is Verdict.ACCEPTED and len(bare.event_id) == 32


def test_a_replay_may_be_old(gate: Gate) -> None:
    judged, _ = judge(gate, record(0, {"observed_at": 1_000_000_000_000}, replay=b"run"))
    assert judged.verdict is Verdict.ACCEPTED and judged.replayed


@pytest.mark.parametrize(("header", "minutes", "counted_as"), [
    (None, 5, 0), (b"run", 5, 1), (b"run", 90, 1), (b"repair-run", 5, 0), (b"repair-run", 60, 0),
    (b"repair-run", 61, 2)])
def test_a_repaired_letter_counts_as_live_and_in_no_window_once_these_have_closed(
        gate: Gate, header: bytes | None, minutes: int, counted_as: int) -> None:
    judged, _ = judge(gate, record(0, {"observed_at": NOW - minutes * 60_000}, replay=header))
    assert (judged.verdict, judged.replayed) == (Verdict.ACCEPTED, counted_as)


def test_only_those_registered_for_it_may_replay(gate: Gate) -> None:
    one = record(0, {"observed_at": NOW - 601_000}, topic="raw-foreign--vehicle-position",
                 replay=b"run")
    judged, letter = judge(gate, one)
    assert (judged.verdict, letter["reason"]) == (Verdict.LATE, "too-late")
    young, _ = judge(gate, record(1, topic="raw-foreign--vehicle-position", replay=b"run"))
    assert young.verdict is Verdict.ACCEPTED
    assert not young.replayed  # it counts as live, as one without the header


@pytest.mark.parametrize("source", [
    "city-traffic", "City-Traffic", "urn:city-traffic:loop:7", "https://city-traffic/loops/7",
    "//city-traffic:8443/loops", "kafka://me@city-traffic/x", "/city-traffic/loops/7",
    "city-traffic/loops/7", "city-traffic:7", "city-traffic#7", ""])
def test_a_publisher_may_name_itself_in_many_ways(gate: Gate, source: str) -> None:
    by_header = record(0, ce_source=source.encode())
    by_payload = record(1, {"source": source})
    assert {one.verdict for one in gate.judge([by_header, by_payload])} == {Verdict.ACCEPTED}


@pytest.mark.parametrize("source", [
    "city-parking", "city-traffic-2", "xcity-traffic", "urn:city:city-traffic",
    "/loops/city-traffic",
    "https://example.org/city-traffic", "https://city-traffic@example.org", "城市交通", "\x00"])
def test_an_event_that_names_another_publisher_is_refused(gate: Gate, source: str) -> None:
    by_header, letter = judge(gate, record(0, ce_source=source.encode()))
    assert by_header.verdict is Verdict.REFUSED
    assert (letter["reason"], letter["field"], letter["event_id"]) == (
        "wrong-publisher", "ce_source", "e0")
    assert "city-traffic" in letter["detail"]
    by_payload, letter = judge(gate, record(1, {"source": source}))
    assert (by_payload.verdict, letter["field"]) == (Verdict.REFUSED, "source")
    repaired, _ = judge(gate, record(2, {"id": "e0"}))
    assert repaired.verdict is Verdict.ACCEPTED


def test_what_is_no_source_names_nobody(gate: Gate) -> None:
    bodies = [{"source": 7}, {"source": None}, {"source": {"source": "other"}}, {"note": "source"}]
    judged = gate.judge([record(i, body) for i, body in enumerate(bodies)])
    assert {one.verdict for one in judged} == {Verdict.ACCEPTED}
    assert judge(gate, record(9, ce_source=b"\xff\xfe"))[1]["reason"] == "wrong-publisher"


def test_a_foreign_datum_is_converted_before_locating(gate: Gate) -> None:
    _, event = judge(gate, record(0, {"longitude": 99.5},
                                  topic="raw-foreign--vehicle-position"))
    assert event["area"] == "370102" and event["longitude"] == 100.5


def test_personal_text_and_names_do_not_pass(gate: Gate) -> None:
    _, event = judge(gate, record(0, {
        "caller_name": "王小明", "caller_phone": "13800001234",
        "content": "我叫王小明，电话13800001234，车牌鲁A12345，身份证370102199001011234"},
        topic="raw-city-hotline--hotline-call"))
    text = json.dumps(event, ensure_ascii=False)
    for personal in ("王小明", "13800001234", "鲁A12345", "370102199001011234"):
        assert personal not in text


def test_one_bad_record_does_not_touch_its_neighbours(gate: Gate) -> None:
    verdicts = [one.verdict for one in gate.judge(
        [record(0), record(1, b"\xff\xfe"), record(2), record(3, b"[" * 100_000), record(4)])]
    assert verdicts.count(Verdict.ACCEPTED) == 3


def test_what_the_gate_cannot_judge_is_a_dead_letter_too(
        gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.gate.identify", lambda *_: 1 / 0)
    judged, letter = judge(gate, record(0))
    assert letter["reason"] == "internal" and judged.verdict is Verdict.REFUSED


def test_what_the_gate_takes_out_goes_to_the_vault_and_nowhere_else(gate: Gate) -> None:
    topic = "raw-city-hotline--hotline-call"
    said = {"caller_name": "王小明", "caller_phone": "13800001234",
            "content": "王小明住3号楼2单元501室"}
    judged, event = judge(gate, record(0, said, topic))
    assert event["content"] == "[姓名]住[地址]"
    assert "caller_name" not in event and len(event["caller_phone"]) == 32
    kept = json.loads(judged.vault or b"{}")
    assert kept["fields"] == said
    assert (kept["id"], kept["family"]) == ("e0", "hotline-call")
    assert (kept["raw_topic"], kept["raw_partition"], kept["raw_offset"]) == (topic, 0, 0)


def test_a_text_that_tells_nothing_and_a_vehicle_go_to_no_vault(gate: Gate) -> None:
    quiet, _ = judge(gate, record(0, {"description": "路口积水"}, "raw-city-grid--grid-case"))
    driven, _ = judge(gate, record(0))
    assert quiet.verdict is driven.verdict is Verdict.ACCEPTED
    assert quiet.vault is driven.vault is None


def test_a_pseudonym_is_of_the_day_of_the_event_and_not_of_its_arrival(gate: Gate) -> None:
    midnight = (NOW + 8 * 3_600_000) // 86_400_000 * 86_400_000 - 8 * 3_600_000
    names = [judge(gate, record(i, {"observed_at": midnight + late}, received_at=midnight + 9_000))[
        1]["vehicle_id"] for i, late in enumerate((-1, 0, 8_000))]
    assert names[0] != names[1] == names[2]


def test_a_dead_letter_shows_no_personal_value_put_into_another_field(gate: Gate) -> None:
    bad = record(0, {"step": "王先生13812345678"}, "raw-city-grid--grid-case")
    judged, letter = judge(gate, bad)
    assert letter["reason"] == "not-in-list"
    assert "13812345678" not in judged.body.decode() and "王" not in judged.body.decode()


def test_what_the_gate_could_not_judge_is_logged_without_its_content(
        gate: Gate, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(one: Record, event: Any) -> str:
        """Fail as a library might, quoting the input."""
        raise ValueError(one.body)

    monkeypatch.setattr("streams.gate.identify", fail)
    judged, _ = judge(gate, record(0))
    assert judged.verdict is Verdict.REFUSED
    assert "ValueError" in caplog.text and "鲁A" not in caplog.text
