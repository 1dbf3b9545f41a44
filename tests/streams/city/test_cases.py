"""Check that grid cases only take steps that the flow allows, in order."""

from __future__ import annotations

from itertools import pairwise

from schemas.governance import STEPS
from streams.city.cases import FLOW, Cases


def _follow(seconds: int) -> dict[str, list[str]]:
    """Live cases alone and list each one's steps in order."""
    cases = Cases(1, "r", 10.0)
    steps: dict[str, list[str]] = {}
    for second in range(1, seconds + 1):
        for event in cases.events(second * 1000, second, 10.0):
            steps.setdefault(event.payload["case_id"], []).append(event.payload["step"])
    return steps


def test_flow_knows_every_declared_step() -> None:
    assert set(FLOW) == set(STEPS)


def test_every_case_is_reported_first_and_steps_follow_the_flow() -> None:
    steps = _follow(3000)
    assert len(steps) > 600
    for case_id, taken in steps.items():
        assert taken[0] == "reported", case_id
        for before, after in pairwise(taken):
            allowed = {step for step, _, _ in FLOW[before]} | (
                {"filed"} if before == "reported" else set())
            assert after in allowed, (case_id, taken)
    assert {step for taken in steps.values() for step in taken} == set(STEPS)


def test_many_cases_are_open_and_their_number_stays_bounded() -> None:
    cases = Cases(1, "r", 10.0)
    assert cases.open > 100
    for second in range(1, 20_000):
        cases.events(second * 1000, second, 10.0)
    assert 50 < cases.open < 1000
