"""Test what a publisher may send, by a clock that the test holds."""

from __future__ import annotations

import pytest

from streams.intake import limits as module
from streams.intake.limits import BURST_SECONDS, Bucket, Limits
from streams.problems import Problem


class Clock:
    """Tell the time that a test says (seconds)."""

    now = 100.0

    def __call__(self) -> float:
        """Tell it."""
        return self.now


def test_a_bucket_lets_through_its_rate_on_average() -> None:
    clock, passed = Clock(), 0
    bucket = Bucket(10.0, clock)
    for _ in range(10_000):
        if bucket.wait_seconds() == 0:
            bucket.charge(7)
            passed += 7
        clock.now += 0.1
    assert 10 * 1_000 <= passed <= 10 * (1_000 + BURST_SECONDS) + 7


def test_a_debt_is_waited_for_as_long_as_told() -> None:
    clock = Clock()
    bucket = Bucket(10.0, clock)
    bucket.charge(1_000)
    wait = bucket.wait_seconds()
    assert wait == pytest.approx(95.0)
    clock.now += wait - 0.01
    assert bucket.wait_seconds() > 0
    clock.now += 0.02
    assert bucket.wait_seconds() == 0


def test_silence_saves_no_more_than_a_burst() -> None:
    clock = Clock()
    bucket = Bucket(10.0, clock)
    clock.now += 1_000_000
    bucket.charge(10 * BURST_SECONDS + 10)
    assert bucket.wait_seconds() == pytest.approx(1.0)


def test_without_a_rate_nothing_is_limited_and_no_debt_is_made() -> None:
    bucket = Bucket(0.0, Clock())
    bucket.charge(1e9)
    assert bucket.wait_seconds() == 0
    bucket.rate = 1.0
    assert bucket.wait_seconds() == 0


def test_publishers_are_limited_each_for_itself_by_events_and_by_bytes() -> None:
    clock = Clock()
    limits = Limits(100.0, clock)
    for name in ("many", "large", "calm"):
        limits.check(name, 10.0)
    limits.charge("many", 1_000, 1)
    limits.charge("large", 1, 1_500)
    limits.charge("stranger", 1, 1)
    for name, seconds in (("many", "95"), ("large", "10")):
        with pytest.raises(Problem) as caught:
            limits.check(name, 10.0)
        assert (caught.value.status_code, (caught.value.headers or {})["Retry-After"]) == (
            429, seconds)
    limits.check("calm", 10.0)
    # a quota that is raised is felt at once
    clock.now += 1.0
    limits.check("many", 10_000.0)


def test_places_are_given_back_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE_EACH", 2)
    limits = Limits(0.0)
    for _ in range(5):
        with pytest.raises(ZeroDivisionError), limits.slot("one"), limits.slot("one"):
            with pytest.raises(Problem) as caught, limits.slot("one"):
                pass
            assert caught.value.status_code == 429
            with limits.slot("another"):
                raise ZeroDivisionError


def test_what_was_forgiven_is_let_through_once_and_no_more() -> None:
    clock = Clock()
    limits = Limits(0, clock)
    limits.forgive(100.0)
    limits.check("a", 10.0)
    limits.charge("a", 10 * (100 + int(BURST_SECONDS)), 0)
    limits.check("a", 10.0)
    limits.charge("a", 1, 0)
    with pytest.raises(Problem, match="may send"):
        limits.check("a", 10.0)
    clock.now += 1_000_000
    limits.check("a", 10.0)
    limits.charge("a", 10 * int(BURST_SECONDS) + 1, 0)
    with pytest.raises(Problem):
        limits.check("a", 10.0)


def test_known_publishers_are_forgiven_too_and_nobody_more_than_a_day() -> None:
    clock = Clock()
    limits = Limits(0, clock)
    limits.check("a", 1.0)
    limits.forgive(10 * module.MOST_FORGIVEN_SECONDS)
    limits.charge("a", int(module.MOST_FORGIVEN_SECONDS + BURST_SECONDS) + 2, 0)
    with pytest.raises(Problem, match="come again in 2 s"):
        limits.check("a", 1.0)
