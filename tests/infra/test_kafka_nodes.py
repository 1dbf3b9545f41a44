"""Test what a broker is told of the cluster that it belongs to."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator

import pytest

from infra import kafka
from schemas.errors import SettingsError
from streams.settings import read_settings

NODES = "1@kafka-0.kafka,2@kafka-1.kafka,3@kafka-2.kafka"


@pytest.fixture(autouse=True)
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Be the second of three machines."""
    for name, value in {"CITYBRAIN_KAFKA_NODES": NODES, "CITYBRAIN_REPLICATION": "3",
                        "CITYBRAIN_MIN_ISR": "2", "CITYBRAIN_HOST": "0.0.0.0"}.items():  # noqa: S104
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(socket, "gethostname", lambda: "kafka-1.example")
    read_settings.cache_clear()
    yield
    monkeypatch.undo()
    read_settings.cache_clear()


def read_config() -> dict[str, str]:
    """Read what the broker is told."""
    lines = kafka.write_config().read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and line[0] != "#")


def test_broker_knows_itself_and_the_others() -> None:
    config, port = read_config(), read_settings().port("kafka_controller")
    assert config["node.id"] == "2"
    assert config["advertised.listeners"] == f"CLIENTS://kafka-1.kafka:{port - 1}"
    voters = [f"{one}:{port}" for one in NODES.split(",")]
    assert config["controller.quorum.voters"] == ",".join(voters)
    assert "controller.quorum.bootstrap.servers" not in config


def test_internal_topics_have_the_copies_that_ours_have() -> None:
    config = read_config()
    for name in ("default", "offsets.topic", "transaction.state.log"):
        assert config[f"{name}.replication.factor"] == "3"
    assert config["min.insync.replicas"] == config["transaction.state.log.min.isr"] == "2"


@pytest.mark.parametrize("nodes", ["kafka-1", "a@kafka-1", "1@", "1@kafka-1,1@kafka-2"])
def test_malformed_node_is_named(nodes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_KAFKA_NODES", nodes)
    read_settings.cache_clear()
    with pytest.raises(SettingsError, match="CITYBRAIN_KAFKA_NODES"):
        kafka.find_nodes()


@pytest.mark.parametrize("name", ["stranger", "kafka"])
def test_machine_that_is_no_node_does_not_start(
        name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    with pytest.raises(SettingsError, match="this machine is 0 of them"):
        kafka.find_own_node(kafka.find_nodes())


def test_nodes_agree_on_an_id_that_is_none_of_another_cluster() -> None:
    mine = kafka._cluster_id(kafka.find_nodes())
    assert len(base64.urlsafe_b64decode(mine + "==")) == 16
    assert mine[0] != "-"
    assert mine == kafka._cluster_id(dict(reversed(kafka.find_nodes().items())))
    assert mine != kafka._cluster_id({1: "elsewhere"})
