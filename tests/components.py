"""Run real components for tests: a home of their own, free ports, and a clean end."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
WAIT_SECONDS = 90.0


def _is_free(port: int) -> bool:
    """Tell whether a port can be bound."""
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def find_free_offset() -> int:
    """Find an offset at which every port of the platform is free."""
    from streams.settings import PORTS
    for offset in random.Random().sample(range(400, 12_000, 200), 50):
        if all(_is_free(port + offset) for port in PORTS.values()):
            return offset
    raise RuntimeError("no free range of ports")


def make_home() -> Path:
    """Make a state directory that shares installed components and areas; point the settings to it.

    This must run before anything reads the settings, which are frozen then.
    """
    installed = Path(os.environ.get("CITYBRAIN_HOME") or CHECKOUT / ".citybrain").resolve()
    home = Path(tempfile.mkdtemp(prefix="citybrain-"))
    for name in ("components", "areas"):
        if (installed / name).exists():
            (home / name).symlink_to(installed / name)
    for name in ("CITYBRAIN_BROKERS", "CITYBRAIN_CLICKHOUSE"):
        os.environ.pop(name, None)
    os.environ.update({
        "CITYBRAIN_HOME": str(home), "CITYBRAIN_PORT_OFFSET": str(find_free_offset()),
        "CITYBRAIN_SUPERVISED": str(home), "CITYBRAIN_SCHEMAS": str(home / "schemas")})
    for name in ("logs", "schemas"):
        (home / name).mkdir()
    return home


def remove_home(home: Path) -> None:
    """End what may have been left running and delete the state directory."""
    from infra.orphans import stop_marked
    stop_marked()
    shutil.rmtree(home, ignore_errors=True)


@contextmanager
def running(name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a component of the process table until the end of the block, once it is ready."""
    from infra.launch import run_alone
    from infra.processes import choose
    with run_alone(choose(name)[0], WAIT_SECONDS, lines=60) as child:
        yield child


def hear_interrupts() -> None:
    """Be run in a child before its program: a shell starts background work deaf to Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
