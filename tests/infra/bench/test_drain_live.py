"""Run the benchmark's command on real components, in small: our own road alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.components import CHECKOUT, hear_interrupts

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(600)]
EVENTS = 20_000


def test_our_road_gives_what_the_batch_computation_gives(stack_home: Path,
                                                         tmp_path: Path) -> None:
    # where the components lie the areas are kept, too: they are drawn once
    installed = (stack_home / "components").readlink().parent
    command = [sys.executable, "-m", "infra.cli", "bench", "drain", "--quick", "--peers", "ours",
               "--events", str(EVENTS), "--out", str(tmp_path), "--json"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False,
                          env={**os.environ, "CITYBRAIN_HOME": str(installed)},
                          preexec_fn=hear_interrupts)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    run, = told["runs"]
    assert run["failures"] == [] and told["quotable"] is False
    assert run["seen"][-1][1] > 0.9 * EVENTS
    assert min(run["fates"].values()) > 0
    assert all(run["cpu"][part] > 0 for part in ("broker", "jvm", "python", "store"))
    left = [one for one in psutil.process_iter(["cmdline"])
            if any("citybrain-bench-" in part for part in one.info["cmdline"] or ())]
    assert left == []
