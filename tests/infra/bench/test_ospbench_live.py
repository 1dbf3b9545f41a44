"""Run the pipeline of OSPBench on real components, in small."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.components import CHECKOUT, hear_interrupts

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(600)]


def test_the_road_gives_what_the_batch_computation_gives(stack_home: Path) -> None:
    # where the components lie the areas are kept, too: they are drawn once
    installed = (stack_home / "components").readlink().parent
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "bench", "ospbench", "--events", "20000", "--json"],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
        env={**os.environ, "CITYBRAIN_HOME": str(installed)}, preexec_fn=hear_interrupts)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["failures"] == [] and told["events"] > 18_000 and told["windows"] > 1_000
    assert all(told["cpu"][part] > 0 for part in ("broker", "jvm", "python", "store"))
