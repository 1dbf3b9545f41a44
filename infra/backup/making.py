"""Make a backup: still for a while, whole or not at all."""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
import tarfile
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

from infra.backup.files import Copying, Progress, check_room, held_bytes, list_files
from infra.backup.manifest import FORMAT, File, Manifest, Table, write_manifest
from infra.backup.quiet import check_ours, quiet_city, store_running
from infra.backup.store import backup_store, digest_views, no_expiry
from infra.launch import Report
from schemas.errors import ComponentError
from streams.settings import read_settings
from streams.store import connect

# what the broker's log is understood by: Flink's progress and state, and the anchors of the audit
BROKER = ("kafka/data", "flink/savepoints", "flink/checkpoints", "audit")
# what the city was given besides
ALWAYS = ("schemas", "areas/imported.npz")
SECRETS, STORE = "secrets.tar", "store"


def _broker_paths(home: Path) -> list[Path]:
    """List what belongs to the broker's part."""
    return [*(home / name for name in BROKER), *sorted((home / "flink").glob("progress-*.json"))]


def _needed_bytes(home: Path, parts: Iterable[str]) -> int:
    """Give how many bytes a backup takes; the store's are copied twice on their way."""
    needed = held_bytes(home / name for name in ALWAYS)
    if "broker" in parts:
        needed += held_bytes(_broker_paths(home))
    if "store" in parts:
        needed += 2 * held_bytes([home / "clickhouse" / "data"])
    return needed


def make(target: Path, parts: list[str], report: Report, progress: Progress) -> Manifest:
    """Back a city up into a folder that is not there yet; it appears when it is complete.

    Raise ComponentError where that cannot be; then, and at Ctrl-C, nothing of it is left.
    """
    check_ours()
    if target.exists():
        raise ComponentError(f"{target} is there already: name a folder that is not")
    home = read_settings().home
    check_room(target, _needed_bytes(home, parts))
    draft = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(draft, ignore_errors=True)  # a killed backup's
    draft.mkdir(mode=0o700, parents=True)
    try:
        with quiet_city(report):
            manifest = _fill(draft, home, parts, progress)
        write_manifest(draft, manifest)
        os.sync()
        draft.rename(target)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return manifest


def _fill(draft: Path, home: Path, parts: list[str], progress: Progress) -> Manifest:
    """Copy all parts of a city that is still."""
    files: dict[str, File] = {}
    tables: dict[str, Table] = {}
    _copy(home, [home / name for name in ALWAYS], draft, files, "declarations", progress)
    if "broker" in parts:
        _copy(home, _broker_paths(home), draft, files, "broker", progress)
        files[SECRETS] = _pack_secrets(home / "secrets", draft / SECRETS)
    if "store" in parts:
        tables = _copy_store(draft, files, progress)
    settings = read_settings()
    return Manifest(FORMAT, dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), settings.city,
                    settings.host, settings.port_offset, parts, files, tables)


def _copy(root: Path, paths: list[Path], draft: Path, files: dict[str, File], what: str,
          progress: Progress) -> None:
    """Copy files below a root to the same places in the backup."""
    found = [one for path in paths for one in list_files(path)]
    copying = Copying(what, sum(one.stat().st_size for one in found), progress)
    for one in found:
        name = str(one.relative_to(root))
        files[name] = copying.copy(one, draft / name)


def _pack_secrets(folder: Path, target: Path) -> File:
    """Put passwords and keys into one file of their own, which only its owner can read."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for one in list_files(folder):
            archive.add(one, str(one.relative_to(folder)))
    source = target.with_suffix(".new")
    source.touch(0o600)
    source.write_bytes(packed.getvalue())
    copied = Copying("secrets", len(packed.getvalue()), lambda *_: None).copy(source, target)
    source.unlink()
    return copied


def _copy_store(draft: Path, files: dict[str, File], progress: Progress) -> dict[str, Table]:
    """Copy the store and digest its views; the engine's own copy is gone afterwards."""
    def told(what: str) -> None:
        """Tell how far the engine is."""
        progress(f"store: {what}", 0.0)

    with store_running(), closing(connect("migrator")) as store, no_expiry(store):
        made = backup_store(store, told)
        try:
            tables = digest_views(store, told)
            copying = Copying("store", sum(one.stat().st_size for one in list_files(made)),
                              progress)
            for one in list_files(made):
                name = f"{STORE}/{one.relative_to(made)}"
                files[name] = copying.copy(one, draft / name)
        finally:
            with suppress(OSError):
                shutil.rmtree(made)
    return tables
