"""Test that recent ids are a function of the log, whatever a worker forgot."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import pytest
from confluent_kafka import Consumer, Message, TopicPartition

from schemas.errors import ComponentError
from streams.duplicates import AHEAD_MS, Duplicates, Recent


def nothing(_: Recent, __: Iterable[Message]) -> None:
    """Accept nothing that is read back."""


def test_ids_are_seen_until_the_span_is_over_and_not_after() -> None:
    recent = Recent(span_ms=1000)
    assert recent.enter("a", 10_000)
    for i in range(20):
        assert recent.enter(f"filler{i}", 10_000 + i * 50)
    assert not recent.enter("a", 11_000)
    assert recent.enter("a", 11_001)
    assert not recent.enter("a", 12_001)


def test_an_id_is_held_for_hardly_longer_than_the_span() -> None:
    recent = Recent(span_ms=1000)
    most = 0
    for i in range(100_000):
        recent.enter(str(i), i)
        most = max(most, len(recent))
    assert most <= 1000 + 2 * 251


def test_after_a_silence_all_is_forgotten() -> None:
    recent = Recent(span_ms=1000)
    for i in range(100):
        recent.enter(str(i), i)
    assert recent.enter("0", 100_000)
    assert len(recent) == 1


def test_a_partition_met_where_it_was_left_keeps_its_ids() -> None:
    duplicates = Duplicates(None, nothing)
    first = duplicates.at("raw-a--b", 0, 5, 1000, 600)
    assert duplicates.at("raw-a--b", 0, 6, 1001, 600) is first
    assert first.span_ms == 600_000 + AHEAD_MS


def test_a_gap_or_a_step_back_starts_anew() -> None:
    duplicates = Duplicates(None, nothing)
    first = duplicates.at("raw-a--b", 0, 5, 1000, 600)
    assert duplicates.at("raw-a--b", 0, 5, 1000, 600) is not first
    assert duplicates.at("raw-a--b", 1, 6, 1000, 600) is not first


class Entry:
    """Play a message of the log."""

    def __init__(self, offset: int) -> None:
        """Stand at an offset."""
        self._offset = offset

    def error(self) -> None:
        """Tell no error."""

    def offset(self) -> int:
        """Give the offset."""
        return self._offset


class Log:
    """Play a consumer of a partition that goes on growing; each call gives one turn."""

    def __init__(self, *turns: list[int]) -> None:
        """Take the offsets that each call gives."""
        self.turns, self.waits = list(turns), list[float]()

    def offsets_for_times(self, places: list[TopicPartition], _: float) -> list[TopicPartition]:
        """Find the span's start at the beginning of the log."""
        return [TopicPartition(one.topic, one.partition, 0) for one in places]

    def assign(self, _: list[TopicPartition]) -> None:
        """Go where told."""

    def unassign(self) -> None:
        """Leave."""

    def consume(self, _: int, seconds: float) -> list[Entry]:
        """Give the next turn, and note how long it was asked to wait for a full batch."""
        self.waits.append(seconds)
        return [Entry(offset) for offset in self.turns.pop(0)] if self.turns else []


def test_reading_back_never_waits_for_a_batch_to_fill() -> None:
    seen: list[int] = []

    def accept(_: Recent, messages: Iterable[Message]) -> None:
        seen.extend(one.offset() or 0 for one in messages)

    log = Log([], [0, 1], [], [2, 3, 4, 5])
    Duplicates(lambda: cast(Consumer, log), accept).at("raw-a--b", 0, 4, 1000, 600)
    assert seen == [0, 1, 2, 3]  # what is at or past the offset is still to be judged
    assert max(log.waits) < 1


def test_a_log_that_falls_silent_before_the_end_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.duplicates._READ_BACK_PATIENCE_SECONDS", 0.0)
    with pytest.raises(ComponentError, match="before 4"):
        Duplicates(lambda: cast(Consumer, Log([0])), nothing).at("raw-a--b", 0, 4, 1000, 600)
