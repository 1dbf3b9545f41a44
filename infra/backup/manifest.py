"""Say what a backup holds: its parts, a digest of each file, and of each view of the store."""

from __future__ import annotations

from pathlib import Path

import msgspec

from schemas.errors import ComponentError

NAME, FORMAT = "manifest.json", 1
PARTS = ("broker", "store")


class File(msgspec.Struct, frozen=True):
    """Hold size (bytes) and SHA-256 of one file."""

    size: int
    sha256: str


class Table(msgspec.Struct, frozen=True):
    """Hold the number of rows that a view shows, and the digest of them."""

    rows: int
    digest: str


class Manifest(msgspec.Struct, frozen=True):
    """Hold what a backup is of and what is in it; files by their path below the backup."""

    format: int
    made_at: str
    city: str
    host: str
    port_offset: int
    parts: list[str]
    files: dict[str, File]
    tables: dict[str, Table] = {}

    @property
    def size(self) -> int:
        """Give how many bytes the files hold."""
        return sum(one.size for one in self.files.values())


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest of a backup."""
    (folder / NAME).write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup; raise ComponentError when the folder is none."""
    path = folder / NAME
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except OSError as error:
        raise ComponentError(f"{folder} is no backup: {NAME}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ComponentError(f"{path} is no manifest of a backup: {error}") from error
    if found.format != FORMAT:
        raise ComponentError(f"{folder} is of format {found.format}, known here is {FORMAT}")
    return found
