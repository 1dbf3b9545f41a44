"""Start the broker of the benchmark's city: `python -m infra.bench.broker`.

It is the city's own broker; only, the account of the peers may log in by PLAIN too, since the
client inside the embedded ClickHouse engine knows nothing of SCRAM.
"""

from __future__ import annotations

from pathlib import Path

from infra import kafka
from infra.bench.store import ACCOUNT
from infra.files import write_private
from streams.secrets import get_password

LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


def write_config() -> Path:
    """Write the configuration, and another way to log in: of a name the last line holds."""
    path = kafka.write_config()
    password = get_password("kafka", ACCOUNT)
    return write_private(path, path.read_text() + "\n".join((
        "", "sasl.enabled.mechanisms=SCRAM-SHA-256,PLAIN",
        f'listener.name.clients.plain.sasl.jaas.config={LOGIN} user_{ACCOUNT}="{password}";', "")))


if __name__ == "__main__":
    kafka.become(write_config)
