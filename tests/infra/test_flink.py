"""Test the Flink cluster's configuration and its start."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from infra import flink as launcher
from streams.secrets import get_password
from streams.settings import read_settings


def test_configuration_is_private_and_the_login_alone_holds_the_password(stack_home: Path) -> None:
    conf = launcher.write_config()
    login = stack_home / "flink" / "kafka-login.conf"
    assert get_password("kafka", "gate") in login.read_text()
    assert login.stat().st_mode & 0o077 == 0
    assert not any(get_password("kafka", "gate") in file.read_text() for file in conf.iterdir())


def test_configuration_offers_a_slot_a_parallel_task_of_each_job() -> None:
    settings = yaml.safe_load((launcher.write_config() / "config.yaml").read_text())
    wanted = read_settings().parallelism * read_settings().statement_sets
    assert settings["taskmanager.numberOfTaskSlots"] == wanted


@pytest.fixture
def clustered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Say that the JobManager, the checkpoints and two TaskManagers are elsewhere; give where."""
    for name, value in {"CITYBRAIN_HOST": "0.0.0.0", "CITYBRAIN_PLAINTEXT": "yes",  # noqa: S104
                        "CITYBRAIN_FLINK": "jobmanager",
                        "CITYBRAIN_FLINK_STORAGE": str(tmp_path), "CITYBRAIN_TASKMANAGERS": "2",
                        "CITYBRAIN_PARALLELISM": "3"}.items():
        monkeypatch.setenv(name, value)
    read_settings.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    read_settings.cache_clear()


def test_cluster_is_told_addresses_that_others_reach(clustered: Path) -> None:
    settings = yaml.safe_load((launcher.write_config() / "config.yaml").read_text())
    own = launcher.own_address("0.0.0.0")  # noqa: S104
    assert settings["jobmanager.rpc.address"] == settings["rest.address"] == "jobmanager"
    assert settings["taskmanager.host"] == own != settings["taskmanager.bind-host"]
    assert settings["taskmanager.numberOfTaskSlots"] == 2
    assert settings["execution.checkpointing.savepoint-dir"] == (clustered / "savepoints").as_uri()
    assert not any(name.startswith("high-availability") for name in settings)


def test_standby_tells_its_own_address_and_where_graphs_are_kept(
        clustered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_FLINK_HA", "kubernetes")
    read_settings.cache_clear()
    settings = yaml.safe_load((launcher.write_config() / "config.yaml").read_text())
    assert settings["high-availability.type"] == "kubernetes"
    assert settings["high-availability.storageDir"] == (clustered / "ha").as_uri()
    assert settings["jobmanager.rpc.address"] == launcher.own_address("0.0.0.0")  # noqa: S104


def test_library_folder_holds_links_only_and_drops_stale_ones() -> None:
    folder = launcher.link_libraries()
    stale = folder / "gone-1.0.jar"
    stale.symlink_to("/nowhere/gone-1.0.jar")
    names = {path.name for path in launcher.link_libraries().iterdir()}
    assert all(path.is_symlink() and path.exists() for path in folder.iterdir())
    assert stale.name not in names
    assert any(name.startswith("flink-python-") for name in names)
    assert any(name.startswith("flink-sql-connector-kafka-") for name in names)


@pytest.mark.live
def test_cluster_has_its_slots_and_listens_on_loopback_only(flink: str) -> None:
    overview = httpx.get(f"{flink}/overview").json()
    settings = read_settings()
    assert overview["slots-total"] == settings.parallelism * settings.statement_sets
    assert httpx.get(f"{flink}/jobmanager/config").status_code == 200
    assert get_password("kafka", "gate") not in httpx.get(f"{flink}/jobmanager/config").text
    assert os.environ["FLINK_CONF_DIR"] == str(settings.home / "flink" / "conf")
