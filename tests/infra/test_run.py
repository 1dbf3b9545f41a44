"""Test that a container becomes the process that it is told to be."""

from __future__ import annotations

import os
import sys

import pytest

from infra import run
from infra.processes import choose


def test_process_is_replaced_by_the_command_of_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, tuple[str, ...]]] = []
    monkeypatch.setattr(os, "execv", lambda path, command: seen.append((path, tuple(command))))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(sys, "argv", ["run", "job"])
    run.main()
    assert seen == [(sys.executable, choose("job")[0].command)]
    assert "FLINK_CONF_DIR" in os.environ


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["sink", "job"]])
def test_wrong_name_is_one_clear_line(
        arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["run", *arguments])
    with pytest.raises(SystemExit, match=r"^run: "):
        run.main()
