"""Test that a machine that lacks something is told so in one line."""

from __future__ import annotations

import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from infra import preflight
from infra.preflight import InstallError, check_disk, check_java, check_machine, find_browser

Usage = namedtuple("Usage", "total used free")
EVERYTHING = ("java", "mvn", "npm", "chromium", "fc-list")


class Machine:
    """Play a machine: its programs, its Java, its fonts, its disk."""

    def __init__(self, patched: pytest.MonkeyPatch) -> None:
        """Start with everything that is needed."""
        self.programs = set(EVERYTHING)
        self.java, self.fonts, self.free = 'openjdk version "17.0.2" 2022', "Noto Sans CJK", 10**11
        self.asked: list[Path] = []
        patched.setattr("infra.preflight.shutil.which", self.which)
        patched.setattr("infra.preflight.shutil.disk_usage", self.usage)
        patched.setattr("infra.preflight.subprocess.run", self.run)

    def which(self, name: str) -> str | None:
        """Find a program."""
        return f"/bin/{name}" if name in self.programs else None

    def usage(self, folder: Path) -> Usage:
        """Tell how full a disk is."""
        self.asked.append(folder)
        return Usage(10**12, 0, self.free)

    def run(self, command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        """Run a program."""
        told = self.fonts if command[0] == "fc-list" else ""
        return subprocess.CompletedProcess(command, 0, told, self.java)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Give a machine that has all."""
    return Machine(monkeypatch)


def refusal(home: Path) -> str:
    """Give the one line in which a machine is refused."""
    with pytest.raises(InstallError) as caught:
        check_machine(home)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_machine_that_has_all_passes(machine: Machine, tmp_path: Path) -> None:
    check_machine(tmp_path)


@pytest.mark.parametrize(("program", "message"), [
    ("mvn", "mvn is missing: install Maven"), ("npm", "npm is missing: install npm"),
    ("java", "Java is missing: install a Java 17 runtime")])
def test_a_missing_program_is_named_with_what_to_install(
        machine: Machine, tmp_path: Path, program: str, message: str) -> None:
    machine.programs.remove(program)
    assert refusal(tmp_path) == message


@pytest.mark.parametrize("said", ['java version "1.8.0_292"', 'openjdk version "11.0.2"', "", "?"])
def test_an_old_java_is_refused(machine: Machine, tmp_path: Path, said: str) -> None:
    machine.java = said
    assert refusal(tmp_path).startswith("Java 17 is needed, this is")


@pytest.mark.parametrize("said", ['openjdk version "17" 2021', 'openjdk version "21.0.1"',
                                  'Picked up _JAVA_OPTIONS\njava version "25-ea"'])
def test_a_newer_java_passes(machine: Machine, said: str) -> None:
    machine.java = said
    check_java()


def test_another_python_is_refused(
        machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 12, 1))
    assert refusal(tmp_path).startswith("Python 3.11 is needed, this is")


def test_a_full_disk_is_told_with_what_is_free_and_needed(
        machine: Machine, tmp_path: Path) -> None:
    machine.free = 1_200_000_000
    home = tmp_path / "not" / "there"
    told = refusal(home)
    assert told == f"the disk of {tmp_path} is full: 1.2 GB free, 5 GB are needed"
    assert machine.asked == [tmp_path]
    machine.free = preflight.NEEDED_BYTES
    check_disk(home)


@pytest.mark.parametrize(("missing", "fonts", "found"), [
    ("", "Noto Sans CJK", "/bin/chromium"), ("chromium", "Noto Sans CJK", None),
    ("fc-list", "Noto Sans CJK", None), ("", " \n", None)])
def test_a_browser_counts_only_with_a_chinese_font(
        machine: Machine, missing: str, fonts: str, found: str | None) -> None:
    machine.programs.discard(missing)
    machine.fonts = fonts
    assert find_browser() == found
    machine.programs.add("google-chrome")
    assert (find_browser() is None) == (missing == "fc-list" or not fonts.strip())
