"""Test copying, digests, manifests, and what a restore refuses before it touches anything."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from infra.backup import making, restoring
from infra.backup.files import Copying, check_room, copy_file, held_bytes, list_files
from infra.backup.making import SECRETS, make
from infra.backup.manifest import FORMAT, File, Manifest, Table, read_manifest, write_manifest
from infra.backup.restoring import restore
from infra.backup.store import compare
from schemas.errors import ComponentError, SettingsError
from streams.settings import read_settings


def put(path: Path, text: str = "x") -> Path:
    """Write a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def silent(_: str, __: float = 0.0) -> None:
    """Tell nobody."""


def test_a_copy_has_the_time_and_the_digest_of_its_original(tmp_path: Path) -> None:
    source = put(tmp_path / "a", "text")
    os.utime(source, (1_000, 2_000))
    source.chmod(0o644)
    found = copy_file(source, tmp_path / "deep/er/b")
    assert found == File(4, hashlib.sha256(b"text").hexdigest())
    copied = tmp_path / "deep/er/b"
    assert (copied.stat().st_mtime, copied.stat().st_mode & 0o777) == (2_000, 0o600)


def test_links_are_no_files_of_a_backup(tmp_path: Path) -> None:
    put(tmp_path / "in/a")
    (tmp_path / "in/link").symlink_to("/etc/passwd")
    (tmp_path / "out").symlink_to(tmp_path / "in")
    assert list_files(tmp_path / "in") == [tmp_path / "in/a"]
    assert list_files(tmp_path / "out") == list_files(tmp_path / "none") == []
    assert list_files(tmp_path / "in/a") == [tmp_path / "in/a"]
    assert held_bytes([tmp_path / "in"]) > 0


def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    shares: list[float] = []
    copying = Copying("x", 8, lambda _, share: shares.append(share))
    for name in "ab":
        copying.copy(put(tmp_path / name, "1234"), tmp_path / f"{name}2")
    assert shares == [0.5, 1.0]


def test_a_disk_without_room_is_told_before_anything_stops(tmp_path: Path) -> None:
    check_room(tmp_path / "not/there", 1)
    with pytest.raises(ComponentError, match="are needed"):
        check_room(tmp_path, 1 << 60)


def test_a_folder_that_is_no_backup_is_told(tmp_path: Path) -> None:
    with pytest.raises(ComponentError, match="is no backup"):
        read_manifest(tmp_path)
    put(tmp_path / "manifest.json", "{}")
    with pytest.raises(ComponentError, match="is no manifest"):
        read_manifest(tmp_path)
    write_manifest(tmp_path, Manifest(FORMAT + 1, "", "3701", "", 0, [], {}))
    with pytest.raises(ComponentError, match="format"):
        read_manifest(tmp_path)


def test_views_that_differ_are_named() -> None:
    wanted = {"a": Table(1, "x"), "b": Table(2, "y")}
    compare(wanted, dict(wanted))
    with pytest.raises(ComponentError, match=r"backed up: a, c$"):
        compare(wanted, {"a": Table(1, "z"), "b": Table(2, "y"), "c": Table(0, "")})


@pytest.fixture
def home(own_home: Path) -> Path:
    """Give a home that is down, with what a broker leaves in it."""
    put(own_home / "kafka/data/topic-0/0.log", "log")
    put(own_home / "kafka/server.properties", "generated")
    put(own_home / "flink/progress-0.json", "{}")
    put(own_home / "flink/tmp/x", "passing")
    put(own_home / "secrets/passwords.json", '{"kafka:admin": "hidden"}')
    put(own_home / "schemas/buoy.py", "declared")
    return own_home


