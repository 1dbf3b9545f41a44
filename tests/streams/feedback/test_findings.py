"""Test each finding on a stream that has its fault, and that healthy streams have none."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.errors import Reason
from streams.feedback import seen as seen_module
from streams.feedback.desk import Desk
from streams.feedback.report import Finding, Report
from streams.feedback.words import FINDINGS, REASONS
from tests.streams.feedback.streams import (
    AT,
    Message,
    Record,
    Spoil,
    calls,
    car_parks,
    cars,
    detectors,
    events,
    ledger,
    letter,
    spoiled,
)

SECONDS = 900
STREAMS = {"traffic-flow": detectors, "vehicle-position": cars, "hotline-call": calls,
           "parking-occupancy": car_parks}


def end_of(records: list[Record]) -> int:
    """Give the moment when the last record came."""
    return max(int(one["received_at"]) for one in records)


def report_of(messages: list[Message], now: int) -> Report:
    """Give the only report on some records."""
    desk = Desk(AT)
    desk.take(messages)
    [found] = desk.reports(now)
    return found


def codes(report: Report) -> dict[str, Finding]:
    """Give findings by their code, and field where one has several."""
    return {f"{one.code}/{one.field}" if one.code == "stuck" else one.code: one
            for one in report.findings}


def spoil_detectors(spoil: Spoil, seconds: int = SECONDS, seed: int = 1) -> dict[str, Finding]:
    """Give the findings on detectors that are spoiled."""
    records = spoiled(detectors(seed, seconds), spoil)
    return codes(report_of(events("traffic-flow", records), end_of(records) + 1_000))


@pytest.mark.parametrize("family", STREAMS)
@pytest.mark.parametrize("seed", range(5))
def test_a_healthy_stream_has_no_finding_at_any_time(family: str, seed: int) -> None:
    records, desk, told = STREAMS[family](seed, 4_000), Desk(AT), 0
    due = AT + 5_000
    for one in records:
        if one["received_at"] >= due:
            for report in desk.reports(due):
                told += 1
                assert report.findings == [], due
            due += 20_000
        desk.take(events(family, [one]))
    assert told > 20
    [report] = desk.reports(due + 60_000_000)
    assert report.keys_followed == 0


def test_delays_are_those_of_the_events() -> None:
    records = spoiled(detectors(3, 50), lambda one, i: one | {
        "observed_at": one["received_at"] - 1000 * (i % 10)})
    delay = report_of(events("traffic-flow", records), end_of(records)).minute.delay
    assert delay is not None
    for found, wanted in ((delay.min, 0), (delay.p50, 4_000), (delay.p95, 9_000),
                          (delay.max, 9_000)):
        assert abs(found - wanted) <= wanted / 32


def test_a_clock_that_is_ahead() -> None:
    found = spoil_detectors(lambda one, _: one | {"observed_at": one["received_at"] + 5_000}
                            if one["sensor_id"] == "d3" else one)
    assert set(found) == {"clock-ahead"}
    assert found["clock-ahead"].sure == "certain"
    assert found["clock-ahead"].count == SECONDS // 10
    assert found["clock-ahead"].samples == ["d3: +5.0 s"]


def test_how_far_clocks_are_off_is_told_by_the_smallest_delays() -> None:
    records = spoiled(detectors(1, 200), lambda one, i: one | {
        "observed_at": one["received_at"] - (40_000 if i % 2 else 90_000)})
    found = report_of(events("traffic-flow", records), end_of(records))
    assert found.clock.against == "zero"
    assert found.clock.ahead_ms == -65_000  # half of the keys 40 s, half of them 90 s
    assert codes(found)["clock-behind"].sure == "possible"


def test_clocks_are_compared_with_those_of_other_publishers() -> None:
    desk = Desk(AT)
    late = spoiled(detectors(1, 200, "slow"), lambda one, _: one | {
        "observed_at": one["received_at"] - 60_000})
    usual = spoiled(detectors(1, 200, "usual"), lambda one, _: one | {
        "observed_at": one["received_at"] - 50_000})
    desk.take(events("traffic-flow", late + usual))
    found = {one.publisher: one.clock for one in desk.reports(end_of(late))}
    assert (found["slow"].ahead_ms, found["slow"].against) == (-10_000, "others")
    assert found["usual"].ahead_ms == 10_000


def test_a_replay_says_nothing_of_clocks() -> None:
    records = spoiled(detectors(1, 200), lambda one, _: one | {"observed_at": 1_500_000_000_000})
    found = report_of(events("traffic-flow", records), end_of(records))
    assert found.minute.delay is None
    assert found.clock.ahead_ms is None
    assert found.findings == []


def test_the_frozen_clock_of_one_key() -> None:
    def freeze(one: Record, _: int) -> Record:
        return one | {"observed_at": AT} if (
            one["sensor_id"] == "d2" and one["received_at"] < AT + 500_000) else one

    records = spoiled(detectors(1, 300), freeze)
    found = codes(report_of(events("traffic-flow", records), end_of(records)))
    assert found["frozen-clock"].count == 1
    assert found["frozen-clock"].samples == [f"d2: {AT}, 30×"]
    # when it goes on again, nothing is found any more
    assert "frozen-clock" not in spoil_detectors(freeze)


def test_the_frozen_clock_of_a_stream_whose_keys_come_once() -> None:
    # beyond the horizon all of it would be late, which is told, too
    records = spoiled(calls(1, 550), lambda one, _: one | {"observed_at": AT - 1_000})
    found = codes(report_of(events("hotline-call", records), end_of(records)))
    assert "frozen-stream" in found


def test_keys_that_fall_silent() -> None:
    found = spoil_detectors(lambda one, _: None if one["sensor_id"] in ("d4", "d5") and (
        one["received_at"] > AT + 600_000) else one)
    assert set(found) == {"gap"}
    assert found["gap"].count == 2
    assert found["gap"].field == "sensor_id"
    assert found["gap"].samples[0].startswith("d4: 300 s")


def test_while_nothing_comes_at_all_no_key_is_silent_but_the_stream_is() -> None:
    records = detectors(1, SECONDS)
    found = codes(report_of(events("traffic-flow", records), end_of(records) + 300_000))
    assert set(found) == {"silent"}
    assert found["silent"].sure == "possible"


def test_a_stream_is_silent_while_others_go_on() -> None:
    desk, now = Desk(AT), AT + 1_600_000
    first, other = detectors(1, SECONDS, "first"), detectors(2, 1_600, "other")
    desk.take(events("traffic-flow", first + other))
    found = {one.publisher: codes(one) for one in desk.reports(now)}
    assert found["first"]["silent"].sure == "likely"
    assert found["first"]["gap"].count == 12
    assert found["other"] == {}


@pytest.mark.parametrize(("field", "value"), [("speed", 250.0), ("occupancy", 100.0)])
def test_values_exactly_at_a_bound(field: str, value: float) -> None:
    found = spoil_detectors(lambda one, i: one | {field: value} if i % 20 == 0 else one)
    assert set(found) == {"at-bound"}
    assert found["at-bound"].field == field
    assert found["at-bound"].count == SECONDS * 12 // 10 // 20


def test_values_that_stay_the_same() -> None:
    found = spoil_detectors(lambda one, _: one | {"speed": 41.5, "flow": 0.0}
                            if one["sensor_id"] == "d1" else one)
    assert set(found) == {"stuck/speed"}
    assert found["stuck/speed"].samples == ["d1: 41.5, 90×"]


def test_a_car_park_that_stays_full_is_full_and_one_that_stays_half_full_is_stuck() -> None:
    records = spoiled(car_parks(1, 18_000), lambda one, _: one | {"occupied": 150}
                      if one["car_park_id"] == "p5" else one)
    found = codes(report_of(events("parking-occupancy", records), end_of(records)))
    assert set(found) == {"stuck/occupied"}
    assert found["stuck/occupied"].samples == ["p5: 150, 300×"]


def test_cars_that_jump() -> None:
    records = spoiled(cars(1, SECONDS), lambda one, i: one | {"longitude": one["longitude"] + 1}
                      if i % 100 == 50 else one)
    found = codes(report_of(events("vehicle-position", records), end_of(records)))
    assert set(found) == {"jump"}
    assert found["jump"].count >= 10
    assert found["jump"].samples[0].endswith("km/h")


def test_coordinates_that_are_rounded() -> None:
    found = spoil_detectors(lambda one, _: one | {"longitude": 117.02, "latitude": 36.6}
                            if one["sensor_id"] == "d1" else one)
    assert set(found) == {"rounded-place"}
    assert found["rounded-place"].samples == ["d1: 117.02, 36.6"]


def test_places_outside_of_every_area() -> None:
    found = spoil_detectors(lambda one, _: one | {"area": ""} if one["sensor_id"] == "d1" else one)
    assert set(found) == {"outside-areas"}


def test_an_id_that_is_used_again() -> None:
    found = spoil_detectors(lambda one, _: one | {"id": "1"} if one["sensor_id"] == "d1" else one)
    assert set(found) == {"repeated-id"}
    assert found["repeated-id"].count == SECONDS // 10 - 1


def test_a_stream_that_is_nearly_late() -> None:
    found = spoil_detectors(lambda one, _: one | {"observed_at": one["received_at"] - 400_000})
    assert set(found) == {"slow", "clock-behind"}


def letters(**more: Any) -> list[Message]:
    """Make 30 dead letters, one a second."""
    return [Message("dead-letters", letter("loops", "traffic-flow", i, AT + 1000 * i, **{
        name: value(AT + 1000 * i) if callable(value) else value
        for name, value in more.items()})) for i in range(30)]


def test_what_is_refused_is_told_by_reason_and_field_with_the_newest_samples() -> None:
    report = report_of([*letters(), *letters(field="flow")], AT + 30_000)
    [one] = report.refused  # the second thirty are the same originals, written again
    assert (one.reason, one.field, one.hour, one.minute) == ("above-maximum", "speed", 30, 30)
    assert [sample.raw_offset for sample in one.samples] == [29, 28, 27, 26, 25]
    assert one.samples[0].raw_topic == "raw-loops--traffic-flow"
    assert one.samples[0].value == "900"
    found = codes(report)["refused"]
    assert (found.count, found.sure) == (30, "certain")
    assert "above the greatest value" in found.en
    assert "高于最大值" in found.zh


def test_late_events_of_another_zone() -> None:
    found = codes(report_of(letters(
        reason="too-late", field="observed_at", observed_at=lambda at: at - 8 * 3_600_000 + 700),
        AT + 30_000))
    assert set(found) == {"late", "time-zone"}
    assert found["time-zone"].samples == ["-8 h"]


def test_late_events_of_no_zone() -> None:
    found = codes(report_of(letters(
        reason="too-late", field="observed_at", observed_at=lambda at: at - 7_777_777),
        AT + 30_000))
    assert set(found) == {"late"}


def test_seconds_sent_as_milliseconds() -> None:
    found = codes(report_of(letters(
        reason="too-late", field="observed_at", observed_at=lambda at: at // 1000), AT + 30_000))
    assert set(found) == {"late", "time-unit"}


def test_counts_are_those_of_the_gate_whatever_is_told_again() -> None:
    rows = [ledger("loops", "traffic-flow", AT, 1, accepted=10),
            ledger("loops", "traffic-flow", AT, 5, accepted=100, refused=3, late=2, duplicates=40),
            ledger("loops", "traffic-flow", AT, 2, accepted=11),
            ledger("loops", "traffic-flow", AT + 60_000, 9, accepted=7)]
    report = report_of([Message("gate-ledger", one, AT + 1000 * i)
                        for i, one in enumerate(rows)], AT + 10_000)
    hour = report.hour
    assert (hour.received, hour.accepted, hour.refused, hour.late, hour.duplicates) == (
        152, 107, 3, 2, 40)
    assert codes(report)["duplicates"].count == 40


def test_what_is_older_than_the_window_is_forgotten() -> None:
    desk = Desk(AT)
    row = Message("gate-ledger", ledger("loops", "traffic-flow", AT, 1, accepted=10), AT)
    desk.take([*letters(), row])
    [first] = desk.reports(AT + 30_000)
    assert (first.minute.accepted, first.refused[0].minute) == (10, 30)
    [second] = desk.reports(AT + 120_000)
    assert (second.minute.accepted, second.hour.accepted) == (0, 10)
    assert (second.refused[0].minute, second.refused[0].hour) == (0, 30)
    [third] = desk.reports(AT + 3_700_000)
    assert third.hour.accepted == 0
    assert third.refused == []
    assert third.findings == []


def test_reports_come_again_when_they_change_or_after_a_minute() -> None:
    desk = Desk(AT)
    desk.take(letters()[:1])
    assert len(list(desk.reports(AT + 1_000))) == 1
    assert list(desk.reports(AT + 1_500)) == list(desk.reports(AT + 4_000)) == []
    desk.take(letters()[1:2])
    assert len(list(desk.reports(AT + 5_000))) == 1
    assert list(desk.reports(AT + 30_000)) == []
    assert len(list(desk.reports(AT + 65_001))) == 1


def test_records_that_cannot_be_read_and_foreign_topics_stop_nothing() -> None:
    desk = Desk(AT)
    odd: list[Any] = [Message("event-traffic-flow", b"{"), Message("dead-letters", b"[]"),
                      Message("gate-ledger", None), Message("event-nothing", {"a": 1}),
                      Message("dead-letters", letter("x", "y", 1, AT, raw_topic="elsewhere"))]
    desk.take([*odd, *letters()])
    assert len(list(desk.reports(AT + 30_000))) == 1


def test_no_more_keys_are_followed_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_module, "MOST_KEYS", 5)
    records = detectors(1, 60)
    found = report_of(events("traffic-flow", records), end_of(records))
    assert found.keys_followed == 5
    assert found.events_unfollowed == len(records) * 7 // 12


def test_events_of_a_family_that_nobody_declares_are_refused_and_told() -> None:
    found = report_of([Message("dead-letters", letter(
        "loops", "ships", 1, AT, reason="unknown-family", field="$topic"))], AT)
    assert (found.family, found.refused[0].reason) == ("ships", "unknown-family")


def test_every_reason_has_words_and_every_finding_both_languages() -> None:
    assert set(REASONS) == {*map(str, Reason), "other"}
    for words in (*REASONS.values(), *FINDINGS.values()):
        assert words.en.isascii()
        assert not words.zh.isascii()
