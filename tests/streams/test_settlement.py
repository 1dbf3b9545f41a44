"""Test how what was sent is settled against the gate's counts, over a store in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.errors import ComponentError
from streams import settlement as module
from streams.queries.replay import GateCount
from streams.settlement import Settlement

TOPIC = "raw-a--b"
Reading = dict[int, GateCount]


class Gate:
    """Play the store: one reading of the gate's counts after another, the last for ever."""

    def __init__(self, *readings: Reading) -> None:
        """Hold the readings."""
        self._left: Iterator[Reading] = iter(readings)
        self._now: Reading = {}
        self.letters: list[list[dict[str, Any]]] = [[]]
        self.ranges: dict[int, tuple[int, int]] = {}

    def read(self, *_: object) -> Reading:
        """Give the next reading."""
        self._now = next(self._left, self._now)
        return self._now

    def refusals(self, _: object, __: str, ranges: dict[int, tuple[int, int]]
                 ) -> list[dict[str, Any]]:
        """Give the dead letters, more of them each time."""
        self.ranges = ranges
        return self.letters.pop(0) if len(self.letters) > 1 else self.letters[0]


@pytest.fixture
def settle(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give what opens a settlement over a gate."""
    def opened(gate: Gate, start: dict[int, tuple[int, int]]) -> Settlement:
        monkeypatch.setattr(module, "read_gate", gate.read)
        monkeypatch.setattr(module, "list_refusals", gate.refusals)
        monkeypatch.setattr(module, "_POLL_SECONDS", 0.0)
        return Settlement(None, TOPIC, start, seconds=0.0)  # type: ignore[arg-type]
    return opened


def nothing(_: int) -> None:
    """Tell nobody of the waiting."""


def test_only_what_was_judged_since_the_start_is_counted(settle: Any) -> None:
    gate = Gate({0: GateCount(10, 7, 1, 1, 1)}, {0: GateCount(16, 11, 2, 1, 2)})
    found = settle(gate, {0: (0, 10)}).settle({0: 16}, nothing, 0.0)
    assert (found.accepted, found.refused, found.late, found.duplicates) == (4, 1, 0, 1)
    assert found.in_flight == 0
    assert gate.ranges == {0: (10, 16)}


def test_what_the_gate_has_not_passed_is_in_flight_and_nothing_else(settle: Any) -> None:
    gate = Gate({}, {0: GateCount(3, 3)})
    found = settle(gate, {0: (0, 0), 1: (0, 0)}).settle({0: 5, 1: 4}, nothing, 0.0)
    assert (found.accepted, found.in_flight) == (3, 6)


def test_a_gate_that_passed_further_than_was_asked_owes_nothing(settle: Any) -> None:
    gate = Gate({}, {0: GateCount(9, 9)})
    assert settle(gate, {0: (0, 0)}).settle({0: 5}, nothing, 0.0).in_flight == 0


def test_waiting_goes_on_while_the_gate_gets_on(settle: Any) -> None:
    gate, waits = Gate({}, *({0: GateCount(i, i)} for i in range(6))), list[int]()
    found = settle(gate, {0: (0, 0)}).settle({0: 5}, waits.append, 60.0)
    assert waits == [5, 4, 3, 2, 1, 0]
    assert found.accepted == 5


def test_dead_letters_are_waited_for(settle: Any) -> None:
    gate = Gate({}, {0: GateCount(4, 1, 2, 1)})
    one = {"reason": "not-json", "field": "$", "events": 1}
    gate.letters = [[], [one], [{**one, "events": 3}]]
    found = settle(gate, {0: (0, 0)}).settle({0: 4}, nothing, 60.0)
    assert found.reasons == [{**one, "events": 3}]


def test_a_topic_whose_records_are_all_deleted_has_nothing_to_wait_for(settle: Any) -> None:
    settle(Gate({}), {0: (12, 12)})


def test_a_gate_that_lags_before_the_start_is_told_with_the_partitions(settle: Any) -> None:
    with pytest.raises(ComponentError, match=r"not judged all of raw-a--b \(partitions \[1\]\)"):
        settle(Gate({0: GateCount(4), 1: GateCount(3)}), {0: (0, 4), 1: (0, 4)})
