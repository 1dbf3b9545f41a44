"""Test on processes of the test's own that they are killed, paused and cut off, and waited for."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from infra.drills import blows
from infra.drills.blows import Blow, Target, Way, close_connections, may_cut, strike
from schemas.errors import ComponentError


class Keeper:
    """Play the supervisor of one process: start another when it has ended, or not."""

    def __init__(self, *, revives: bool = True) -> None:
        """Start the process."""
        self.revives = revives
        self.child = self.start()
        self.first = self.child.pid

    def start(self) -> subprocess.Popen[bytes]:
        """Start a process that waits."""
        return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

    def pids(self) -> set[int]:
        """Tell the process, and start it again where it has ended."""
        if self.child.poll() is not None:
            if not self.revives:
                return set()
            self.child = self.start()
        return {self.child.pid}

    def state(self) -> str:
        """Tell what the kernel says of the process."""
        return str(psutil.Process(self.child.pid).status())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Wait less than a city needs."""
    for name, seconds in (("POLL_SECONDS", 0.05), ("PAUSE_SECONDS", 0.5), ("CUT_SECONDS", 0.5)):
        monkeypatch.setattr(blows, name, seconds)
    yield


@pytest.fixture
def keepers() -> Iterator[dict[str, Keeper]]:
    """Give two processes, ended afterwards."""
    found = {"sink": Keeper(), "feed": Keeper()}
    yield found
    for one in found.values():
        one.child.kill()
        one.child.wait()


def targets(keepers: dict[str, Keeper]) -> dict[str, Target]:
    """Make targets of processes."""
    return {name: Target(name, one.pids, lambda: True) for name, one in keepers.items()}


def test_what_is_killed_is_waited_for(keepers: dict[str, Keeper]) -> None:
    strike(Blow(Way.KILL, ("sink",)), targets(keepers))
    assert keepers["sink"].child.pid != keepers["sink"].first
    assert keepers["feed"].child.pid == keepers["feed"].first


def test_a_pair_is_killed_at_once(keepers: dict[str, Keeper]) -> None:
    strike(Blow(Way.PAIR, ("sink", "feed")), targets(keepers))
    assert all(one.child.pid != one.first for one in keepers.values())


def test_what_is_paused_goes_on_as_it_was(keepers: dict[str, Keeper],
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[str] = set()
    pause = time.sleep

    def watch(seconds: float) -> None:
        """Wait, and note what the kernel says of the process then."""
        pause(seconds)
        seen.add(keepers["sink"].state())

    monkeypatch.setattr("infra.drills.blows.time.sleep", watch)
    strike(Blow(Way.PAUSE, ("sink",)), targets(keepers))
    assert psutil.STATUS_STOPPED in seen and keepers["sink"].state() != psutil.STATUS_STOPPED
    assert keepers["sink"].child.pid == keepers["sink"].first


def test_what_does_not_come_back_is_told(keepers: dict[str, Keeper],
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blows, "PATIENCE_SECONDS", 0.3)
    keepers["sink"].revives = False
    with pytest.raises(ComponentError, match="sink does not run"):
        strike(Blow(Way.KILL, ("sink",)), targets(keepers))
    with pytest.raises(ComponentError, match="sink does not run"):
        strike(Blow(Way.KILL, ("sink",)), targets(keepers))


def test_a_blow_waits_for_what_an_earlier_one_ended(keepers: dict[str, Keeper]) -> None:
    absent = [True, True, False]
    target = Target("sink", lambda: set() if absent and absent.pop(0) else keepers["sink"].pids(),
                    lambda: True)
    strike(Blow(Way.KILL, ("sink",)), {"sink": target})
    assert keepers["sink"].child.pid != keepers["sink"].first


def test_a_process_loses_its_connections() -> None:
    if not may_cut():
        pytest.skip("no `ss -K` here, or no right to close connections")
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = ("import socket, sys; s = socket.create_connection(('127.0.0.1', "
                  f"{server.getsockname()[1]})); s.recv(1)")
        with subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE) as child:
            accepted, _ = server.accept()
            with accepted:
                assert close_connections(child.pid) == 1
                assert child.wait(20) == 1
                assert b"Error" in child.stderr.read()  # type: ignore[union-attr]
