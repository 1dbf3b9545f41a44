"""Hold every setting of the platform: its name, default and meaning, read once from `CITYBRAIN_*`.

The environment is read when `read_settings()` is first called and frozen then. Ports are the
defaults below plus `CITYBRAIN_PORT_OFFSET`, so that several cities (or a test) fit one machine.
`CITYBRAIN_PROFILE` chooses other defaults for some (PROFILES); a setting that is given wins.
"""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from schemas.errors import SettingsError

# what a setting that is one of a few words may be
CHOICES: dict[str, tuple[str, ...]] = {
    "CITYBRAIN_STATE": ("hashmap", "rocksdb"), "CITYBRAIN_FLINK_HA": ("", "kubernetes"),
    "CITYBRAIN_PROFILE": ("standard", "small", "cluster"),
}
# defaults that differ by profile; how much memory each component gets stands in infra/profiles.py
PROFILES: dict[str, dict[str, str]] = {
    "standard": {},
    "small": {"CITYBRAIN_PARALLELISM": "1", "CITYBRAIN_RATE": "300",
              "CITYBRAIN_STATE": "hashmap"},
    "cluster": {"CITYBRAIN_REPLICATION": "3", "CITYBRAIN_MIN_ISR": "2",
                "CITYBRAIN_PARALLELISM": "4", "CITYBRAIN_TASKMANAGERS": "2",
                "CITYBRAIN_STORE_REPLICATED": "yes"},
}
CHECKOUT = Path(__file__).resolve().parent.parent

PORTS: dict[str, int] = {
    "kafka": 19092, "kafka_controller": 19093, "clickhouse": 19000, "clickhouse_http": 18123,
    "flink_rest": 18081, "flink_rpc": 18082, "feed": 18080, "wall": 18501, "console": 18502,
    "intake": 18088,
    "metrics_registrar": 19101, "metrics_job": 19102, "metrics_sink": 19103,
    "metrics_finals": 19104, "metrics_ledger": 19105, "metrics_alerts": 19106,
    "metrics_city": 19107, "metrics_intake": 19109,
    "metrics_folder": 19110, "metrics_mqtt": 19111, "metrics_feedback": 19112,
}

# what may be opened to a network; all else is asked by the city itself alone, and stays on loopback
OPEN = frozenset({"kafka", "feed", "wall", "console", "intake"})
LOOPBACK = "127.0.0.1"
MQTT_OVER_TLS, CLICKHOUSE_OVER_TLS = "mqtts://", "clickhouses://"


@dataclass(frozen=True, slots=True)
class Setting:
    """Describe one setting for the reference page and the reader."""

    name: str
    default: str
    meaning: str


