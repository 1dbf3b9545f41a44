"""Test what the drill strikes, in which order, and what it tells of minutes that do not rest."""

from __future__ import annotations

from collections import Counter

import pytest
from click.testing import CliRunner

from infra.commands.drill import command
from infra.drills import kills
from infra.drills.blows import Way
from infra.drills.kills import Kills, await_rest, plan
from infra.processes import list_processes
from streams.ledger import MINUTE_MS, Row

NOW = 1_764_000_000_000
NAMES = [one.name for one in list_processes()]


class Books:
    """Play a ledger: give the rows of each asking in turn, the last for good."""

    def __init__(self, *turns: list[Row]) -> None:
        """Take what to tell."""
        self.turns = list(turns)

    def count(self, minutes: int, now: int) -> list[Row]:
        """Tell the rows of this asking."""
        assert minutes >= 2 and now >= NOW
        return self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let the clock stand at three minutes after the drill, and nobody sleep."""
    monkeypatch.setattr(kills, "now_ms", lambda: NOW + 3 * MINUTE_MS)
    monkeypatch.setattr("infra.drills.kills.time.sleep", lambda _: None)
    return monkeypatch


def row(in_flight: int = 0, counted: int = 5, minute: int = NOW) -> Row:
    """Make one minute of five records."""
    return Row("raw-a--b", minute, 5, counted=counted, in_flight=in_flight)


def test_a_drill_ends_when_every_minute_is_at_rest(later: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    books = Books([row(in_flight=2, counted=4)], [row(counted=4)], [], [row()])
    later.setattr(kills, "Ledger", lambda: books)
    assert await_rest(NOW, told.append) == (1, [])
    assert len(told) == 4 and told[-1].startswith("1 of 1")


def test_what_stays_lost_is_told(later: pytest.MonkeyPatch) -> None:
    later.setattr(kills, "Ledger", lambda: Books([row(), row(counted=4)]))
    later.setattr(kills, "REST_SECONDS", 0.0)
    assert [one.residual for one in await_rest(NOW, lambda _: None)[1]] == [1]


def test_minutes_before_the_drill_are_left_out(later: pytest.MonkeyPatch) -> None:
    old = row(counted=1, minute=NOW - 2 * MINUTE_MS)
    later.setattr(kills, "Ledger", lambda: Books([old, row()]))
    assert await_rest(NOW, lambda _: None) == (1, [])


def test_each_round_kills_each_component_once_and_strikes_some_otherwise() -> None:
    blows = list(plan(NAMES, list(Way), rounds=20, seed=1))
    killed = Counter(blow.names[0] for blow in blows if blow.way is Way.KILL)
    assert killed == dict.fromkeys(NAMES, 20)
    assert all(len(set(blow.names)) == 2 for blow in blows if blow.way is Way.PAIR)
    ways = Counter(blow.way for blow in blows)
    assert ways[Way.PAIR] == ways[Way.PAUSE] == ways[Way.CUT] >= 40
    assert blows == list(plan(NAMES, list(Way), rounds=20, seed=1))
    assert blows != list(plan(NAMES, list(Way), rounds=20, seed=2))


def test_where_nothing_can_be_cut_off_the_rest_is_planned() -> None:
    ways = {one.way for one in plan(["sink"], [Way.KILL, Way.PAIR, Way.PAUSE], 1, 1)}
    assert ways == {Way.KILL, Way.PAUSE}


def test_a_resumed_drill_goes_on_with_the_same_plan() -> None:
    state = Kills(7, 2, NAMES, [str(way) for way in Way])
    first = state.blows[0]
    state.note(first, 3.0)
    state.note(first, 2.0)
    assert state.struck[first.names[0]] == {first.way: 2}
    assert (state.slowest[first.names[0]], state.done) == (3.0, 2)
    assert state.blows[0] == first


def test_a_component_that_does_not_run_is_told() -> None:
    told = CliRunner().invoke(command, ["kills", "--only", "sink"])
    assert told.exit_code == 1
    assert "sink does not run: `citybrain up` starts the city" in told.output
