"""Run both commands that look at pages, in small, and see that nothing is left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from infra.bench.visits import VIEWS, names
from tests.components import CHECKOUT, hear_interrupts

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(300)]


def measured(areas: Path, *arguments: str) -> dict[str, Any]:
    """Run a command; give what it tells. Whether it was quick enough is not asked here."""
    # where the components lie the areas are, too
    installed = areas.resolve().parent
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "bench", *arguments, "--json"], cwd=CHECKOUT,
        capture_output=True, text=True, check=False, preexec_fn=hear_interrupts,
        env={**os.environ, "CITYBRAIN_HOME": str(installed)})
    assert done.stdout, done.stderr[-3000:]
    left = [one for one in psutil.process_iter(["cmdline"])
            if any("citybrain-bench-" in part for part in one.info["cmdline"] or ())]
    assert left == []
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_page_of_the_console_stands(areas: Path) -> None:
    told = measured(areas, "console", "--cases", "1000", "--rows", "1000", "--visits", "1")
    pages = told["pages"]
    assert told["cases"] == 1_000 and set(pages) == {*names(), *VIEWS}
    assert {name: one["errors"] for name, one in pages.items() if one["errors"]} == {}
    assert {name for name, one in pages.items() if not one["tables"]} == set()


def test_renewals_reach_the_picture(areas: Path) -> None:
    told = measured(areas, "wall", "--segments", "1000", "--minutes", "0.2")
    assert told["first_picture"] > 0 and told["renewals"] > 0
    assert 0 < told["held"] <= told["renewals"]
    assert all(told[moment][name] > 0 for moment in ("memory_begin", "memory_end")
               for name in ("wall", "browser", "heap"))
