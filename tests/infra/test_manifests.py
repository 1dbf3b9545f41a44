"""Test the manifests of a cluster: by schema, and that all they name exists in our code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import resources

import jsonschema
import kubernetes_validate
import pytest
import yaml

from infra.commands.cluster import platform_passwords
from infra.processes import list_processes
from infra.profiles import SIZES
from streams.settings import PORTS, PROFILES, SETTINGS, Settings, read_settings
from tests.infra import manifests
from tests.infra.manifests import Container, compose_containers, kubernetes_containers

KUBERNETES_VERSION = "1.37"
# those of ours that are no process of the table: what they run instead
BESIDE = {"store-accounts"}
ENGINE_PORTS = {8123, 9000, 9009, 9181, 9182, 9234}
ALL = [pytest.param(compose_containers, id="compose"),
       pytest.param(kubernetes_containers, id="kubernetes")]
# health of these is not asked at a port
WITHOUT_PORT = {"taskmanager"}


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Read the settings as a container of the cluster does."""
    for one in SETTINGS:
        monkeypatch.delenv(one.name, raising=False)
    for name, value in manifests.read_settings_file().items():
        monkeypatch.setenv(name, value)
    settings: Settings = read_settings.__wrapped__()
    return settings


def test_compose_file_is_one_by_the_schema_of_the_specification() -> None:
    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    schema = json.loads((folder / "compose-spec.json").read_text())
    wrong = [f"{one.json_path}: {one.message}"
             for one in jsonschema.Draft7Validator(schema).iter_errors(manifests.compose())]
    assert wrong == []


@pytest.mark.parametrize(("file", "one"), [
    pytest.param(file, one, id=f"{one['kind']}-{one['metadata']['name']}")
    for file, one in manifests.objects()])
def test_object_is_one_by_the_strict_schema(file: str, one: dict[str, object]) -> None:
    kubernetes_validate.validate(one, KUBERNETES_VERSION, strict=True)


def test_schema_finds_what_is_wrong() -> None:
    one = manifests.workloads()["sink"]
    one["spec"]["template"]["spec"]["containers"][0]["livenessProb"] = {}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(one, KUBERNETES_VERSION, strict=True)


