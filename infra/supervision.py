"""Run the processes under supervisord: its configuration, its start, and talking to it.

supervisord restarts what dies, rotates logs by size and is steered over a socket that only the
owner of the state directory can open.
"""

from __future__ import annotations

import getpass
import http.client
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from infra.files import make_private_directory, write_private
from infra.orphans import mark
from infra.processes import Process, list_processes
from infra.profiles import sizes
from schemas.errors import ComponentError
from streams.settings import CHECKOUT, read_settings

LOG_BYTES = "10MB"
START_SECONDS = 15.0
STOP_SECONDS = 70.0
SOCKET_LIMIT = 100
# so many that a component whose neighbour is away for hours still comes back by itself
RETRIES = 1_000_000
AWAY = (OSError, http.client.HTTPException)


def _run_directory() -> Path:
    """Give the directory of socket and pid file."""
    return make_private_directory(read_settings().home / "run")


def socket_path() -> Path:
    """Give the path of supervisord's socket; raise ComponentError when too long for a socket."""
    path = _run_directory() / "supervisor.sock"
    if len(str(path)) > SOCKET_LIMIT:
        raise ComponentError(f"{path} is too long for a socket: set a shorter CITYBRAIN_HOME")
    return path


def log_path(name: str) -> Path:
    """Give the log file of a component."""
    return make_private_directory(read_settings().home / "logs") / f"{name}.log"


def _escape(value: str) -> str:
    """Escape a value for supervisord, where a per cent sign begins an expansion."""
    return value.replace("%", "%%")


def _program(process: Process) -> str:
    """Render one program's section."""
    arenas = {"MALLOC_ARENA_MAX": str(sizes().arenas)} if sizes().arenas else {}
    variables = {**mark(), **arenas, "PYTHONUNBUFFERED": "1", **process.environment(),
                 "CITYBRAIN_SCHEMAS": str(
                     make_private_directory(read_settings().home / "schemas"))}
    environment = ",".join(f'{name}="{_escape(value)}"' for name, value in variables.items())
    children = str(process.stop_children).lower()
    return "\n".join([
        f"[program:{process.name}]", f"command={_escape(shlex.join(process.command))}",
        f"directory={_escape(str(CHECKOUT))}", f"environment={environment}",
        "autostart=false", "autorestart=true", "startsecs=2", f"startretries={RETRIES}",
        f"stopwaitsecs={process.stop_seconds}", f"stopasgroup={children}", "killasgroup=true",
        # supervisord expands the path of a program's log twice
        "redirect_stderr=true",
        f"stdout_logfile={_escape(_escape(str(log_path(process.name))))}",
        f"stdout_logfile_maxbytes={LOG_BYTES}", "stdout_logfile_backups=1", ""])


def write_config() -> Path:
    """Write supervisord's configuration with every process of the city."""
    run = _run_directory()
    head = f"""[supervisord]
nodaemon=true
silent=true
umask=077
user={getpass.getuser()}
identifier=citybrain
pidfile={_escape(str(run / 'supervisord.pid'))}
logfile={_escape(str(log_path('supervisor')))}
logfile_maxbytes={LOG_BYTES}
logfile_backups=1
[unix_http_server]
file={_escape(str(socket_path()))}
chmod=0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
    return write_private(
        run / "supervisord.conf", head + "\n".join(_program(one) for one in list_processes()))


class Supervisor:
    """Talk to the supervisord of this city."""

    def __init__(self) -> None:
        """Name the socket; nothing is opened before the first call."""
        transport = SupervisorTransport(None, None, f"unix://{socket_path()}")
        self._calls = xmlrpc.client.ServerProxy(
            "http://127.0.0.1", transport=transport, allow_none=True).supervisor

    def is_up(self) -> bool:
        """Tell whether supervisord answers."""
        try:
            return bool(self._calls.getState())
        except AWAY:
            return False

    def states(self) -> dict[str, dict[str, Any]]:
        """Give what supervisord knows of each process; nothing when it is away."""
        try:
            rows: Any = self._calls.getAllProcessInfo()
        except AWAY:
            return {}
        return {row["name"]: row for row in rows}

    def start(self, name: str) -> None:
        """Have a process started, unless it runs."""
        self._attempt("startProcess", name)

    def stop(self, name: str) -> None:
        """Have a process stopped, unless it is."""
        self._attempt("stopProcess", name)

    def _attempt(self, method: str, name: str) -> None:
        """Call a method on a process without waiting; already so is fine."""
        try:
            getattr(self._calls, method)(name, False)
        except xmlrpc.client.Fault as fault:
            if not fault.faultString.startswith(("ALREADY_STARTED", "NOT_RUNNING")):
                raise ComponentError(f"{name}: {fault.faultString}") from fault
        except AWAY as error:
            raise ComponentError(f"the supervisor is away: {error}") from error

    def shut_down(self) -> None:
        """Have supervisord end itself and all that it runs."""
        try:
            self._calls.shutdown()
        except (*AWAY, xmlrpc.client.Fault):
            return


def start_daemon() -> subprocess.Popen[bytes]:
    """Start supervisord in a session of its own, so that Ctrl-C reaches us and not it."""
    config = write_config()
    socket_path().unlink(missing_ok=True)
    daemon = subprocess.Popen(
        [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", str(config)],
        cwd=CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True)
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and daemon.poll() is None:
        if Supervisor().is_up():
            return daemon
        time.sleep(0.1)
    daemon.kill()
    raise ComponentError(f"the supervisor did not start: see {log_path('supervisor')}")


def start_program(name: str) -> None:
    """Start one process of the running city; raise ComponentError when the city is down."""
    Supervisor().start(name)


def stop_program(name: str, seconds: float = STOP_SECONDS) -> None:
    """Stop one process of the running city and wait until it has ended."""
    supervisor = Supervisor()
    supervisor.stop(name)
    until = time.monotonic() + seconds
    while supervisor.states().get(name, {}).get("statename") in {"RUNNING", "STOPPING"}:
        if time.monotonic() > until:
            raise ComponentError(f"{name} has not stopped after {seconds:g} s")
        time.sleep(0.2)
