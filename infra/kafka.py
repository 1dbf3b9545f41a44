"""Start the Kafka broker: one node, accounts and ACLs on.

`python -m infra.kafka` writes the configuration, formats the storage at its first start and then
becomes the broker. Passwords reach it by files that only their owner can read.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from infra.components import kafka_libraries
from infra.files import make_private_directory, render, write_private
from infra.profiles import sizes
from schemas.errors import CityBrainError, ComponentError, SettingsError
from streams.broker import client_config
from streams.secrets import get_password
from streams.settings import LOOPBACK, is_loopback, read_settings
from streams.tls import check_exposure, find_files, for_java

ACCOUNTS = ("admin", "gate", "sink", "agents")
FORMAT_SECONDS = 60
INTERNAL_TOPICS_MOST = 3


def _home() -> Path:
    """Give the broker's directory, made when missing."""
    return make_private_directory(read_settings().home / "kafka")


def find_nodes() -> dict[int, str]:
    """Read the brokers of the cluster, id to host; raise SettingsError when one is malformed."""
    nodes = {}
    for one in filter(None, read_settings().kafka_nodes.split(",")):
        number, _, host = one.strip().partition("@")
        if not number.isdigit() or not host or int(number) in nodes:
            raise SettingsError(f"CITYBRAIN_KAFKA_NODES: {one!r} is not id@host, each id once")
        nodes[int(number)] = host
    return nodes


def find_own_node(nodes: dict[int, str]) -> int:
    """Find which node of a cluster this is: the one at our address or of this machine's name."""
    own = {read_settings().host, socket.gethostname().partition(".")[0]}
    found = [number for number, host in nodes.items()
             if host in own or host.partition(".")[0] in own]
    if len(found) != 1:
        raise SettingsError(f"CITYBRAIN_KAFKA_NODES: this machine is {len(found)} of them")
    return found[0]


def _place() -> dict[str, object]:
    """Give the settings of where this broker stands: alone on its machine, or in a cluster."""
    settings, nodes = read_settings(), find_nodes()
    port = settings.port("kafka_controller")
    if not nodes:
        alone = settings.host if is_loopback(settings.host) else LOOPBACK
        return {"node": 1, "advertised": settings.host, "controller_host": alone,
                "quorum": f"controller.quorum.bootstrap.servers={alone}:{port}"}
    number = find_own_node(nodes)
    voters = ",".join(f"{one}@{host}:{port}" for one, host in nodes.items())
    return {"node": number, "advertised": nodes[number], "controller_host": settings.host,
            "quorum": f"controller.quorum.voters={voters}"}


def write_config() -> Path:
    """Write `server.properties` and the log settings; give the former's path."""
    settings, home, nodes = read_settings(), _home(), find_nodes()
    (home / "log4j2.properties").write_text(render("kafka-log4j2.properties"))
    return write_private(home / "server.properties", render(
        "server.properties", data=home / "data", host=settings.host, **_place(),
        replicas=min(settings.replication, INTERNAL_TOPICS_MOST), min_isr=settings.min_isr,
        rebalance_ms=3000 if nodes else 0,
        protocol=for_java()["security.protocol"], tls=_tls(home),
        port=settings.port("kafka"), controller_port=settings.port("kafka_controller"),
        admin_password=get_password("kafka", "admin"),
        controller_password=get_password("kafka", "controller")))


def _tls(home: Path) -> str:
    """Give the broker's settings of TLS; it wants a PKCS#8 key and the certificate in one file."""
    files = find_files()
    if files is None:
        return ""
    key = load_pem_private_key(files.key.read_bytes(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    both = write_private(home / "listener.pem",
                         key.decode() + files.certificate.read_text())
    return "\n".join((
        "ssl.keystore.type=PEM", f"ssl.keystore.location={both}", "ssl.truststore.type=PEM",
        f"ssl.truststore.location={files.authority}", "ssl.enabled.protocols=TLSv1.3,TLSv1.2"))


def java(*arguments: str) -> list[str]:
    """Give the command that runs a class of the broker's jars."""
    options = [f"-Dlog4j2.configurationFile=file:{_home() / 'log4j2.properties'}",
               "-Djava.awt.headless=true"]
    size = sizes()
    memory = ["-Xms128m", f"-Xmx{size.kafka_heap}m", "-XX:+UseSerialGC",
              f"-XX:MaxDirectMemorySize={size.kafka_direct}m", "-XX:+ExitOnOutOfMemoryError"]
    return ["java", *memory, *options, "-cp", f"{kafka_libraries()}/*", *arguments]


def format_storage(config: Path) -> None:
    """Format the storage with the accounts of the platform, unless it is formatted."""
    home = _home()
    if (home / "data" / "meta.properties").exists():
        return
    tool, nodes = "kafka.tools.StorageTool", find_nodes()
    cluster = _cluster_id(nodes) if nodes else _run(java(tool, "random-uuid")).split()[-1]
    accounts = [f"SCRAM-SHA-256=[name={name},password={get_password('kafka', name)}]"
                for name in ACCOUNTS]
    lines = ["format", *([] if nodes else ["--standalone"]), "-t", cluster, "-c", str(config)]
    lines += [line for account in accounts for line in ("--add-scram", account)]
    # the tool reads its arguments from a file, so that the process list holds no password
    arguments = write_private(home / "format.arguments", "\n".join(lines) + "\n")
    try:
        _run(java(tool, f"@{arguments}"))
    finally:
        arguments.unlink()


def _cluster_id(nodes: dict[int, str]) -> str:
    """Give the id on which the nodes of a cluster agree without asking each other."""
    raw = bytearray(hashlib.sha256(repr(sorted(nodes.items())).encode()).digest()[:16])
    raw[0] &= 0x7F  # the tool takes a leading hyphen for an option
    return base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")


def _run(command: list[str]) -> str:
    """Run a tool of the broker; raise ComponentError with its last line when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=FORMAT_SECONDS)
    if done.returncode:
        said = (done.stderr + done.stdout).strip().splitlines() or ["no message"]
        raise ComponentError(f"Kafka's storage tool failed: {said[-1]}")
    return done.stdout


def is_ready() -> bool:
    """Tell whether the broker answers its administrator."""
    client = AdminClient({**client_config("admin"), "socket.timeout.ms": 2000, "log_level": 0},
                         logger=None)
    try:
        return bool(client.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def become(write: Callable[[], Path]) -> None:
    """Write the configuration, format when new, and become the broker."""
    try:
        check_exposure("the broker")
        config = write()
        format_storage(config)
        command = java("kafka.Kafka", str(config))
    except CityBrainError as error:
        sys.exit(f"kafka: {error}")
    os.execvp(command[0], command)


if __name__ == "__main__":
    become(write_config)