def test_the_brokers_part_comes_back_as_it_was(home: Path, tmp_path: Path) -> None:
    made = make(tmp_path / "b", ["broker"], silent, silent)
    assert set(made.files) == {"kafka/data/topic-0/0.log", "flink/progress-0.json",
                               "schemas/buoy.py", SECRETS}
    assert "hidden" not in (tmp_path / "b/manifest.json").read_text()
    with pytest.raises(ComponentError, match="is there already"):
        make(tmp_path / "b", ["broker"], silent, silent)
    with pytest.raises(ComponentError, match="holds kafka, flink, secrets, schemas already"):
        restore(tmp_path / "b", force=False, progress=silent)
    put(home / "kafka/data/topic-0/0.log", "other")
    _, aside = restore(tmp_path / "b", force=True, progress=silent)
    assert aside is not None
    assert (aside / "kafka/data/topic-0/0.log").read_text() == "other"
    assert (home / "kafka/data/topic-0/0.log").read_text() == "log"
    passwords = home / "secrets/passwords.json"
    assert "hidden" in passwords.read_text()
    assert not (home / ".restoring").exists()
    assert not (home / "flink/tmp").exists()


@pytest.mark.parametrize("damage", ["changed", "missing", "outside"])
def test_a_damaged_backup_touches_nothing(damage: str, home: Path, tmp_path: Path) -> None:
    made = make(tmp_path / "b", ["broker"], silent, silent)
    log = tmp_path / "b/kafka/data/topic-0/0.log"
    if damage == "changed":
        log.write_text("lug")
    elif damage == "missing":
        log.unlink()
    else:
        name = "../../outside"
        put(tmp_path / "b" / name)
        write_manifest(tmp_path / "b", msgspec.structs.replace(
            made, files={name: made.files[SECRETS]}))
    before = sorted(home.rglob("*"))
    with pytest.raises(ComponentError, match=r"digest differs|is missing|lies outside"):
        restore(tmp_path / "b", force=True, progress=silent)
    assert sorted(home.rglob("*")) == before
    assert (home / "kafka/data/topic-0/0.log").read_text() == "log"


def test_a_store_that_differs_puts_everything_back(
        home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(tmp_path / "b", ["broker"], silent, silent)
    write_manifest(tmp_path / "b", msgspec.structs.replace(made, parts=["broker", "store"]))
    put(home / "clickhouse/data/kept")

    def differ(*_: object) -> None:
        """Fail as a store that is not what it was."""
        put(home / "clickhouse/data/half")
        raise ComponentError("the store does not hold what was backed up")

    monkeypatch.setattr(restoring, "_restore_store", differ)
    with pytest.raises(ComponentError, match="does not hold"):
        restore(tmp_path / "b", force=True, progress=silent)
    assert list_files(home / "clickhouse") == [home / "clickhouse/data/kept"]
    assert (home / "kafka/server.properties").exists()
    assert not any(one.name.startswith((".restoring", "before-")) for one in home.iterdir())


def test_declarations_are_replaced_and_others_stay(home: Path, tmp_path: Path) -> None:
    make(tmp_path / "b", [], silent, silent)
    put(home / "schemas/buoy.py", "changed since")
    put(home / "schemas/tide.py", "added since")
    _, aside = restore(tmp_path / "b", force=False, progress=silent)
    assert (home / "schemas/buoy.py").read_text() == "declared"
    assert (home / "schemas/tide.py").read_text() == "added since"
    assert aside is not None
    assert (aside / "schemas/buoy.py").read_text() == "changed since"


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_ends_early_leaves_nothing(
        error: type[BaseException] | BaseException, home: Path, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    def end(*_: object) -> None:
        """End in the middle."""
        raise error

    monkeypatch.setattr(making, "_pack_secrets", end)
    with pytest.raises((KeyboardInterrupt, OSError)):
        make(tmp_path / "b", ["broker"], silent, silent)
    assert list(tmp_path.iterdir()) == []


def test_engines_of_others_and_other_places_are_refused(
        home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make(tmp_path / "b", ["broker"], silent, silent)
    for name, value, said in (("CITYBRAIN_BROKERS", "a:1", "by its own means"),
                              ("CITYBRAIN_CITY", "3702", "is of city 3701"),
                              ("CITYBRAIN_PORT_OFFSET", "7", "holds its address")):
        with monkeypatch.context() as patched:
            patched.setenv(name, value)
            read_settings.cache_clear()
            with pytest.raises((ComponentError, SettingsError), match=said):
                restore(tmp_path / "b", force=True, progress=silent)
        read_settings.cache_clear()
