"""Test that the profile reaches every engine, and that its parts fit into its whole."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import yaml

from infra import clickhouse, flink, kafka, supervision
from infra.profiles import SIZES, Sizes, advise, sizes
from streams.settings import CHOICES, PROFILES, SETTINGS, read_settings

METASPACE, FRAMEWORK = 256, 96


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sizes]:
    """Choose the profile for a small machine."""
    monkeypatch.setenv("CITYBRAIN_PROFILE", "small")
    read_settings.cache_clear()
    yield sizes()
    monkeypatch.undo()
    read_settings.cache_clear()


def test_each_profile_has_sizes_and_changes_settings_that_exist() -> None:
    assert set(SIZES) == set(PROFILES) == set(CHOICES["CITYBRAIN_PROFILE"])
    known = {one.name for one in SETTINGS}
    assert all(set(changed) <= known for changed in PROFILES.values())


def test_a_setting_that_is_given_wins_over_the_profile(
        small: Sizes, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (read_settings().parallelism, read_settings().rate) == (1, 300)
    monkeypatch.setenv("CITYBRAIN_PARALLELISM", "3")
    assert read_settings.__wrapped__().parallelism == 3


def test_engines_are_told_the_sizes(small: Sizes) -> None:
    config = yaml.safe_load((flink.write_config() / "config.yaml").read_text())
    assert config["taskmanager.memory.process.size"] == f"{small.taskmanager}m"
    assert config["jobmanager.memory.process.size"] == f"{small.jobmanager}m"
    assert config["taskmanager.numberOfTaskSlots"] == 1
    kafka.write_config()
    assert f"-Xmx{small.kafka_heap}m" in kafka.java("kafka.Kafka")
    server = clickhouse.write_config()
    told = re.search(r"<max_server_memory_usage>(\d+)<", server.read_text())
    assert told is not None
    assert int(told[1]) == small.clickhouse << 20
    assert f"-Xmx{small.client_heap}m" in flink.environment()["JVM_ARGS"]


def test_arenas_are_bounded_where_the_profile_says_so(small: Sizes) -> None:
    assert f'MALLOC_ARENA_MAX="{small.arenas}"' in supervision.write_config().read_text()


def test_a_small_machine_is_told_of_its_profile() -> None:
    assert "3.8 GiB of memory: CITYBRAIN_PROFILE=small" in advise(int(3.8 * (1 << 30)))
    assert advise(8 << 30) == ""


def test_who_chose_a_profile_is_not_advised(small: Sizes) -> None:
    assert advise(1 << 30) == ""


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("state", CHOICES["CITYBRAIN_STATE"])
def test_a_heap_is_left_when_all_else_has_its_share(name: str, state: str) -> None:
    one = SIZES[name]
    rest = one.managed(state) + one.taskmanager_network + METASPACE + 128 + FRAMEWORK
    assert one.taskmanager - rest >= 300
    assert one.jobmanager - 192 - one.jobmanager_overhead - 64 >= 150


def test_engines_of_a_small_machine_leave_room_for_ours() -> None:
    one = SIZES["small"]
    engines = (one.kafka_heap + one.kafka_direct + one.clickhouse + one.jobmanager
               + one.taskmanager)
    assert engines <= 2800  # of 4,096 MiB: ours take some 1,050, decision 20