def test_kustomization_takes_every_file_of_the_folder_and_no_other() -> None:
    folder = manifests.KUBERNETES
    told = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert set(told["resources"]) == {
        path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml"}
    named = [name for one in told["configMapGenerator"]
             for name in one.get("files", one.get("envs"))]
    assert {folder / name for name in named} == set((folder / "config").iterdir())


@pytest.mark.parametrize("containers", ALL)
def test_every_process_of_the_table_runs_and_nothing_else(
        containers: Callable[[], list[Container]], monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("infra.processes._chosen_by_setting", _all_chosen)
        wanted = {process.name for process in list_processes()}
    found = containers()
    assert {one.process for one in found} == wanted
    assert all(one.command == [one.process] for one in found if one.process != "clickhouse")


def _all_chosen() -> list[object]:
    """Give the processes that only a setting brings, as if it were made."""
    from infra.processes import _ours
    return [_ours("mqtt", "Events over MQTT", "streams.doors.mqtt", "registrar")]


@pytest.mark.parametrize("containers", ALL)
def test_each_port_is_one_of_ours_and_its_own_process_answers_there(
        containers: Callable[[], list[Container]]) -> None:
    for one in containers():
        if one.process in WITHOUT_PORT:
            continue
        own = ENGINE_PORTS if one.process == "clickhouse" else {
            port for name, port in PORTS.items() if _belongs(name, one.process)}
        assert one.probed, f"{one.where} has no health check"
        assert one.probed | one.ports <= own, one.where


def _belongs(port: str, process: str) -> bool:
    """Tell whether a port of the table is one of a process."""
    prefix = {"jobmanager": "flink_"}.get(process, process)
    return port in (process, f"metrics_{process}") or port.startswith(f"{prefix}_") or (
        prefix.endswith("_") and port.startswith(prefix))


@pytest.mark.parametrize("containers", ALL)
def test_each_variable_is_a_setting_of_ours(containers: Callable[[], list[Container]]) -> None:
    known = {one.name for one in SETTINGS} | {"CITYBRAIN_SCHEMAS"}
    named = set(manifests.read_settings_file())
    named |= {name for one in containers() if one.process != "clickhouse"
              for name in one.environment}
    assert named <= known


def test_no_file_names_a_setting_that_is_not_there() -> None:
    known = {one.name for one in SETTINGS} | {"CITYBRAIN_SCHEMAS"}
    files = [manifests.INFRA / name for name in ("compose.yaml", "Dockerfile", "cluster.md")]
    files += [path for path in manifests.KUBERNETES.rglob("*") if path.is_file()]
    for path in files:
        assert set(re.findall(r"CITYBRAIN_[A-Z_]+[A-Z]", path.read_text())) <= known, path.name


def test_settings_of_the_cluster_agree_with_what_the_files_run(cluster: Settings) -> None:
    services, pods = manifests.compose()["services"], manifests.workloads()
    assert cluster.profile == "cluster"
    assert PROFILES["cluster"].items() <= manifests.read_settings_file().items()
    nodes = [one.split("@")[1] for one in cluster.kafka_nodes.split(",")]
    assert cluster.bootstrap == ",".join(f"{node}:{PORTS['kafka']}" for node in nodes)
    assert nodes == [services[f"kafka-{i}"]["networks"]["inside"]["aliases"][0] for i in range(3)]
    assert pods["kafka"]["spec"]["replicas"] == len(nodes) == cluster.replication
    assert [f"kafka-{i}.{pods['kafka']['spec']['serviceName']}" for i in range(3)] == nodes
    assert cluster.store_address[0] == "clickhouse"
    assert cluster.flink_host in services
    for replicas in (services["taskmanager"]["deploy"]["replicas"],
                     pods["taskmanager"]["spec"]["replicas"]):
        assert replicas == cluster.taskmanagers
    assert cluster.slots * cluster.taskmanagers >= cluster.parallelism * cluster.statement_sets


@pytest.mark.parametrize("containers", ALL)
def test_memory_of_the_profile_fits_its_limit(containers: Callable[[], list[Container]]) -> None:
    size = SIZES["cluster"]
    wanted = {"kafka": size.kafka_heap + size.kafka_direct, "clickhouse": size.clickhouse,
              "jobmanager": size.jobmanager, "taskmanager": size.taskmanager + 2 * 500}
    limits = {one.process: one.memory_mebibytes for one in containers()}
    assert all(limits[name] >= need for name, need in wanted.items())


@pytest.mark.parametrize("containers", ALL)
def test_what_keeps_secrets_of_its_own_shares_them(
        containers: Callable[[], list[Container]]) -> None:
    bare = {"kafka", "clickhouse"}
    for one in containers():
        assert ("/var/lib/citybrain/secrets" in one.mounts) == (one.process not in bare) or (
            one.process == "kafka"), one.where
        if one.process in {"jobmanager", "taskmanager", "job"}:
            assert manifests.read_settings_file()["CITYBRAIN_FLINK_STORAGE"] in one.mounts


def test_config_of_the_engines_names_the_members_that_run() -> None:
    folder = manifests.KUBERNETES / "config"
    keepers = [one["networks"]["inside"]["aliases"][0]
               for name, one in manifests.compose()["services"].items() if name[:6] == "keeper"]
    for name, word in (("keeper.xml", "hostname"), ("store.xml", "host")):
        assert re.findall(f"<{word}>(.*?)</{word}>", (folder / name).read_text()) == keepers


def test_no_file_holds_a_password_and_every_account_gets_one() -> None:
    made = platform_passwords()
    assert {"kafka:admin", "kafka:gate", "kafka:controller", "clickhouse:reader", "console:admin",
            "key:audit"} <= set(made)
    assert len(set(made.values())) == len(made)
    text = "".join(path.read_text() for path in manifests.KUBERNETES.rglob("*") if path.is_file())
    text = text.replace("citybrain-", "")
    assert not re.search(r"(?i)password\s*[:=]\s*[\"']?[a-z0-9_-]{8}", text)


def test_image_is_built_from_the_lock_and_runs_as_nobody_in_particular() -> None:
    text = (manifests.INFRA / "Dockerfile").read_text()
    assert "python -m infra.install" in text  # which checks the hashes of the lock
    assert "--require-hashes" in (manifests.INFRA / "install.py").read_text()
    assert re.search(r"^USER (?!0|root)", text, re.MULTILINE)
    assert "USER" in text[text.rindex("FROM"):]
    assert 'ENTRYPOINT ["tini", "--", "python", "-m", "infra.run"]' in text
