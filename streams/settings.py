"""Hold every setting of the platform: its name, default and meaning, read once from `CITYBRAIN_*`.

The environment is read when `read_settings()` is first called and frozen then. Ports are the
defaults below plus `CITYBRAIN_PORT_OFFSET`, so that several cities (or a test) fit one machine.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from schemas.errors import SettingsError

STATES = ("hashmap", "rocksdb")
CHECKOUT = Path(__file__).resolve().parent.parent

PORTS: dict[str, int] = {
    "kafka": 19092, "kafka_controller": 19093, "clickhouse": 19000, "clickhouse_http": 18123,
    "flink_rest": 18081, "flink_rpc": 18082, "feed": 18080, "wall": 18501, "console": 18502,
    "intake": 18088,
    "metrics_registrar": 19101, "metrics_job": 19102, "metrics_sink": 19103,
    "metrics_finals": 19104, "metrics_ledger": 19105, "metrics_alerts": 19106,
    "metrics_city": 19107, "metrics_flink": 19108, "metrics_intake": 19109,
    "metrics_folder": 19110, "metrics_mqtt": 19111, "metrics_feedback": 19112,
}

MQTT_OVER_TLS = "mqtts://"


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
    Setting("CITYBRAIN_HOST", "127.0.0.1", "Address that every server binds to."),
    Setting("CITYBRAIN_TLS", "",
            "Folder of cert.pem, key.pem and ca.pem with which servers speak TLS; empty: none."),
    Setting("CITYBRAIN_PLAINTEXT", "",
            "yes: servers may be reached from elsewhere without TLS; the network protects them."),
    Setting("CITYBRAIN_CITY", "3701", "Code of the configured city (4 digits)."),
    Setting("CITYBRAIN_BROKERS", "", "Kafka bootstrap servers; empty: the one started here."),
    Setting("CITYBRAIN_CLICKHOUSE", "", "ClickHouse host:port; empty: the one started here."),
    Setting("CITYBRAIN_REPLICATION", "1", "Replication factor of topics."),
    Setting("CITYBRAIN_PARALLELISM", "2", "Parallelism of the Flink jobs."),
    Setting("CITYBRAIN_STATEMENT_SETS", "1", "Number of Flink jobs the results are spread over."),
    Setting("CITYBRAIN_STATE", "hashmap",
            "Where Flink keeps state: hashmap (on the heap) or rocksdb (bounded, dearer)."),
    Setting("CITYBRAIN_MINI_BATCH_MS", "2000", "Mini-batch latency of the Flink jobs, ms."),
    Setting("CITYBRAIN_SEED", "2019", "Seed of everything generated."),
    Setting("CITYBRAIN_RATE", "1200", "Events per second of the living city."),
    Setting("CITYBRAIN_INTAKE_EVENTS", "2000",
            "Events per second over HTTP of a publisher without a quota of its own; 0: no limit."),
    Setting("CITYBRAIN_INTAKE_BYTES", "2000000",
            "Bytes per second over HTTP of each publisher, unpacked; 0: no limit."),
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

    def port(self, name: str) -> int:
        """Get a port by its name in PORTS."""
        return PORTS[name] + self.port_offset

    @property
    def bootstrap(self) -> str:
        """Give the Kafka bootstrap servers."""
        return self.brokers or f"{self.host}:{self.port('kafka')}"

    @property
    def store_address(self) -> tuple[str, int]:
        """Give host and native port of ClickHouse."""
        if not self.clickhouse:
            return self.host, self.port("clickhouse")
        return _address("CITYBRAIN_CLICKHOUSE", self.clickhouse)

    @property
    def mqtt_address(self) -> tuple[str, int, bool]:
        """Give host and port of the MQTT broker, and whether it is reached over TLS."""
        secure = self.mqtt.startswith(MQTT_OVER_TLS)
        host, port = _address("CITYBRAIN_MQTT", self.mqtt.removeprefix(MQTT_OVER_TLS))
        return host, port, secure

    @property
    def areas(self) -> Path:
        """Give the directory of the built area tree."""
        return self.home / "areas"

    @property
    def secrets(self) -> Path:
        """Give the directory of secrets, readable by its owner only."""
        return self.home / "secrets"


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
        raise SettingsError(f"{name}={value!r} is not one of {', '.join(known)}")
    return value


@cache
def read_settings() -> Settings:
    """Read all settings from the environment; raise SettingsError naming a malformed one."""
    values = {one.name: os.environ.get(one.name) or one.default for one in SETTINGS}

    def number(name: str) -> int:
        """Read a whole number by its name."""
        return _whole(name, values[name])

    if values["CITYBRAIN_CLICKHOUSE"]:
        _address("CITYBRAIN_CLICKHOUSE", values["CITYBRAIN_CLICKHOUSE"])
    if values["CITYBRAIN_MQTT"]:
        _address("CITYBRAIN_MQTT", values["CITYBRAIN_MQTT"].removeprefix(MQTT_OVER_TLS))
    return Settings(
        home=Path(values["CITYBRAIN_HOME"]).resolve(),
        port_offset=number("CITYBRAIN_PORT_OFFSET"), host=values["CITYBRAIN_HOST"],
        city=values["CITYBRAIN_CITY"], brokers=values["CITYBRAIN_BROKERS"],
        clickhouse=values["CITYBRAIN_CLICKHOUSE"],
        replication=number("CITYBRAIN_REPLICATION"),
        parallelism=number("CITYBRAIN_PARALLELISM"),
        statement_sets=number("CITYBRAIN_STATEMENT_SETS"),
        state=_one_of("CITYBRAIN_STATE", values["CITYBRAIN_STATE"], STATES),
        mini_batch_ms=number("CITYBRAIN_MINI_BATCH_MS"), seed=number("CITYBRAIN_SEED"),
        rate=number("CITYBRAIN_RATE"), intake_events=number("CITYBRAIN_INTAKE_EVENTS"),
        intake_bytes=number("CITYBRAIN_INTAKE_BYTES"), mqtt=values["CITYBRAIN_MQTT"],
        disk_limit=number("CITYBRAIN_DISK_LIMIT"),
        tls=values["CITYBRAIN_TLS"], plaintext=values["CITYBRAIN_PLAINTEXT"] == "yes")
