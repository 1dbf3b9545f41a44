"""Test that whoever stops the command has the benchmark stop what it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

from infra.bench import start
from infra.bench.city import LANES, OWN, make_added_home, make_home
from streams.settings import read_settings

CHILD = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", start.ENDINGS)
def test_a_signal_is_passed_on_and_the_end_awaited(number: int) -> None:
    child = subprocess.Popen([sys.executable, "-c", CHILD], stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True)
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    before = signal.getsignal(number)
    Timer(0.2, os.kill, (os.getpid(), number)).start()
    with pytest.raises(KeyboardInterrupt):
        start._await(child)
    assert child.returncode == 1 and signal.getsignal(number) is before


def test_the_home_holds_both_added_files_and_none_of_the_asking_city(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("CITYBRAIN_STATE", "rocksdb")
    environment = make_home(read_settings())
    home = Path(environment["CITYBRAIN_HOME"])
    assert home.parent == tmp_path and environment["CITYBRAIN_STATE"] == "rocksdb"
    assert (home / "schemas" / "probe.py").exists()
    assert (home / "queries" / "probe_window.py").exists()
    assert (home / "components").exists()
    assert environment["CITYBRAIN_SCHEMAS"] == str(home / "schemas")
    assert {name for name in OWN if name in environment} == {
        "CITYBRAIN_HOME", "CITYBRAIN_PORT_OFFSET", "CITYBRAIN_SCHEMAS", "CITYBRAIN_CITY"}


def test_the_home_of_the_lanes_holds_what_they_add_and_not_what_the_other_benchmark_does(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    home = Path(make_added_home(read_settings(), LANES)["CITYBRAIN_HOME"])
    assert [one.name for one in (home / "schemas").iterdir()] == ["lane.py"]
    assert [one.name for one in (home / "queries").iterdir()] == ["point_change.py"]