SETTINGS: tuple[Setting, ...] = (
    Setting("CITYBRAIN_HOME", str(CHECKOUT / ".citybrain"),
            "Directory of state: components, secrets, data, logs."),
    Setting("CITYBRAIN_PORT_OFFSET", "0", "Number added to every port."),
    Setting("CITYBRAIN_HOST", LOOPBACK,
            "Name or address that servers bind to and are called by; the certificate holds it."),
    Setting("CITYBRAIN_TLS", "",
            "Folder of cert.pem, key.pem and ca.pem with which servers speak TLS; empty: none."),
    Setting("CITYBRAIN_PLAINTEXT", "",
            "yes: servers may be reached from elsewhere without TLS; the network protects them."),
    Setting("CITYBRAIN_CONSOLE_URL", "",
            "Address by which browsers reach the console, behind a proxy; empty: its own."),
    Setting("CITYBRAIN_OIDC_ISSUER", "",
            "Issuer (https://…) of the OpenID provider where staff may sign in; empty: none."),
    Setting("CITYBRAIN_OIDC_CLIENT", "city-brain", "Client id by which the provider knows us."),
    Setting("CITYBRAIN_OIDC_SECRET_FILE", "",
            "File (mode 0600) of the client's secret; empty: a public client, PKCE alone."),
    Setting("CITYBRAIN_OIDC_SCOPE", "openid profile", "Scopes asked of the provider."),
    Setting("CITYBRAIN_OIDC_ROLE", "citybrain_role",
            "Claim that holds the role, a text or a list; dots lead into objects."),
    Setting("CITYBRAIN_OIDC_ROLES", "",
            "Which value of that claim is which role: value=role,value=role; empty: each is its"
            " own name."),
    Setting("CITYBRAIN_OIDC_AREA", "citybrain_area",
            "Claim that holds the area's code, or * for the whole city; the setting *: all people"
            " see the whole city."),
    Setting("CITYBRAIN_CITY", "3701", "Code of the configured city (4 digits)."),
    Setting("CITYBRAIN_PROFILE", "standard",
            "Size of what runs: standard, small (a machine of 4 GiB) or cluster (several)."),
    Setting("CITYBRAIN_PASSWORDS", "",
            "File of passwords that are given from outside (JSON, as that of the home); empty: all"
            " are made here."),
    Setting("CITYBRAIN_BROKERS", "", "Kafka bootstrap servers; empty: the one started here."),
    Setting("CITYBRAIN_CLICKHOUSE", "",
             "ClickHouse host:port or, with TLS, clickhouses://host:port; empty: the one started"
             " here."),
    Setting("CITYBRAIN_KAFKA_NODES", "",
            "Brokers of a cluster of ours, id@host after comma; empty: one broker."),
    Setting("CITYBRAIN_REPLICATION", "1", "Replication factor of topics."),
    Setting("CITYBRAIN_MIN_ISR", "1", "Replicas that must have a record before it is confirmed."),
    Setting("CITYBRAIN_STORE_REPLICATED", "",
            "yes: ClickHouse replicates the tables; its databases have the engine Replicated."),
    Setting("CITYBRAIN_FLINK", "", "Host of the JobManager; empty: the one started here."),
    Setting("CITYBRAIN_FLINK_HA", "",
            "What keeps Flink's leader and graphs when a JobManager dies: kubernetes; empty: the"
            " keeper submits again."),
    Setting("CITYBRAIN_FLINK_STORAGE", "",
            "Folder of checkpoints and savepoints, the same on every machine; empty: in the home."),
    Setting("CITYBRAIN_TASKMANAGERS", "1", "TaskManagers over which the slots are spread."),
    Setting("CITYBRAIN_PARALLELISM", "2", "Parallelism of the Flink jobs."),
    Setting("CITYBRAIN_STATEMENT_SETS", "1", "Number of Flink jobs the results are spread over."),
    Setting("CITYBRAIN_STATE", "rocksdb",
            "Where Flink keeps state: rocksdb (bounded by the disk) or hashmap (by the heap)."),
    Setting("CITYBRAIN_MINI_BATCH_MS", "2000", "Mini-batch latency of the Flink jobs, ms."),
    Setting("CITYBRAIN_SEED", "2019", "Seed of everything generated."),
    Setting("CITYBRAIN_RATE", "1200", "Events per second of the living city."),
    Setting("CITYBRAIN_INTAKE_EVENTS", "2000",
            "Events per second over HTTP, and over MQTT, of a publisher without a quota of its own;"
            " 0: no limit."),
    Setting("CITYBRAIN_INTAKE_BYTES", "2000000",
            "Bytes per second over HTTP, and over MQTT, of each publisher, unpacked; 0: no limit."),
    Setting("CITYBRAIN_MQTT", "",
            "MQTT broker to take events from, host:port or, with TLS, mqtts://host:port; empty:"
            " none."),
    Setting("CITYBRAIN_DISK_LIMIT", "95",
            "Per cent of the home's disk at which no more events are taken; 0: no limit."),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Hold the settings as read; see SETTINGS for the meaning of each."""

    home: Path
    port_offset: int
    host: str
    city: str
    brokers: str
    clickhouse: str
    replication: int
    parallelism: int
    statement_sets: int
    state: str
    mini_batch_ms: int
    seed: int
    rate: int
    intake_events: int
    intake_bytes: int
    mqtt: str
    disk_limit: int
    tls: str = ""
    plaintext: bool = False
    profile: str = "standard"
    passwords: str = ""
    kafka_nodes: str = ""
    min_isr: int = 1
    store_replicated: bool = False
    flink: str = ""
    flink_ha: str = ""
    flink_storage: str = ""
    taskmanagers: int = 1
    console_url: str = ""
    oidc_issuer: str = ""
    oidc_client: str = "city-brain"
    oidc_secret_file: str = ""
    oidc_scope: str = "openid profile"
    oidc_role: str = "citybrain_role"
    oidc_roles: str = ""
    oidc_area: str = "citybrain_area"

    def port(self, name: str) -> int:
        """Get a port by its name in PORTS."""
        return PORTS[name] + self.port_offset

    def host_of(self, name: str) -> str:
        """Get the host of a port in PORTS: what is not for others is on loopback."""
        inside = name not in OPEN and not self.plaintext and not is_loopback(self.host)
        return LOOPBACK if inside else self.host

    @property
    def bootstrap(self) -> str:
        """Give the Kafka bootstrap servers."""
        return self.brokers or f"{self.host}:{self.port('kafka')}"

    @property
    def store_address(self) -> tuple[str, int]:
        """Give host and native port of ClickHouse."""
        if not self.clickhouse:
            return self.host_of("clickhouse"), self.port("clickhouse")
        return _address("CITYBRAIN_CLICKHOUSE", self.clickhouse.removeprefix(CLICKHOUSE_OVER_TLS))

    @property
    def store_over_tls(self) -> bool:
        """Tell whether ClickHouse is reached over TLS."""
        return self.clickhouse.startswith(CLICKHOUSE_OVER_TLS)

    @property
    def mqtt_address(self) -> tuple[str, int, bool]:
        """Give host and port of the MQTT broker, and whether it is reached over TLS."""
        secure = self.mqtt.startswith(MQTT_OVER_TLS)
        host, port = _address("CITYBRAIN_MQTT", self.mqtt.removeprefix(MQTT_OVER_TLS))
        return host, port, secure

    @property
    def flink_host(self) -> str:
        """Give the host at which the JobManager is reached."""
        return self.flink or self.host_of("flink_rest")

    @property
    def flink_folder(self) -> Path:
        """Give the folder of checkpoints, savepoints and what is remembered of the jobs."""
        return Path(self.flink_storage).resolve() if self.flink_storage else self.home / "flink"

    @property
    def slots(self) -> int:
        """Give the slots that each TaskManager offers, so that all jobs find theirs."""
        return -(-self.parallelism * self.statement_sets // max(1, self.taskmanagers))

    @property
    def areas(self) -> Path:
        """Give the directory of the built area tree."""
        return self.home / "areas"

    @property
    def secrets(self) -> Path:
        """Give the directory of secrets, readable by its owner only."""
        return self.home / "secrets"


def is_loopback(host: str) -> bool:
    """Tell whether an address is reached from this machine only."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _whole(name: str, value: str) -> int:
    """Read a whole number or say which setting is not one."""
    try:
        return int(value)
    except ValueError:
        raise SettingsError(f"{name}={value!r} is not a whole number") from None


def _address(name: str, value: str) -> tuple[str, int]:
    """Read host:port or say which setting is not one."""
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit():
        raise SettingsError(f"{name}={value!r} is not host:port")
    return host, int(port)


def _one_of(name: str, value: str, known: tuple[str, ...]) -> str:
    """Read one of a few words or say which setting is none of them."""
    if value not in known:
        raise SettingsError(f"{name}={value!r} is not one of {', '.join(filter(None, known))}")
    return value


def _values() -> dict[str, str]:
    """Give each setting as the environment, the profile or the table says it."""
    def given(name: str, default: str) -> str:
        """Read one variable; an empty one is none."""
        return os.environ.get(name) or default

    known = {one.name: one.default for one in SETTINGS}
    name = "CITYBRAIN_PROFILE"
    profile = _one_of(name, given(name, known[name]), CHOICES[name])
    return {name: given(name, default) for name, default in (known | PROFILES[profile]).items()}


def _cast(name: str, kind: str, value: str) -> Any:
    """Turn a value into what its field holds."""
    if kind == "int":
        return _whole(name, value)
    if kind == "bool":
        return value == "yes"
    if kind == "Path":
        return Path(value).resolve()
    return _one_of(name, value, CHOICES[name]) if name in CHOICES else value


@cache
def read_settings() -> Settings:
    """Read all settings from the environment; raise SettingsError naming a malformed one."""
    values = _values()
    if values["CITYBRAIN_CLICKHOUSE"]:
        _address("CITYBRAIN_CLICKHOUSE",
                 values["CITYBRAIN_CLICKHOUSE"].removeprefix(CLICKHOUSE_OVER_TLS))
    if values["CITYBRAIN_MQTT"]:
        _address("CITYBRAIN_MQTT", values["CITYBRAIN_MQTT"].removeprefix(MQTT_OVER_TLS))
    names = {field.name: f"CITYBRAIN_{field.name.upper()}" for field in fields(Settings)}
    return Settings(**{field.name: _cast(names[field.name], str(field.type),
                                         values[names[field.name]]) for field in fields(Settings)})
