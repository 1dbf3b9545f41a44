"""Test that failed sign-ins delay the next ones."""

from __future__ import annotations

import pytest

from streams.delays import SignInDelays


def test_failures_delay_the_next_try_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("streams.delays.time.monotonic", lambda: clock[0])
    delays, waits = SignInDelays(), []
    for _ in range(7):
        delays.fail("name li", "client x")
        waits.append(delays.wait("name li"))
    assert waits == [0, 0, 0, 2, 4, 8, 16]
    assert delays.wait("name wang") == 0
    assert delays.wait("name wang", "client x") == 0
    for _ in range(14):
        delays.fail("client x")
    assert delays.wait("name wang", "client x") == 4
    clock[0] += 17
    assert delays.wait("name li") == 0
    delays.succeed("name li")
    delays.fail("name li")
    assert delays.wait("name li") == 0
    for _ in range(40):
        delays.fail("name li")
    assert delays.wait("name li") == delays.LONGEST
