"""Test that the examples run as they stand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from streams.credentials import local_credentials
from streams.publishers import Registration, register
from tests.components import CHECKOUT, hear_interrupts

FLOWS = CHECKOUT / "infra" / "examples" / "publish_flows.py"


def run(environment: dict[str, str], *words: str) -> tuple[str, str]:
    """Run the example until it has sent its first minute, then Ctrl-C; give both its outputs."""
    child = subprocess.Popen(
        [sys.executable, str(FLOWS), *words], text=True, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, preexec_fn=hear_interrupts,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), **environment})
    assert child.stdout is not None
    first = child.stdout.readline()
    child.send_signal(signal.SIGINT)
    return first, child.communicate(timeout=60)[1]


@pytest.mark.live
@pytest.mark.parametrize("way", ["file", "variable", "variables"])
def test_flows_are_published_with_what_the_command_hands_out(
        kafka: str, tmp_path: Path, way: str) -> None:
    from streams.broker import open_admin
    from streams.registrar import ensure_broker
    admin = open_admin()
    ensure_broker(admin, align=False)
    admin.close()
    register(Registration("test-loops", families=["traffic-flow"]))
    one = local_credentials("test-loops")
    file = tmp_path / "loops.json"
    file.write_bytes(msgspec.json.encode(one))
    environment = {
        "file": {}, "variable": {"CITYBRAIN_CREDENTIALS": str(file)},
        "variables": {"CITYBRAIN_PUBLISHER": one.publisher, "CITYBRAIN_PASSWORD": one.password,
                      "CITYBRAIN_BROKERS": kafka}}[way]
    first, errors = run(environment, *([str(file)] if way == "file" else []))
    assert first == "24 confirmed\n", errors


def test_without_credentials_it_says_what_is_missing() -> None:
    first, errors = run({"CITYBRAIN_CREDENTIALS": "", "CITYBRAIN_PUBLISHER": ""})
    assert first == ""
    assert "SettingsError: no credentials: give the file of `citybrain publisher add`" in errors
