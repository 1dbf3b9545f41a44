"""Test that the log of a component is shown, and an unknown one named."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.commands import logs
from infra.supervision import log_path


def test_the_last_lines_are_shown(own_home: Path) -> None:
    log_path("sink").write_text("".join(f"line {i}\n" for i in range(100)), encoding="utf-8")
    told = CliRunner().invoke(logs.command, ["sink", "-n", "2"])
    assert (told.exit_code, told.output) == (0, "line 98\nline 99\n")
    assert len(CliRunner().invoke(logs.command, ["sink"]).output.splitlines()) == 40


def test_bytes_that_are_no_text_do_not_stop_it(own_home: Path) -> None:
    log_path("supervisor").write_bytes(b"good\n\xff\xfe\n")
    told = CliRunner().invoke(logs.command, ["supervisor"])
    assert told.exit_code == 0
    assert told.output.startswith("good\n")


@pytest.mark.parametrize(("name", "message"), [
    ("kafak", "Error: no component kafak; there are kafka, clickhouse,"),
    ("../secrets/passwords", "Error: no component ../secrets/passwords;"),
    ("kafka", "Error: kafka has not been started yet")])
def test_what_has_no_log_is_told(own_home: Path, name: str, message: str) -> None:
    told = CliRunner().invoke(logs.command, [name])
    assert told.exit_code == 1
    assert told.output.startswith(message)
    assert len(told.output.splitlines()) == 1


def test_following_goes_on_across_rotation(
        own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = log_path("sink")
    path.write_text("old\n" * 9, encoding="utf-8")
    steps = iter(["append", "rotate", "stop"])

    def sleep(_: float) -> None:
        step = next(steps)
        if step == "stop":
            raise KeyboardInterrupt
        with path.open("a" if step == "append" else "w", encoding="utf-8") as stream:
            stream.write(f"{step}\n")

    monkeypatch.setattr("infra.commands.logs.time.sleep", sleep)
    told = CliRunner().invoke(logs.command, ["sink", "-f", "-n", "1"])
    assert (told.exit_code, told.output) == (0, "old\nappend\nrotate\n\n")
