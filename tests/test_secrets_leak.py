"""Look for every secret of a running city where it must not be."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from infra.orphans import list_marked
from schemas.errors import ComponentError
from streams.publishers import Registration, register
from streams.secrets import get_password, passwords_file, secrets_directory
from streams.settings import read_settings
from streams.staff import ensure_first, list_staff
from streams.store import connect
from streams.tokens import issue
from tests.components import running

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
PAGES = (("feed", "/"), ("feed", "/v1/openapi.json"), ("feed", "/v1/catalogue"), ("intake", "/"),
         ("intake", "/openapi.json"), ("console", "/login"), ("console", "/_stcore/health"))


@pytest.fixture(scope="module")
def secrets(kafka: str, clickhouse: tuple[str, int], flink: str) -> Iterator[dict[str, str]]:
    """Run a city without jobs; give its secrets by name."""
    with running("registrar"), running("feed"), running("intake"), running("console"):
        ensure_first()
        register(Registration("test-leak", families=["parking-occupancy"]))
        known = json.loads(passwords_file().read_text())
        known |= {f"hash of {one.name}": one.hash for one in list_staff().values() if one.hash}
        known["token"] = issue("test-leak").rpartition("_")[2]
        yield known


def leaks(text: str, secrets: dict[str, str]) -> set[str]:
    """Name the secrets that a text holds."""
    return {name for name, secret in secrets.items() if secret in text}


def test_there_are_secrets_to_look_for_and_looking_finds_them(secrets: dict[str, str]) -> None:
    assert {"kafka:gate", "kafka:admin", "clickhouse:sink", "console:admin"} <= secrets.keys()
    assert all(len(one) >= 32 for one in secrets.values())
    assert leaks(f"password={secrets['kafka:gate']};", secrets) == {"kafka:gate"}


def test_no_log_holds_a_secret(secrets: dict[str, str], stack_home: Path) -> None:
    logs = [path for path in (stack_home / "logs").rglob("*") if path.is_file()]
    assert len(logs) > 5
    assert {path.name: found for path in logs
            if (found := leaks(path.read_text(errors="replace"), secrets))} == {}


def test_no_command_line_holds_a_secret(secrets: dict[str, str]) -> None:
    lines = {}
    for process in list_marked(""):
        try:
            lines[process.pid] = " ".join(process.cmdline())
        except psutil.Error:
            continue
    assert any("kafka.Kafka" in line for line in lines.values())
    assert {pid: found for pid, line in lines.items() if (found := leaks(line, secrets))} == {}


def test_files_with_a_secret_are_their_owners_only(
        secrets: dict[str, str], stack_home: Path) -> None:
    holding, open_ = 0, []
    # a walk passes over folders that are gone by the time it comes to them
    paths = (Path(folder) / name for folder, _, names in os.walk(stack_home) for name in names)
    for path in paths:
        below = path.relative_to(stack_home).parts
        # parts of the store come and go while the city runs
        with contextlib.suppress(FileNotFoundError):
            if (below[0] in ("components", "areas") or path.is_symlink() or not path.is_file()
                    or path.stat().st_size > 4 << 20):
                continue
            if leaks(path.read_text(errors="replace"), secrets):
                holding += 1
                if stat.S_IMODE(path.stat().st_mode) & 0o077 and not _is_shut_in(path, stack_home):
                    open_.append("/".join(below))
    assert holding >= 4  # passwords, broker, login of the jobs, staff
    assert open_ == []


def _is_shut_in(path: Path, home: Path) -> bool:
    """Tell whether a folder between a file and the home keeps everybody else out."""
    return any(not stat.S_IMODE(folder.stat().st_mode) & 0o077
               for folder in path.parents if folder.is_relative_to(home) and folder != home)


def test_flinks_pages_and_rest_tell_no_secret(secrets: dict[str, str], flink: str) -> None:
    managers = httpx.get(f"{flink}/taskmanagers", trust_env=False).json()["taskmanagers"]
    paths = ["/config", "/jobmanager/config", "/jobmanager/environment", "/jobmanager/logs",
             "/overview", "/jobs/overview", f"/taskmanagers/{managers[0]['id']}"]
    for path in paths:
        answer = httpx.get(f"{flink}{path}", trust_env=False)
        assert answer.status_code == 200, path
        assert leaks(answer.text, secrets) == set(), path


def test_no_jar_can_be_brought_to_flink(flink: str) -> None:
    files = {"jarfile": ("x.jar", b"PK", "application/x-java-archive")}
    answer = httpx.post(f"{flink}/jars/upload", files=files, trust_env=False)
    assert answer.status_code in (400, 404), answer.text
    assert httpx.get(f"{flink}/jars", trust_env=False).status_code == 404
    assert httpx.get(f"{flink}/config", trust_env=False).json()["features"]["web-submit"] is False


@pytest.mark.parametrize(("server", "path"), PAGES)
def test_no_page_holds_a_secret(secrets: dict[str, str], server: str, path: str) -> None:
    settings = read_settings()
    answer = httpx.get(f"http://{settings.host}:{settings.port(server)}{path}", trust_env=False)
    assert answer.status_code == 200
    assert leaks(answer.text, secrets) == set()


def test_what_is_raised_at_a_wrong_login_holds_no_secret(
        secrets: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = "wrong-" + get_password("clickhouse", "sink")
    monkeypatch.setattr("streams.store.get_password", lambda *_: wrong)
    with pytest.raises(ComponentError) as caught:
        connect("sink").query("SELECT 1")
    chain, texts = caught.value, []
    while chain is not None:
        texts.append(repr(chain))
        chain = chain.__cause__ or chain.__context__  # type: ignore[assignment]
    assert leaks("\n".join(texts), secrets) == set()


def test_the_folder_of_secrets_is_shut(secrets: dict[str, str]) -> None:
    assert stat.S_IMODE(secrets_directory().stat().st_mode) == 0o700
    # locks are empty
    assert [path.name for path in secrets_directory().rglob("*") if path.is_file()
            and stat.S_IMODE(path.stat().st_mode) & 0o077 and path.stat().st_size] == []
