"""Test what `citybrain status` tells of the disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.commands.status import command
from streams.settings import read_settings


@pytest.mark.parametrize(("limit", "state"), [("1", "FULL"), ("0", "READY")])
def test_the_disk_is_told_with_the_components(
        limit: str, state: str, own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_DISK_LIMIT", limit)
    read_settings.cache_clear()
    rows = {row["name"]: row for row in json.loads(
        CliRunner().invoke(command, ["--json"]).stdout)}
    disk = rows["disk"]
    assert (disk["state"], disk["limit_percent"]) == (state, int(limit))
    assert 0 < disk["used_percent"] < 100
    told = CliRunner().invoke(command)
    assert told.exit_code == 1  # nothing runs here
    assert ("no events are taken" in told.stdout) == (state == "FULL")
