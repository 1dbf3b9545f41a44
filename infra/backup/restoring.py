"""Bring a backup back into a home: checked while it is copied, whole or not at all."""

from __future__ import annotations

import shutil
import tarfile
import time
from contextlib import closing
from pathlib import Path

from infra.backup.files import Copying, Progress, check_room
from infra.backup.making import SECRETS, STORE
from infra.backup.manifest import Manifest, read_manifest
from infra.backup.quiet import check_ours, store_running
from infra.backup.store import backups_folder, compare, restore_store
from infra.readiness import port_answers
from infra.supervision import Supervisor
from schemas.errors import ComponentError
from streams.settings import read_settings
from streams.store import connect

# what each part brings, and what must not be there before
PLACES = {"broker": ("kafka", "flink", "audit", "secrets", "schemas"), "store": ("clickhouse",)}


def _is_filled(path: Path) -> bool:
    """Tell whether a folder holds anything."""
    return path.is_dir() and any(path.iterdir())


def _check(manifest: Manifest, home: Path, *, force: bool) -> list[Path]:
    """Check that a backup may go into a home; give what must be moved aside for it."""
    settings = read_settings()
    # by their ports: asking as an account would make passwords in an empty home
    if Supervisor().is_up() or port_answers("kafka")() or port_answers("clickhouse")():
        raise ComponentError("the city runs: `citybrain down` stops it")
    if manifest.city != settings.city:
        raise ComponentError(f"the backup is of city {manifest.city}, CITYBRAIN_CITY is"
                             f" {settings.city}")
    if (manifest.host, manifest.port_offset) != (settings.host, settings.port_offset):
        raise ComponentError(
            f"the broker's log holds its address: set CITYBRAIN_HOST={manifest.host} and"
            f" CITYBRAIN_PORT_OFFSET={manifest.port_offset}, as where the backup was made")
    held = [home / name for part in manifest.parts for name in PLACES[part]
            if _is_filled(home / name)]
    if held and not force:
        raise ComponentError(
            f"{home} holds {', '.join(one.name for one in held)} already; name an empty one in"
            " CITYBRAIN_HOME, or --force moves them aside")
    return held


def restore(source: Path, *, force: bool, progress: Progress) -> tuple[Manifest, Path | None]:
    """Restore a backup; give its manifest, and where what was there before lies now.

    Every file is compared with its digest before anything in the home is touched, and every view
    when the store is back. Where something is wrong the home is left as it was.
    """
    check_ours()
    manifest, home = read_manifest(source), read_settings().home
    held = _check(manifest, home, force=force)
    check_room(home, manifest.size)
    staging = home / ".restoring"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700, parents=True)
    try:
        _copy(source, staging, manifest, progress)
        return manifest, _place(staging, home, manifest, held, progress)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _copy(source: Path, staging: Path, manifest: Manifest, progress: Progress) -> None:
    """Copy all files and compare each with its digest; unpack the secrets."""
    copying = Copying("copying and checking", manifest.size, progress)
    for name, wanted in manifest.files.items():
        target = (staging / name).resolve()
        if not target.is_relative_to(staging.resolve()):
            raise ComponentError(f"{source}: {name} lies outside of a backup")
        try:
            found = copying.copy(source / name, target)
        except FileNotFoundError:
            raise ComponentError(f"{source / name} is missing") from None
        if found != wanted:
            raise ComponentError(f"{source / name} is not what was backed up: its digest differs")
    if SECRETS in manifest.files:
        (staging / "secrets").mkdir(mode=0o700)
        with tarfile.open(staging / SECRETS) as archive:
            archive.extractall(staging / "secrets", filter="data")
        (staging / SECRETS).unlink()


class _Moves:
    """Move into a home what is restored, and aside what it replaces, so that all can be undone."""

    def __init__(self, home: Path) -> None:
        """Name the folder for what is replaced; it is made when something is."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self._home, self.aside = home, home / f"before-restore-{stamp}"
        self._done: list[tuple[Path, Path]] = []

    def _move(self, path: Path, target: Path) -> None:
        """Move, and remember it."""
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.rename(target)
        self._done.append((path, target))

    def put_aside(self, path: Path) -> None:
        """Move something of the home aside."""
        self._move(path, self.aside / path.relative_to(self._home))

    def put(self, path: Path, target: Path) -> None:
        """Move into place, file by file where a folder is there."""
        if target.is_dir() and path.is_dir():
            for one in sorted(path.iterdir()):
                self.put(one, target / one.name)
            return
        if target.exists():
            self.put_aside(target)
        self._move(path, target)

    def undo(self) -> None:
        """Move everything back, the last first."""
        for path, target in reversed(self._done):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            target.rename(path)
        shutil.rmtree(self.aside, ignore_errors=True)  # empty folders by now


def _place(staging: Path, home: Path, manifest: Manifest, held: list[Path], progress: Progress
           ) -> Path | None:
    """Put what was copied into its places; give where what was there before lies, if any was."""
    moves, with_store = _Moves(home), "store" in manifest.parts
    try:
        for one in held:
            moves.put_aside(one)
        for one in sorted(staging.iterdir()):
            if one.name != STORE:
                moves.put(one, home / one.name)
        if with_store:
            _restore_store(staging / STORE, manifest, progress)
    except BaseException:
        if with_store:
            shutil.rmtree(home / "clickhouse", ignore_errors=True)
        moves.undo()
        raise
    return moves.aside if moves.aside.exists() else None


def _restore_store(folder: Path, manifest: Manifest, progress: Progress) -> None:
    """Have the engine bring the store back, and compare every view."""
    name = f"restored-{time.time_ns()}"
    backups_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.rename(backups_folder() / name)
    with store_running(), closing(connect("migrator")) as store:
        found = restore_store(store, name, lambda what: progress(f"store: {what}", 1.0))
    shutil.rmtree(backups_folder() / name)
    compare(manifest.tables, found)
