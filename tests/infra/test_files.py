"""Test that generated files are private, whole, and may be written by two at once."""

from __future__ import annotations

import threading
from pathlib import Path

from infra.files import make_private_directory, write_private


def test_a_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    assert write_private(path, "new") == path
    assert path.read_text() == "new" and path.stat().st_mode & 0o777 == 0o600
    assert make_private_directory(tmp_path / "deep" / "er").stat().st_mode & 0o777 == 0o700


def test_two_may_write_the_same_file_at_once(tmp_path: Path) -> None:
    path, failed = tmp_path / "config", []

    def write(text: str) -> None:
        try:
            for _ in range(300):
                write_private(path, text)
        except OSError as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(letter * 1000,)) for letter in "ab"]
    for one in writers:
        one.start()
    for one in writers:
        one.join()
    assert failed == []
    assert path.read_text() in ("a" * 1000, "b" * 1000)
    assert [one.name for one in tmp_path.iterdir()] == ["config"]
