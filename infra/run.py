"""Become one process of the table: `python -m infra.run NAME`, as a container of a cluster does.

The orchestrator takes the place of supervisord: it starts, restarts and stops. Command and
environment are those of `infra.processes`, so that no manifest repeats them.
"""

from __future__ import annotations

import os
import sys

from infra.processes import choose
from infra.profiles import sizes
from schemas.errors import CityBrainError


def main() -> None:
    """Replace this process by the one that is named; exit 1 with one clear line on failure."""
    try:
        if len(sys.argv) != 2:
            raise CityBrainError("usage: python -m infra.run NAME")
        process = choose(sys.argv[1])[0]
        os.environ.update(process.environment(), PYTHONUNBUFFERED="1")
        if sizes().arenas:
            os.environ.setdefault("MALLOC_ARENA_MAX", str(sizes().arenas))
    except CityBrainError as error:
        sys.exit(f"run: {error}")
    os.execv(process.command[0], process.command)


if __name__ == "__main__":
    main()
