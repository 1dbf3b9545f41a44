"""Test that a cluster's passwords are made once, and privately."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from infra.commands import cluster


def test_passwords_are_written_for_their_owner_only_and_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "passwords.json"
    assert CliRunner().invoke(cluster.command, ["passwords", str(file)]).exit_code == 0
    assert file.stat().st_mode & 0o077 == 0
    before = file.read_text()
    again = CliRunner().invoke(cluster.command, ["passwords", str(file)])
    assert again.exit_code == 1
    assert file.read_text() == before
    assert all(len(one) >= 32 for one in json.loads(before).values())
