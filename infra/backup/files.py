"""Copy files with their times, each read once and its digest taken on the way."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from infra.backup.manifest import File
from schemas.errors import ComponentError

CHUNK_BYTES = 4 << 20
Progress = Callable[[str, float], None]


def list_files(path: Path) -> list[Path]:
    """List a file, or the files below a folder; links are not followed."""
    if path.is_symlink() or not path.exists():
        return []
    if path.is_file():
        return [path]
    return sorted(one for one in path.rglob("*") if one.is_file() and not one.is_symlink())


def held_bytes(paths: Iterable[Path]) -> int:
    """Sum what files take on their disk, bytes: Kafka's indexes are mostly holes."""
    return sum(one.stat().st_blocks * 512 for path in paths for one in list_files(path))


def copy_file(source: Path, target: Path) -> File:
    """Copy one file for its owner only, with its time; give its digest."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with source.open("rb") as incoming, os.fdopen(descriptor, "wb") as outgoing:
        while chunk := incoming.read(CHUNK_BYTES):
            digest.update(chunk)
            outgoing.write(chunk)
            size += len(chunk)
    known = source.stat()
    # Flink's progress is judged by the age of what it wrote
    os.utime(target, ns=(known.st_atime_ns, known.st_mtime_ns))
    return File(size, digest.hexdigest())


class Copying:
    """Copy files one after another, and tell how far it has come."""

    def __init__(self, what: str, total: int, progress: Progress) -> None:
        """Take what is copied, and how many bytes of it there are."""
        self._what, self._total, self._progress = what, max(1, total), progress
        self._done = 0

    def copy(self, source: Path, target: Path) -> File:
        """Copy one file."""
        copied = copy_file(source, target)
        self._done += copied.size
        self._progress(self._what, min(1.0, self._done / self._total))
        return copied


def check_room(folder: Path, needed: int) -> None:
    """Raise ComponentError unless a folder's disk has so many bytes free."""
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed:
        raise ComponentError(f"{folder}: {needed / 1e9:.1f} GB are needed,"
                             f" {free / 1e9:.1f} GB are free")
