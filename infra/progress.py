"""Draw progress on the terminal's error stream, so that the output stays what was asked for."""

from __future__ import annotations

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn


def open_bar() -> Progress:
    """Open a progress bar; its tasks have a description, a share done and a text `count`."""
    return Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(),
                    TaskProgressColumn(), TextColumn("{task.fields[count]}"),
                    console=Console(stderr=True))
