"""Test that recent ids are a function of the log, whatever a worker forgot."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import Message

from streams.duplicates import AHEAD_MS, Duplicates, Recent


def nothing(_: Recent, __: Iterable[Message]) -> None:
    """Accept nothing that is read back."""


def test_ids_are_seen_until_the_span_is_over_and_not_after() -> None:
    recent = Recent(span_ms=1000)
    recent.add("a", 10_000)
    for i in range(20):
        recent.add(f"filler{i}", 10_000 + i * 100)
    assert recent.seen("a", 11_000)
    assert not recent.seen("a", 11_001)


def test_memory_is_bounded_by_two_spans() -> None:
    recent = Recent(span_ms=1000)
    for i in range(100_000):
        recent.add(str(i), i)
    assert len(recent.young) + len(recent.old) <= 2 * 1001


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
