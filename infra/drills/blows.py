"""Strike components of the running city - kill, pause, cut off - and wait until they are well.

A component that is cut off loses every TCP connection it has, again and again: `ss -K` closes them
in the kernel (Linux, CAP_NET_ADMIN). One that is paused (SIGSTOP) holds its connections and says
nothing, as behind a network that swallows what is sent.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import psutil

from infra import readiness
from infra.orphans import list_marked
from infra.processes import Process
from infra.supervision import Supervisor
from schemas.errors import ComponentError

POLL_SECONDS = 0.5
PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 10.0
CUT_SECONDS = 10.0
WORKER = "python-worker"
_WORKER_WORD = "pyflink.fn_execution"


class Way(StrEnum):
    """Name a way of striking."""

    KILL = "killed"
    PAIR = "killed in pairs"
    PAUSE = "paused"
    CUT = "cut off"


@dataclass(frozen=True, slots=True)
class Blow:
    """Hold what is struck at once, by name, and how."""

    way: Way
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """Describe what can be struck: its processes now, and whether it works."""

    name: str
    pids: Callable[[], set[int]]
    ready: Callable[[], bool]


def list_targets(processes: Iterable[Process], supervisor: Supervisor) -> dict[str, Target]:
    """List the supervised processes, and the Python workers of the TaskManager, by name."""
    found = {one.name: Target(one.name, partial(_running, supervisor, one.name), one.ready)
             for one in processes}
    if "taskmanager" in found:
        found[WORKER] = Target(WORKER, lambda: {
            one.pid for one in list_marked(_WORKER_WORD)}, readiness.jobs_run)
    return found


def _running(supervisor: Supervisor, name: str) -> set[int]:
    """Give the process of a component, nothing while it does not run."""
    state = supervisor.states().get(name, {})
    return {state["pid"]} if state.get("statename") == "RUNNING" and state["pid"] else set()


def look(targets: Iterable[Target]) -> dict[str, set[int]]:
    """Give the processes of each target; raise ComponentError naming those that do not run."""
    found = {one.name: one.pids() for one in targets}
    if idle := [name for name, pids in found.items() if not pids]:
        raise ComponentError(f"{', '.join(idle)} does not run: `citybrain up` starts the city")
    return found


def strike(blow: Blow, targets: dict[str, Target]) -> float:
    """Strike, and wait until everything struck works; give how long that took (s).

    Raise ComponentError where something does not run in time, before or again.
    """
    struck = [targets[name] for name in blow.names]
    for one in struck:  # an earlier blow may have ended it too: workers end with their job
        _await_well(one, set(), time.monotonic())
    before = look(struck)
    pids = set[int]().union(*before.values())
    begun = time.monotonic()
    if blow.way is Way.PAUSE:
        _pause(pids)
    elif blow.way is Way.CUT:
        _cut(struck)
    else:
        for pid in pids:
            _signal(pid, psutil.Process.kill)
    fresh = blow.way in (Way.KILL, Way.PAIR)
    for one in struck:
        _await_well(one, before[one.name] if fresh else set(), begun)
    return time.monotonic() - begun


def _await_well(target: Target, gone: set[int], begun: float) -> None:
    """Wait until a target works, by other processes than those that are gone."""
    while time.monotonic() - begun < PATIENCE_SECONDS:
        time.sleep(POLL_SECONDS)
        pids = target.pids()
        if pids and not pids & gone and target.ready():
            return
    raise ComponentError(f"{target.name} does not run well after {PATIENCE_SECONDS:g} s")


def _signal(pid: int, action: Callable[[psutil.Process], None]) -> None:
    """Do something to a process; one that is gone meanwhile is no error."""
    try:
        action(psutil.Process(pid))
    except psutil.NoSuchProcess:
        return


def _pause(pids: set[int]) -> None:
    """Stop processes for a while; they go on whatever happens."""
    try:
        for pid in pids:
            _signal(pid, psutil.Process.suspend)
        time.sleep(PAUSE_SECONDS)
    finally:
        for pid in pids:
            _signal(pid, psutil.Process.resume)


def _cut(struck: list[Target]) -> None:
    """Close every connection of targets, again and again for a while."""
    until = time.monotonic() + CUT_SECONDS
    while time.monotonic() < until:
        for target in struck:
            for pid in target.pids():
                close_connections(pid)
        time.sleep(0.2)


def close_connections(pid: int) -> int:
    """Close every established TCP connection of a process in the kernel; give their number."""
    try:
        found = [one for one in psutil.Process(pid).net_connections("tcp")
                 if one.status == psutil.CONN_ESTABLISHED]
    except psutil.NoSuchProcess:
        return 0
    for one in found:
        near, far = one.laddr, one.raddr
        subprocess.run(  # what is closed already is no error
            ["ss", "-K", "-H", "src", near.ip, "sport", "=", f":{near.port}",
             "dst", far.ip, "dport", "=", f":{far.port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return len(found)


def may_cut() -> bool:
    """Tell whether connections can be closed here: `ss` is there, and this user may."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname())
        other, _ = server.accept()
        with client, other:
            try:
                subprocess.run(["ss", "-K", "-H", "src", "127.0.0.1", "sport", "=",
                                f":{client.getsockname()[1]}"], capture_output=True, check=False)
                client.send(b"x")
            except OSError:
                return True
    return False
