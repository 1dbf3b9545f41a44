"""Test when windows become final, with every time injected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition

from schemas import registry
from streams.finals import FORGET_MS, SILENT_MS, Finals, Progress, Reader, Window, take
from tests.streams.played import Told

MINUTE = 60_000
START = 1_764_000_000_000
RESULT = registry.results()["parking-state"]
FAMILY = RESULT.inputs[0]
GRACE = RESULT.grace_seconds * 1000
WINDOW = Window(60, START, RESULT.name)
READY = WINDOW.end + GRACE


def told(source: str, observed_at: int) -> Progress:
    """Make what a publisher of the result's input tells of its progress."""
    return Progress(source, FAMILY, observed_at)


@pytest.fixture
def finals() -> Finals:
    """Give finals that saw one row of the window, before its end."""
    one = Finals()
    one.see_row(WINDOW, START + 30_000)
    return one


def test_a_window_waits_for_the_grace_after_its_end(finals: Finals) -> None:
    assert finals.declare(READY - 1) == []
    assert finals.declare(READY) == [WINDOW]


def test_a_row_that_changes_late_starts_the_grace_anew(finals: Finals) -> None:
    finals.see_row(WINDOW, READY - 1)
    assert finals.declare(READY) == []
    assert finals.declare(READY - 1 + GRACE) == [WINDOW]


def test_rows_told_out_of_order_do_not_shorten_the_grace(finals: Finals) -> None:
    finals.see_row(WINDOW, READY)
    finals.see_row(WINDOW, START)
    assert finals.declare(READY + GRACE - 1) == []


def test_a_live_laggard_blocks_until_its_time_passes_the_end(finals: Finals) -> None:
    finals.see_progress(told("quick", WINDOW.end + MINUTE), READY)
    finals.see_progress(told("slow", WINDOW.end - 1), READY)
    assert finals.declare(READY) == []
    finals.see_progress(told("slow", WINDOW.end), READY + 1)
    assert finals.declare(READY + 1) == [WINDOW]


def test_a_silent_publisher_blocks_for_a_minute_and_then_no_longer(finals: Finals) -> None:
    finals.see_progress(told("dead", START), READY)
    assert finals.declare(READY + SILENT_MS) == []
    assert finals.declare(READY + SILENT_MS + 1) == [WINDOW]


def test_a_silent_publisher_that_was_ahead_does_not_close_over_a_live_one(finals: Finals) -> None:
    finals.see_progress(told("dead", WINDOW.end + 60 * MINUTE), READY - 10 * MINUTE)
    finals.see_progress(told("live", WINDOW.end - 1), READY)
    assert finals.declare(READY) == []


def test_a_publisher_of_another_family_has_no_say(finals: Finals) -> None:
    other = next(name for name in registry.families() if name not in RESULT.inputs)
    finals.see_progress(Progress("stranger", other, 0), READY)
    assert finals.declare(READY) == [WINDOW]


def test_progress_never_goes_back(finals: Finals) -> None:
    finals.see_progress(told("live", WINDOW.end), READY)
    finals.see_progress(told("live", START), READY)
    assert finals.declare(READY) == [WINDOW]


def test_progress_read_again_does_not_make_a_live_publisher_silent(finals: Finals) -> None:
    """A new topic has every partition assigned anew, and progress read from the beginning."""
    finals.see_progress(told("slow", WINDOW.end - 1), READY)
    finals.see_progress(told("slow", START), READY - 2 * SILENT_MS)
    assert finals.declare(READY) == []


def test_each_statement_is_made_once(finals: Finals) -> None:
    assert finals.declare(READY) == [WINDOW]
    assert finals.declare(READY + 1) == []
    finals.see_row(WINDOW, READY + 2)
    assert finals.declare(READY + 10 * GRACE) == []


def test_a_statement_read_back_is_not_repeated(finals: Finals) -> None:
    finals.see_final(WINDOW, READY)
    finals.see_row(WINDOW, READY + 1)
    assert finals.declare(READY + 10 * GRACE) == []


def test_statements_are_forgotten_when_nothing_can_repeat_them(finals: Finals) -> None:
    finals.declare(READY)
    finals.declare(READY + FORGET_MS)
    assert finals.final == {WINDOW: READY}
    finals.declare(READY + FORGET_MS + 1)
    assert finals.final == {}
    assert finals.changed_at == {}


