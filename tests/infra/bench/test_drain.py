"""Test how a run is measured and judged, with contenders that are right, wrong and stuck."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

from infra.bench import drain
from infra.bench.contender import Course, Expected
from infra.bench.drain import Drain, Lane, Run
from infra.bench.oracle import Truth, compute
from infra.bench.stream import Stream


class Fake:
    """Count in steps, and give a table."""

    name, title = "fake", "Fake"
    share = 1.0
    cannot: Sequence[str] = ()
    does_more: Sequence[str] = ()

    def __init__(self, table: pd.DataFrame, steps: list[int], fates: dict[str, int]) -> None:
        """Take what to answer."""
        self._table, self._steps, self._fates = table, steps, fates
        self.log: list[str] = []

    @contextmanager
    def standing(self, course: Course) -> Iterator[None]:  # noqa: ARG002
        """Note the start and the end."""
        self.log.append("standing")
        yield
        self.log.append("gone")

    @contextmanager
    def draining(self) -> Iterator[None]:
        """Note the start and the end of the work."""
        self.log.append("draining")
        yield
        self.log.append("stopped")

    def is_reading(self) -> bool:
        """Read at once."""
        return True

    def counted(self) -> int:
        """Give the next step, the last one for good."""
        return self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]

    def is_all_stored(self, expected: Expected) -> bool:  # noqa: ARG002
        """Have stored everything."""
        return True

    def table(self) -> pd.DataFrame:
        """Give the table."""
        return self._table

    def fates(self) -> dict[str, int]:
        """Give the counts."""
        return self._fates

    def versions(self) -> dict[str, str]:
        """Stand on nothing."""
        return {}


@pytest.fixture
def truth(stream: Stream, areas: dict[str, shapely.Polygon],
          monkeypatch: pytest.MonkeyPatch) -> Truth:
    """Give the truth of the stream, and be impatient."""
    monkeypatch.setattr(drain, "STUCK_SECONDS", 0.05)
    monkeypatch.setattr(drain, "SHORTEST_LOOK", 0.01)
    return compute(stream, list(areas), np.array(list(areas.values()), dtype=object))


def run(fake: Fake, truth: Truth, events: int, runs: int = 1) -> list[Run]:
    """Run a contender."""
    course = Course("topic", [], np.array([], dtype=object), Path("areas.json"))
    return Drain({fake.share: Lane(course, truth, events)}, lambda _: None).run([fake], runs)


def test_a_right_table_has_a_rate(truth: Truth, stream: Stream) -> None:
    fake = Fake(truth.table, [0, 1000, truth.placed], {"late": truth.fates["late"]})
    one, two = run(fake, truth, stream.events, runs=2)
    assert one.failures == [] and one.rate and one.steady_rate and one.windows_rate
    assert (one.number, two.number) == (1, 2)
    assert fake.log == ["standing", "draining", "stopped", "gone"] * 2


def test_a_wrong_table_has_none(truth: Truth, stream: Stream) -> None:
    wrong = truth.table.assign(speed_max=truth.table["speed_max"] + 1)
    one, = run(Fake(wrong, [truth.placed], {}), truth, stream.events)
    assert one.rate is None and one.steady_rate is None and "rows differ" in one.failures[0]


def test_wrong_counts_of_dead_letters_have_none(truth: Truth, stream: Stream) -> None:
    fates = {"malformed": truth.fates["malformed"] - 1}
    one, = run(Fake(truth.table, [truth.placed], fates), truth, stream.events)
    assert one.rate is None and "malformed" in one.failures[0]


@pytest.mark.parametrize("step", [-1, 1])
def test_to_stop_short_or_to_count_twice_is_a_failure(truth: Truth, stream: Stream,
                                                      step: int) -> None:
    one, = run(Fake(truth.table, [truth.placed + step], {}), truth, stream.events)
    assert one.rate is None and "records are in windows" in one.failures[0]


def test_the_first_fifth_ends_between_two_looks_in_proportion() -> None:
    assert drain._reached([(1.0, 0), (3.0, 100)], 50) == 2.0
    assert drain._reached([(1.0, 10), (2.0, 40)], 20) == pytest.approx(1 + 1 / 3)


def test_looks_are_rare_at_first_and_frequent_at_the_end() -> None:
    assert drain._pause((3.0, 0), 1000) == drain.SHORTEST_LOOK
    assert drain._pause((10.0, 10), 1000) == drain.LONGEST_LOOK
    assert drain._pause((10.0, 500), 1000) == 10.0 / drain.LOOKS_LEFT
    assert drain._pause((20.0, 999), 1000) == drain.SHORTEST_LOOK
