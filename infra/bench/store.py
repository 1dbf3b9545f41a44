"""Serve the store in which peers work: `python -m infra.bench.store`.

It is the city's own engine with its own settings on the same ports, but for an account that may
do everything, and more memory: nobody is to be slow for want of a right or of room.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from infra.clickhouse import hash_password, serve
from infra.files import make_private_directory, render, write_private
from streams.secrets import get_password
from streams.settings import read_settings

ACCOUNT = "bench"
MEMORY_BYTES, MARKS_BYTES = 4_000_000_000, 134_217_728


def _home() -> Path:
    """Give the directory of this store."""
    return read_settings().home / "peers"


def write_config() -> Path:
    """Write the configuration of server and accounts; give the former's path."""
    settings, home = read_settings(), make_private_directory(_home())
    users = write_private(home / "users.xml", render(
        "bench-users.xml", memory=MEMORY_BYTES,
        bench=hash_password(get_password("clickhouse", ACCOUNT))))
    return write_private(home / "config.xml", render(
        "clickhouse.xml", users=users, data=home / "data", logs=settings.home / "logs",
        host=settings.host, memory=MEMORY_BYTES, marks=MARKS_BYTES))


def forget() -> None:
    """Delete everything that a peer stored."""
    shutil.rmtree(_home(), ignore_errors=True)


if __name__ == "__main__":
    serve(write_config)
