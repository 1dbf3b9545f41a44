"""Start Flink's standalone cluster: `python -m infra.flink jobmanager|taskmanager`.

The distribution is the one inside the apache-flink package, which stays as it is: configuration,
library folder (links) and logs are ours. The Kafka login of the jobs lies in a JAAS file that only
its owner can read, so that no statement, plan or REST answer holds a password.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import sys
from pathlib import Path

import yaml

from infra.components import flink_libraries, pyflink_home
from infra.files import make_private_directory, render, write_private
from infra.flink_command import find_command
from infra.keystores import write_keystores
from infra.orphans import stop_marked
from infra.profiles import sizes
from jobs.cluster import Cluster
from schemas.errors import CityBrainError, ComponentError
from streams.secrets import get_password
from streams.settings import CHECKOUT, read_settings
from streams.tls import is_named

ROLES = ("jobmanager", "taskmanager")
# a server that binds to these is reached from everywhere
ANY = ("0.0.0.0", "::")  # noqa: S104
# where Kubernetes tells a pod its namespace
NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
ASK_SECONDS = 2.0
# Flink by itself offers those for RSA keys alone
CIPHERS = tuple(f"TLS_ECDHE_{key}_WITH_AES_{bits}" for key in ("RSA", "ECDSA")
                for bits in ("128_GCM_SHA256", "256_GCM_SHA384"))
WORKER = "pyflink.fn_execution"


def _home() -> Path:
    """Give Flink's directory, made when missing."""
    return make_private_directory(read_settings().home / "flink")


def link_libraries() -> Path:
    """Fill a folder with links to Flink's jars and the connector's; give its path."""
    package, folder = pyflink_home(), _home() / "lib"
    jars = [*package.glob("lib/*.jar"), *package.glob("opt/flink-python-*.jar"),
            *flink_libraries().glob("*.jar")]
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        if old.name not in {jar.name for jar in jars} or not old.exists():
            old.unlink(missing_ok=True)
    for jar in jars:
        # both roles link at once
        with contextlib.suppress(FileExistsError):
            (folder / jar.name).symlink_to(jar)
    return folder


def _java_exports() -> str:
    """Read the long list of module exports that Flink's own configuration gives."""
    packaged = yaml.safe_load((pyflink_home() / "conf" / "config.yaml").read_text())
    return str(packaged["env"]["java"]["opts"]["all"])


def own_address(host: str) -> str:
    """Give the address at which this process is reached: its host, or where that is any, its own.

    Names of pods are not resolved by other pods, so it is a number.
    """
    return socket.gethostbyname(socket.gethostname()) if host in ANY else host


def _high_availability() -> str:
    """Give the settings with which a JobManager takes over from one that died; decision 20."""
    settings = read_settings()
    if not settings.flink_ha:
        return ""
    namespace = NAMESPACE.read_text().strip() if NAMESPACE.exists() else "default"
    return "\n".join((
        f"high-availability.type: {settings.flink_ha}",
        f"high-availability.storageDir: {(settings.flink_folder / 'ha').as_uri()}",
        "kubernetes.cluster-id: citybrain", f"kubernetes.namespace: {namespace}"))


def write_config() -> Path:
    """Write configuration, log settings and the Kafka login; give the configuration folder."""
    settings, home, size = read_settings(), _home(), sizes()
    conf, kept = home / "conf", settings.flink_folder
    for folder in (conf, home / "tmp", kept / "checkpoints", kept / "savepoints"):
        make_private_directory(folder)
    own = own_address(settings.host_of("flink_rest"))
    login = write_private(home / "kafka-login.conf", render(
        "kafka-login.conf", password=get_password("kafka", "gate")))
    logs = render("flink-log4j.properties")
    for name in ("log4j-console.properties", "log4j-cli.properties", "log4j.properties"):
        (conf / name).write_text(logs)
    write_private(conf / "config.yaml", render(
        "flink-config.yaml", java_exports=_java_exports(), login=login,
        host=settings.host_of("flink_rest"), own=own, rpc_port=settings.port("flink_rpc"),
        # where another may take over, each JobManager tells its own address
        jobmanager=own if settings.flink_ha else settings.flink_host, rest=settings.flink_host,
        rest_port=settings.port("flink_rest"), slots=settings.slots,
        jobmanager_memory=size.jobmanager, jobmanager_overhead=size.jobmanager_overhead,
        taskmanager_memory=size.taskmanager, network_memory=size.taskmanager_network,
        managed_memory=size.managed(settings.state), availability=_high_availability(),
        savepoints=(kept / "savepoints").as_uri(),
        python=sys.executable, tls=_tls(home)))
    return conf


def _tls(home: Path) -> str:
    """Give the settings of TLS for REST, whose server and client read Java's keystores only."""
    stores = write_keystores(home / "tls")
    if stores is None:
        return ""
    lines = {"enabled": "true", "verify-hostname": str(is_named("flink_rest")).lower(),
             "keystore": stores.key, "keystore-type": "pkcs12",
             "keystore-password": stores.password, "key-password": stores.password,
             "truststore": stores.trust, "truststore-type": "pkcs12",
             "truststore-password": stores.trust_password}
    return "\n".join((
        f"security.ssl.algorithms: {','.join(CIPHERS)}",
        *(f"security.ssl.rest.{name}: {value}" for name, value in lines.items())))


def environment() -> dict[str, str]:
    """Give the variables with which Flink's scripts, clients and workers find what is ours."""
    home = _home()
    return {
        "FLINK_HOME": str(pyflink_home()), "FLINK_CONF_DIR": str(home / "conf"),
        "FLINK_LIB_DIR": str(home / "lib"), "FLINK_LOG_DIR": str(read_settings().home / "logs"),
        "FLINK_PID_DIR": str(home / "tmp"), "PYTHONPATH": str(CHECKOUT),
        # for clients; the launcher of a server says its own
        "JVM_ARGS": f"-Xmx{sizes().client_heap}m",
    }


def _count(name: str) -> int:
    """Read a number of the JobManager's overview; -1 when it is away."""
    try:
        return int(Cluster(ASK_SECONDS).get("/overview")[name])
    except (ComponentError, KeyError):
        return -1


def jobmanager_is_ready() -> bool:
    """Tell whether the JobManager answers."""
    return _count("taskmanagers") >= 0


def taskmanager_is_ready() -> bool:
    """Tell whether a TaskManager has registered, and told its slots."""
    return _count("slots-total") > 0


def _renew_temporary(role: str) -> Path:
    """Give an empty folder for temporary files; end the workers that a killed process left."""
    if role == "taskmanager":
        stop_marked(WORKER)
    folder = _home() / "tmp" / role
    shutil.rmtree(folder, ignore_errors=True)
    return make_private_directory(folder)


def main() -> None:
    """Write the configuration and become the JobManager or the TaskManager."""
    role = sys.argv[1] if len(sys.argv) == 2 else ""
    if role not in ROLES:
        sys.exit(f"usage: python -m infra.flink {'|'.join(ROLES)}")
    try:
        conf, libraries = write_config(), link_libraries()
        temporary = _renew_temporary(role)
        find_command(
            make_private_directory(_home() / "commands" / role),
            [str(pyflink_home() / "bin" / f"{role}.sh"), "start-foreground",
             "-D", f"io.tmp.dirs={temporary}"],
            environment() | {"JVM_ARGS": f"-Djava.io.tmpdir={temporary}"},
            [conf / "config.yaml", libraries]).run()
    except CityBrainError as error:
        sys.exit(f"{role}: {error}")


if __name__ == "__main__":
    main()
