"""Read the manifests of a cluster as what runs in them: containers, by either kind of file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from tests.components import CHECKOUT

INFRA = CHECKOUT / "infra"
KUBERNETES = INFRA / "kubernetes"
ENV_FILE = KUBERNETES / "config" / "cluster.env"
OUR_IMAGE = "city-brain:0.1.0"


@dataclass(frozen=True)
class Container:
    """Hold what is said of one container that runs one of our processes."""

    where: str
    process: str
    command: list[str]
    environment: dict[str, str]
    ports: set[int]
    probed: set[int]
    memory_mebibytes: int
    mounts: set[str] = field(default_factory=set)


def read_settings_file() -> dict[str, str]:
    """Read the settings that differ on a cluster."""
    lines = [line for line in ENV_FILE.read_text().splitlines() if line and line[0] != "#"]
    return dict(line.split("=", 1) for line in lines)


def compose() -> dict[str, Any]:
    """Read the compose file, its anchors resolved."""
    found: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text())
    return found


def objects() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each Kubernetes object, with the file that it stands in."""
    for name in yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())["resources"]:
        for one in yaml.safe_load_all((KUBERNETES / name).read_text()):
            yield name, one


def workloads() -> dict[str, dict[str, Any]]:
    """Give the objects that run pods, by name."""
    return {one["metadata"]["name"]: one for _, one in objects()
            if one["kind"] in ("Deployment", "StatefulSet")}


def _numbers(text: str) -> set[int]:
    """Find the ports that a command of a health check names, as addresses do."""
    return {int(word) for word in text.replace("/", " ").replace(":", " ").replace('"', " ").split()
            if word.isdigit() and len(word) >= 4}


def _mebibytes(text: str) -> int:
    """Read a size of Docker or Kubernetes."""
    unit = text.lower().rstrip("ib")[-1]
    return int(text.lower().rstrip("gmib")) * (1024 if unit == "g" else 1)


def compose_containers() -> list[Container]:
    """List the containers of ours in the compose file."""
    return [
        Container(name, one["labels"]["citybrain.process"], one.get("command", []),
                  one.get("environment", {}),
                  {int(port.split(":")[-1]) for port in one.get("ports", [])},
                  _numbers(" ".join(one["healthcheck"]["test"])),
                  _mebibytes(one["deploy"]["resources"]["limits"]["memory"]),
                  {mount.split(":")[1] for mount in one.get("volumes", [])})
        for name, one in compose()["services"].items()
        if "citybrain.process" in one.get("labels", {})]


def kubernetes_containers() -> list[Container]:
    """List the containers of ours on Kubernetes, and the engine of the store."""
    found = []
    for name, one in workloads().items():
        if name == "keeper":
            continue
        pod = one["spec"]["template"]
        container, = pod["spec"]["containers"]
        ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
        probes = [container[kind] for kind in ("readinessProbe", "livenessProbe")
                  if kind in container]
        probed = [way["port"] for probe in probes for key, way in probe.items()
                  if key in ("httpGet", "tcpSocket")]
        found.append(Container(
            name, pod["metadata"]["labels"]["app.kubernetes.io/component"],
            container.get("args", []),
            {var["name"]: var["value"] for var in container.get("env", [])},
            set(ports.values()), {int(ports.get(port, port)) for port in probed},
            _mebibytes(container["resources"]["limits"]["memory"]),
            {mount["mountPath"] for mount in container["volumeMounts"]}))
    return found
