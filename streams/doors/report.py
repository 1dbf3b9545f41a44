"""Write what became of a dropped file beside it, and move it out of the way."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from streams.doors.inbox import REPORT


def _free_path(folder: Path, name: str) -> Path:
    """Give a path at which no file lies: the name, or with a number before its ending."""
    path, number = folder / name, 1
    while path.exists() or path.is_symlink():
        number += 1
        stem, dot, ending = name.partition(".")
        path = folder / f"{stem}.{number}{dot}{ending}"
    return path


def _write(path: Path, text: str) -> None:
    """Replace a file whole, for its owner only: what was refused may be personal."""
    descriptor, draft = tempfile.mkstemp(prefix=".", suffix=".new", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).replace(path)
    except OSError:
        Path(draft).unlink(missing_ok=True)
        raise


def put_away(path: Path, folder_name: str, report: dict[str, Any]) -> Path:
    """Write the report into a folder beside a file, then move the file there; give its new path.

    The report comes first: where the process is killed in between, the file is sent again, which
    changes nothing, and its report is written anew. Raise OSError when the disk does not let us.
    """
    folder = path.parent / folder_name
    folder.mkdir(mode=0o700, exist_ok=True)
    target = _free_path(folder, path.name)
    _write(target.with_name(target.name + REPORT),
           json.dumps(report, ensure_ascii=False, indent=2) + "\n")
    path.rename(target)
    return target
