"""Tell a reader that stands still from one that has nothing to do."""

from __future__ import annotations

from streams.agents.history import Positions
from streams.agents.watchdog import Progress

PLACE = ("result-road-state", 0)
ENDS: Positions = {PLACE: 10}


def test_standing_still_while_records_wait_is_a_stall() -> None:
    progress = Progress(stall_seconds=60)
    assert not progress.stalled(0, ENDS, {PLACE: 5})
    assert not progress.stalled(59, ENDS, {PLACE: 5})
    assert progress.stalled(60, ENDS, {PLACE: 5})


def test_moving_is_no_stall() -> None:
    progress = Progress(stall_seconds=60)
    assert not any(progress.stalled(50 * step, ENDS, {PLACE: step}) for step in range(9))


def test_having_nothing_to_do_is_no_stall() -> None:
    progress = Progress(stall_seconds=60)
    assert not any(progress.stalled(100 * step, ENDS, {PLACE: 10}) for step in range(9))
    assert not progress.stalled(900, {PLACE: 11}, {PLACE: 10})
