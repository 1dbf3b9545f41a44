"""Start the benchmark in a process and a home of its own, and clean up behind it.

Settings are frozen once read, so the city that is measured cannot be the one that asks.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from infra.bench.city import make_home, make_plain_home
from infra.bench.variation import Variation
from streams.settings import CHECKOUT, read_settings

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
OURS = "ours"
USUAL = Variation()
FIRST = (OURS, "hand_loop", "clickhouse_engine")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Say what is to be run: contenders in order, records, runs, seed, and where to report."""

    names: tuple[str, ...]
    events: int
    runs: int
    seed: int
    quick: bool
    out: Path
    variation: Variation = USUAL


def start(wanted: Wanted) -> tuple[int, list[Path]]:
    """Run the benchmark; give its exit code and the report's pages."""
    code, said = run_in_home(
        "infra.bench", "--events", str(wanted.events), "--seed", str(wanted.seed),
        "--runs", str(wanted.runs), "--names", ",".join(wanted.names),
        "--out", str(wanted.out.resolve()), "--variation", wanted.variation.write(),
        *(["--quick"] if wanted.quick else []),
        environment=make_home(read_settings(), wanted.variation))
    return code, [Path(line) for line in said]


def run_in_home(module: str, *arguments: str, environment: dict[str, str] | None = None
                ) -> tuple[int, list[str]]:
    """Run a module in a city of its own, the benchmark's when no environment names another.

    Give its exit code and the lines it printed; the home is deleted.
    """
    environment = environment or make_home(read_settings())
    child = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=CHECKOUT,
                             env=environment, stdout=subprocess.PIPE, text=True)
    try:
        said = _await(child)
    finally:
        shutil.rmtree(environment["CITYBRAIN_HOME"], ignore_errors=True)
    return child.returncode, said.splitlines()


def measure_plainly(module: str, *arguments: str) -> dict[str, Any]:
    """Run a measurement in a city that declares nothing of its own; give what it tells, as JSON.

    Raise SystemExit with its code where it failed: it has told why.
    """
    settings = read_settings()
    environment = make_plain_home(settings, settings.areas.resolve(), settings.city)
    code, said = run_in_home(module, *arguments, environment=environment)
    if code:
        sys.exit(code)
    found: dict[str, Any] = json.loads(said[-1])
    return found


def _await(child: subprocess.Popen[str]) -> str:
    """Wait for the end; who stops this command has the child stop what it started.

    Raise KeyboardInterrupt then, so that no other measurement follows.
    """
    heard = []

    def stop(number: int, _frame: FrameType | None) -> None:
        """Pass the wish on: a terminal tells both, but `kill` only one."""
        heard.append(number)
        child.send_signal(signal.SIGTERM)

    former = {number: signal.signal(number, stop) for number in ENDINGS}
    try:
        said = child.communicate()[0]
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
    if heard:
        raise KeyboardInterrupt
    return said