def test_windows_of_unknown_results_and_other_lengths_stand_alone(finals: Finals) -> None:
    finals.see_row(Window(60, START, "no-such-result"), START)
    longer = Window(300, START, RESULT.name)
    finals.see_row(longer, START)
    assert finals.declare(READY) == [WINDOW]
    assert finals.declare(longer.end + GRACE) == [longer]


KEY = {"window_seconds": 60, "window_start": START, "car_park_id": "p1"}


def test_records_of_each_topic_are_understood() -> None:
    finals = Finals()
    for record in [
        Told(RESULT.topic, START + 5, KEY, {"events": 3}),
        Told(RESULT.topic, START + 9, KEY, {"events": 4}, error=KafkaError(KafkaError._TRANSPORT)),
        Told("publisher-progress", START + 7, {}, {
            "source": "a", "family": FAMILY, "observed_at": START, "events": 9, "version": 9}),
        Told("window-final", START + 8, {}, {
            "result": RESULT.name, "window_seconds": 300, "window_start": START, "final_at": 1}),
    ]:
        take(finals, record)  # type: ignore[arg-type]
    assert finals.changed_at == {WINDOW: START + 5}
    assert finals.progress == {("a", FAMILY): (START, START + 7)}
    assert finals.final == {Window(300, START, RESULT.name): START + 8}
    take(finals, Told(RESULT.topic, START + 10, KEY))  # type: ignore[arg-type]
    assert finals.changed_at == {WINDOW: START + 5}


@pytest.mark.parametrize(("topic", "key", "value"), [
    (RESULT.topic, "no window", {"events": 1}), (RESULT.topic, {"window_start": "then"}, {}),
    ("publisher-progress", {}, {"source": "a"}), ("window-final", {}, {"result": RESULT.name})])
def test_a_record_that_cannot_be_used_is_told_and_stops_nothing(
        topic: str, key: Any, value: Any, caplog: pytest.LogCaptureFixture) -> None:
    finals = Finals()
    take(finals, Told(topic, START, key, value))  # type: ignore[arg-type]
    assert f"unusable record on {topic}" in caplog.text
    take(finals, Told(RESULT.topic, START + 5, KEY, {"events": 3}))  # type: ignore[arg-type]
    assert finals.changed_at == {WINDOW: START + 5}


class Scripted:
    """Play a consumer that reads batches as they are laid out."""

    def __init__(self, *batches: list[Told]) -> None:
        """Hold the batches; each call of `consume` gives one."""
        self.batches, self.places = list(batches), [
            TopicPartition(name, 0) for name in (RESULT.topic, "publisher-progress",
                                                 "window-final")]
        self.assigned: dict[str, int] = {}

    def subscribe(self, _: list[str], on_assign: Callable[[Any, Any], None]) -> None:
        """Assign every partition at once."""
        on_assign(self, self.places)

    def offsets_for_times(self, places: list[TopicPartition], _: float
                          ) -> list[TopicPartition]:
        """Give offset 7 for each."""
        return [TopicPartition(p.topic, p.partition, 7) for p in places]

    def assign(self, places: list[TopicPartition]) -> None:
        """Note where reading begins."""
        self.assigned = {p.topic: p.offset for p in places}

    def consume(self, _: int, __: float) -> list[Told]:
        """Give the next batch."""
        return self.batches.pop(0)


def end_of(topic: str) -> Told:
    """Make what tells the end of a partition."""
    return Told(topic, -1, error=KafkaError(KafkaError._PARTITION_EOF))


def test_nothing_is_declared_before_progress_and_statements_are_read() -> None:
    broker = Scripted([Told(RESULT.topic, START, KEY, {"events": 3}), end_of(RESULT.topic)], [],
                    [end_of("window-final")],
                    [Told("publisher-progress", START, {}, {
                        "source": "slow", "family": FAMILY, "observed_at": START})],
                    [end_of("publisher-progress")], [])
    finals, reader = Finals(), Reader(broker)  # type: ignore[arg-type]
    assert broker.assigned == {RESULT.topic: 7, "publisher-progress": OFFSET_BEGINNING,
                               "window-final": OFFSET_BEGINNING}
    read = [reader.read(finals) for _ in range(6)]
    assert read == [False] * 4 + [True] * 2
    assert finals.progress and finals.changed_at
