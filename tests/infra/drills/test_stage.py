"""Test what a drill sees of crashes and of a ledger that does not come to rest."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from infra.drills import stage
from infra.drills.stage import await_balance, crashes, pulse
from infra.orphans import mark
from streams.ledger import MINUTE_MS, Row

NOW = 1_764_000_000_000


class Books:
    """Play a ledger with the same rows at each asking."""

    def __init__(self, *rows: Row) -> None:
        """Take the rows."""
        self.rows = list(rows)

    def count(self, minutes: int, now: int) -> list[Row]:
        """Tell the rows."""
        assert minutes >= 2 and now >= NOW
        return self.rows


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    """Give a ledger that the drill reads."""
    made = Books()
    monkeypatch.setattr(stage, "Ledger", lambda: made)
    monkeypatch.setattr(stage, "now_ms", lambda: NOW)
    return made


def test_another_process_or_another_restart_is_a_crash() -> None:
    before = {"sink": "7", "job citybrain-0": "a after 0 restarts", "intake": "9"}
    after = {"sink": "7", "job citybrain-0": "a after 1 restarts"}
    assert crashes(before, before) == []
    assert crashes(before, after) == [
        "job citybrain-0: a after 0 restarts, now a after 1 restarts", "intake: 9, now gone"]


def test_a_marked_process_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    class Idle:
        """Play a cluster without jobs."""

        def list_jobs(self) -> list[object]:
            """List nothing."""
            return []

    monkeypatch.setattr(stage, "Cluster", Idle)
    monkeypatch.setattr(stage, "COMPONENTS", {"sink": "a-word-of-this-test"})
    with subprocess.Popen([sys.executable, "-c", "input()", "a-word-of-this-test"],
                          stdin=subprocess.PIPE, env={**os.environ, **mark()}) as child:
        assert pulse() == {"sink": str(child.pid)}
        child.kill()
    assert pulse() == {}


def test_a_ledger_at_rest_leaves_nothing_and_strangers_do_not_count(books: Books) -> None:
    books.rows += [Row("mine", NOW, 5, counted=5), Row("other", NOW, 5, counted=4),
                   Row("mine", NOW - 2 * MINUTE_MS, 5, counted=1)]
    assert await_balance(["mine"], NOW, print) == []


@pytest.mark.parametrize("row", [Row("mine", NOW, 5, counted=4),
                                 Row("mine", NOW, 5, counted=4, in_flight=1)])
def test_what_is_lost_or_stays_in_flight_is_told(books: Books, row: Row) -> None:
    books.rows.append(row)
    assert await_balance(["mine"], NOW, print, 0.0) == [row]
