"""Start and stop the city: each process after those it depends on, and nothing left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import psutil

from infra.orphans import mark, stop_marked
from infra.processes import Process, list_processes
from infra.supervision import Supervisor, log_path
from schemas.errors import ComponentError
from streams.settings import CHECKOUT, read_settings

UP_SECONDS = 240.0
STOP_SECONDS = 90.0
ALONE_SECONDS = 90.0
ATTEMPTS = 3
ALIVE = {"STARTING", "RUNNING", "BACKOFF", "STOPPING"}
Report = Callable[[str], None]


def check_ports(processes: Iterable[Process]) -> None:
    """Raise ComponentError naming the first port that something else holds."""
    settings = read_settings()
    for process in processes:
        for name in process.ports:
            port = settings.port(name)
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((settings.host_of(name), port))
                except OSError as error:
                    raise ComponentError(
                        f"port {port} ({process.name}) is taken: end what holds it, or set "
                        f"CITYBRAIN_PORT_OFFSET ({error.strerror})") from error


def last_lines(name: str, count: int = 5) -> str:
    """Give the last lines of a component's log."""
    path = log_path(name)
    if not path.exists():
        return "(no log)"
    with path.open(errors="replace") as stream:
        return "".join(f"\n    {line.rstrip()[:300]}" for line in deque(stream, count))


@contextmanager
def run_alone(process: Process, seconds: float = ALONE_SECONDS, lines: int = 5
              ) -> Iterator[subprocess.Popen[bytes]]:
    """Run one process without the supervisor until the end of the block, once it is ready.

    Raise ComponentError with the last lines of its log when it does not become ready in time.
    """
    with log_path(process.name).open("ab") as log:
        child = subprocess.Popen(
            process.command, cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
            env={**os.environ, **mark(), **process.environment()})
    try:
        until = time.monotonic() + seconds
        while not process.ready():
            if child.poll() is not None or time.monotonic() > until:
                raise ComponentError(
                    f"{process.name} did not start:{last_lines(process.name, lines)}")
            time.sleep(0.2)
        yield child
    finally:
        child.terminate()
        try:
            child.wait(process.stop_seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class Start:
    """Bring processes up in the order of their dependencies."""

    def __init__(self, processes: tuple[Process, ...], report: Report) -> None:
        """Hold what is to be started and where progress is told."""
        self._waiting = {process.name: process for process in processes}
        self._started: dict[str, set[int]] = {}
        self._ready: set[str] = set()
        self._supervisor, self._report = Supervisor(), report

    def run(self, seconds: float = UP_SECONDS) -> None:
        """Start all and wait until they are ready.

        Raise ComponentError naming what is not, when nothing more becomes ready for so long.
        """
        begun = moved = time.monotonic()
        known = 0
        while self._ready < self._waiting.keys():
            states = self._supervisor.states()
            for name, process in self._waiting.items():
                if name not in self._started:
                    self._start_when_free(process)
                elif name not in self._ready:
                    self._look(process, states[name], begun)
            if len(self._ready) > known:
                known, moved = len(self._ready), time.monotonic()
            if time.monotonic() - moved > seconds:
                late = sorted(self._waiting.keys() - self._ready)
                raise ComponentError(
                    f"not ready, and nothing new for {seconds:g} s: {', '.join(late)}"
                    f"{last_lines(late[0])}")
            time.sleep(0.2)

    def _start_when_free(self, process: Process) -> None:
        """Start a process when those of its dependencies that we start are ready."""
        if all(one in self._ready or one not in self._waiting for one in process.depends):
            self._supervisor.start(process.name)
            self._started[process.name] = set()

    def _look(self, process: Process, state: dict[str, object], begun: float) -> None:
        """See whether a started process is ready, or dies again and again."""
        starts = self._started[process.name]
        starts.add(int(str(state["start"])))
        if len(starts) > ATTEMPTS or state["statename"] in {"FATAL", "EXITED"}:
            raise ComponentError(
                f"{process.name} dies at start; the end of its log:{last_lines(process.name)}")
        if state["statename"] in {"STARTING", "RUNNING"} and process.ready():
            self._ready.add(process.name)
            self._report(f"{time.monotonic() - begun:5.1f} s  {process.name:<12} {process.title}")


def _stop_in_order(supervisor: Supervisor) -> None:
    """Stop each process when all that depend on it have stopped."""
    table, until = list_processes(), time.monotonic() + STOP_SECONDS
    asked: set[str] = set()
    while time.monotonic() < until:
        alive = {name for name, row in supervisor.states().items() if row["statename"] in ALIVE}
        if not alive:
            return
        for name in sorted(alive - asked):
            if not any(name in one.depends and one.name in alive for one in table):
                supervisor.stop(name)
                asked.add(name)
        time.sleep(0.1)


def stop_all(report: Report) -> int:
    """Stop the city: jobs with a savepoint first, then all; give the number of left-overs ended."""
    supervisor = Supervisor()
    pid_file = read_settings().home / "run" / "supervisord.pid"
    if supervisor.is_up():
        report("stopping; the Flink jobs leave a savepoint")
        daemon = _find(int(pid_file.read_text()))
        _stop_in_order(supervisor)
        supervisor.shut_down()
        if daemon is not None:
            psutil.wait_procs([daemon], timeout=STOP_SECONDS)
    left = stop_marked()
    if left:
        report(f"ended {left} left-over process{'es' if left > 1 else ''}")
    return left


def _find(pid: int) -> psutil.Process | None:
    """Find a process by its id."""
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess:
        return None
