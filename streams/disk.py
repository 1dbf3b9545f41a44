"""Stop taking events before the disk is full: what fills it pauses, what empties it goes on.

A broker that cannot write its log closes the log directory and with it every topic; a store that
cannot write refuses inserts and merges. Both come back only by hand. So the doors, the living city
and accounts of publishers stop earlier, at `CITYBRAIN_DISK_LIMIT` per cent of the home's disk, and
take up again one point below it, so that nobody flickers at the limit.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

from streams.settings import read_settings

# how far below the limit (points of per cent) the disk must be before events are taken again
RELEASE_POINTS = 1.0
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Disk:
    """Hold how full a disk is: per cent as `df` counts it, bytes left, and the limit (0: none)."""

    used_percent: float
    free_bytes: int
    limit_percent: int

    @property
    def is_full(self) -> bool:
        """Tell whether the limit is reached."""
        return 0 < self.limit_percent <= self.used_percent

    @property
    def state(self) -> str:
        """Say it as a component's state."""
        return "FULL" if self.is_full else "READY"


def measure(path: Path | None = None, limit: int | None = None) -> Disk:
    """Measure the disk of a path (the home), against a limit in per cent (the setting)."""
    settings = read_settings()
    place = settings.home if path is None else path
    while not place.exists():
        place = place.parent
    usage = shutil.disk_usage(place)
    # what only the superuser may use is not there for us: `total` holds it, these two do not
    used = 100 * usage.used / max(1, usage.used + usage.free)
    return Disk(used, usage.free, settings.disk_limit if limit is None else limit)


class Guard:
    """Tell, each time it is asked, whether the disk is too full to take events; log each change."""

    def __init__(self, path: Path | None = None, limit: int | None = None) -> None:
        """Watch the disk of a path (the home) against a limit in per cent (the setting)."""
        self._path, self._limit, self._full = path, limit, False

    def is_full(self) -> bool:
        """Measure; once full, it stays so until there is a point of per cent to spare."""
        try:
            disk = measure(self._path, self._limit)
        except OSError as error:
            log.warning("the disk cannot be measured: %s", error)
            return self._full
        spare = disk.limit_percent - disk.used_percent
        full = disk.is_full or (self._full and disk.limit_percent > 0 and spare < RELEASE_POINTS)
        if full != self._full:
            log.log(logging.ERROR if full else logging.INFO,
                    "the disk is %.1f %% full, the limit is %d %%: %s", disk.used_percent,
                    disk.limit_percent, "no events are taken" if full else "events are taken again")
        self._full = full
        return full
