"""Test that this city's left-over processes are found and ended, and nobody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra import orphans
from infra.orphans import MARK, list_marked, mark, stop_marked

Begin = Callable[..., subprocess.Popen[str]]
WAIT = "print('up', flush=True); import time; time.sleep(600)"
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAIT}"
PARENT = ("import subprocess, sys; subprocess.Popen([sys.executable, '-c',"
          f" \"{WAIT}\", 'the child'])")


@pytest.fixture
def begin(own_home: Path) -> Iterator[Begin]:
    """Give what starts a process, marked or not, and end it after the test."""
    started: list[subprocess.Popen[str]] = []

    def begun(code: str, *words: str, marked: str | None = None) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if name != MARK}
        if marked is not None:
            environment[MARK] = marked
        process = subprocess.Popen([sys.executable, "-c", code, *words], env=environment,
                                   stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield begun
    for process in started:
        process.kill()
        process.communicate()


def test_only_what_carries_this_citys_mark_is_found(begin: Begin, own_home: Path) -> None:
    ours = begin(WAIT, marked=mark()[MARK])
    begin(WAIT, marked=f"{own_home}-other")
    begin(WAIT)
    assert [process.pid for process in list_marked()] == [ours.pid]


def test_a_word_of_the_command_line_narrows_the_search(begin: Begin, own_home: Path) -> None:
    one = begin(WAIT, "beam_boot", marked=str(own_home))
    begin(WAIT, "kafka", marked=str(own_home))
    assert [process.pid for process in list_marked("beam_boot")] == [one.pid]


def test_what_is_marked_is_ended_and_all_else_lives(begin: Begin, own_home: Path) -> None:
    ours, other = begin(WAIT, marked=str(own_home)), begin(WAIT, marked=f"{own_home}-other")
    assert stop_marked() == 1
    assert ours.poll() is not None
    assert other.poll() is None
    assert stop_marked() == 0


def test_what_does_not_end_when_asked_is_ended_by_force(
        begin: Begin, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "GRACE_SECONDS", 0.3)
    ours = begin(STUBBORN, marked=str(own_home))
    assert stop_marked() == 1
    assert ours.poll() is not None


def test_a_child_whose_parent_is_gone_is_still_known(begin: Begin, own_home: Path) -> None:
    parent = begin(PARENT, marked=str(own_home))
    parent.wait(10)
    (child,) = list_marked()
    assert "the child" in child.cmdline()
    assert stop_marked() == 1
    assert list_marked() == []
