"""Test that every peer is described whole and leaves nothing over, and how a polygon is told."""

from __future__ import annotations

import subprocess
import sys

import psutil
import pytest
import shapely

from infra.bench.peer import PEERS, Login, Peer, list_peers, rings, stop
from infra.bench.start import FIRST, OURS
from schemas.errors import CityBrainError

# starts a process, tells its number, and would leave it over
PARENT = """
import subprocess, time
print(subprocess.Popen(["sleep", "60"]).pid, flush=True)
time.sleep(60)
"""
QUESTIONS = ("setup", "counted", "table", "fates")


def test_the_first_peers_are_there() -> None:
    assert {OURS, *list_peers()} >= set(FIRST)


@pytest.mark.parametrize("name", list_peers())
def test_a_peer_answers_every_question_and_owns_up_to_what_it_cannot(name: str) -> None:
    peer = Peer(name, Login("", ""))
    assert peer.title and peer.cannot
    assert all((PEERS / name / f"{one}.sql").exists() for one in QUESTIONS)
    is_bare = (PEERS / name / "prepare.sh").exists() and not (PEERS / name / "environment").exists()
    assert is_bare or all(peer.versions().values())


def test_an_unknown_peer_is_told_with_those_that_there_are() -> None:
    with pytest.raises(CityBrainError, match="hand_loop"):
        Peer("nobody", Login("", ""))


def test_rings_are_the_outer_one_and_the_holes_of_each_part() -> None:
    square, hole = shapely.box(0, 0, 4, 4), shapely.box(1, 1, 2, 2)
    shape = shapely.MultiPolygon([square.difference(hole), shapely.box(5, 5, 6, 6)])
    told = rings(shape)
    assert [len(part) for part in told] == [2, 1]
    assert set(told[0][1]) == set(hole.exterior.coords)
    assert rings(square) == [[list(square.exterior.coords)]]


def test_what_a_command_started_ends_with_it() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE,
                              start_new_session=True)
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    stop(parent)
    assert psutil.wait_procs([child], timeout=10)[1] == []
