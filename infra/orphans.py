"""Find and end processes that a dead parent of ours left behind.

Every supervised process carries the variable MARK with the state directory of its city, and its
children inherit it; so a process of ours is known by its environment, however it was orphaned.
"""

from __future__ import annotations

import os

import psutil

from streams.settings import read_settings

MARK = "CITYBRAIN_SUPERVISED"
GRACE_SECONDS = 5.0


def mark() -> dict[str, str]:
    """Give the variable that marks the processes of this city."""
    return {MARK: str(read_settings().home)}


def list_marked(word: str = "") -> list[psutil.Process]:
    """List this city's marked processes whose command line holds `word`, this one left out."""
    wanted, found = str(read_settings().home), []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(MARK) == wanted and any(
                    word in part for part in process.cmdline()):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


def stop_marked(word: str = "") -> int:
    """End this city's marked processes, at last by force; give their number."""
    processes = list_marked(word)
    for process in processes:
        _signal(process, force=False)
    _, alive = psutil.wait_procs(processes, timeout=GRACE_SECONDS)
    for process in alive:
        _signal(process, force=True)
    psutil.wait_procs(alive, timeout=GRACE_SECONDS)
    return len(processes)


def _signal(process: psutil.Process, *, force: bool) -> None:
    """Ask a process to end, or end it; one that is gone is no error."""
    try:
        (process.kill if force else process.terminate)()
    except psutil.NoSuchProcess:
        return
