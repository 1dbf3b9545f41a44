"""Check that a machine has what the installation needs, and say in one line what is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

NEEDED_PYTHON = (3, 11)
NEEDED_JAVA = 17
NEEDED_BYTES = 5_000_000_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class InstallError(Exception):
    """Say in one line what is missing and what to do."""


def check_machine(home: Path) -> None:
    """Raise InstallError naming the first thing that is missing or too old."""
    if sys.version_info[:2] != NEEDED_PYTHON:
        raise InstallError(f"Python 3.11 is needed, this is {sys.version.split()[0]}: "
                           "run `make PYTHON=/path/to/python3.11 ...`")
    for name in ("mvn", "npm"):
        if not shutil.which(name):
            raise InstallError(f"{name} is missing: install {'Maven' if name == 'mvn' else name}")
    check_java()
    check_disk(home)


def check_java() -> None:
    """Raise InstallError unless Java 17 or newer is there."""
    if not shutil.which("java"):
        raise InstallError("Java is missing: install a Java 17 runtime")
    said = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < NEEDED_JAVA:
        raise InstallError(f"Java {NEEDED_JAVA} is needed, this is "
                           f"{(said.splitlines() or ['none that says its version'])[0]}")


def check_disk(home: Path) -> None:
    """Raise InstallError when less than 5 GB are free where the components go."""
    folder = home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < NEEDED_BYTES:
        raise InstallError(f"the disk of {folder} is full: {free / 1e9:.1f} GB free, "
                           f"{NEEDED_BYTES / 1e9:.0f} GB are needed")


def find_browser() -> str | None:
    """Find a Chromium and a Chinese font; none unless both are there."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None or not shutil.which("fc-list"):
        return None
    fonts = subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=False)
    return browser if fonts.stdout.strip() else None
