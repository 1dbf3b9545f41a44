"""Write the generated files of the components; what holds passwords is for its owner only."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from string import Template

CONFIG = Path(__file__).resolve().parent / "config"


def make_private_directory(path: Path) -> Path:
    """Make a directory that only its owner can enter; give it back."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_private(path: Path, content: str | bytes) -> Path:
    """Replace a file atomically by one with mode 0600; give its path back."""
    # a draft of its own for each writer (mode 0600): two components may write the same file at once
    descriptor, draft = tempfile.mkstemp(prefix=path.name, suffix=".new", dir=path.parent)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content.encode() if isinstance(content, str) else content)
    return Path(draft).replace(path)


def render(template: str, **values: object) -> str:
    """Fill `infra/config/<template>`, in which `$name` stands for a value; miss none."""
    return Template((CONFIG / template).read_text()).substitute(
        {name: str(value) for name, value in values.items()})
