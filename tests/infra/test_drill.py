"""Test what a drill tells: of a component that does not run, and of minutes that do not rest."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import psutil
import pytest
from click.testing import CliRunner

from infra import drill
from infra.commands.drill import _order, command
from infra.drill import await_rest, kill
from infra.processes import list_processes
from schemas.errors import ComponentError
from streams.ledger import MINUTE_MS, Row

NOW = 1_764_000_000_000


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
    monkeypatch.setattr(drill, "now_ms", lambda: NOW + 3 * MINUTE_MS)
    monkeypatch.setattr("infra.drill.time.sleep", lambda _: None)
    return monkeypatch


def row(in_flight: int = 0, counted: int = 5, minute: int = NOW) -> Row:
    """Make one minute of five records."""
    return Row("raw-a--b", minute, 5, counted=counted, in_flight=in_flight)


def test_a_drill_ends_when_every_minute_is_at_rest(later: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    books = Books([row(in_flight=2, counted=4)], [row(counted=4)], [row()])
    later.setattr(drill, "Ledger", lambda: books)
    assert await_rest(NOW, told.append) == []
    assert len(told) == 3 and told[-1].startswith("1 of 1")


def test_what_stays_lost_is_told(later: pytest.MonkeyPatch) -> None:
    later.setattr(drill, "Ledger", lambda: Books([row(), row(counted=4)]))
    later.setattr(drill, "REST_SECONDS", 0.0)
    assert [one.residual for one in await_rest(NOW, lambda _: None)] == [1]


def test_minutes_before_the_drill_are_left_out(later: pytest.MonkeyPatch) -> None:
    old = row(counted=1, minute=NOW - 2 * MINUTE_MS)
    later.setattr(drill, "Ledger", lambda: Books([old, row()]))
    assert await_rest(NOW, lambda _: None) == []


def test_a_component_that_does_not_run_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told = CliRunner().invoke(command, ["kills", "--only", "sink"])
    assert told.exit_code == 1
    assert told.output.strip() == "Error: sink does not run: `citybrain up` starts the city"


class Keeper:
    """Play the supervisor of one process: start another when it has ended, or not."""

    def __init__(self, *, revives: bool) -> None:
        """Start the process."""
        self.revives = revives
        self.child = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        """Start a process that waits."""
        return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    def states(self) -> dict[str, dict[str, object]]:
        """Tell the process's state, and start it again where it has ended."""
        if self.child.poll() is not None:
            if not self.revives:
                return {"sink": {"statename": "BACKOFF", "pid": 0}}
            self.child = self.start()
        return {"sink": {"statename": "RUNNING", "pid": self.child.pid}}


@pytest.mark.parametrize("revives", [True, False])
def test_a_killed_component_is_waited_for(monkeypatch: pytest.MonkeyPatch, revives: bool) -> None:
    keeper = Keeper(revives=revives)
    monkeypatch.setattr(drill, "Supervisor", lambda: keeper)
    monkeypatch.setattr(drill, "POLL_SECONDS", 0.05)
    monkeypatch.setattr(drill, "PATIENCE_SECONDS", 5.0 if revives else 0.3)
    sink = replace(next(one for one in list_processes() if one.name == "sink"),
                   ready=lambda: True)
    first = keeper.child.pid
    if revives:
        assert kill(sink).name == "sink" and keeper.child.pid != first
    else:
        with pytest.raises(ComponentError, match="sink is not back"):
            kill(sink)
    assert not psutil.pid_exists(first)
    keeper.child.kill()
    keeper.child.wait()


def test_each_round_kills_each_component_once() -> None:
    table = list_processes()
    order = _order(table, rounds=3, seed=1)
    assert [len({one.name for one in order[i:i + len(table)]})
            for i in range(0, len(order), len(table))] == [len(table)] * 3
    assert order != _order(table, rounds=3, seed=2)
