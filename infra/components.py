"""Say where the installed components lie below `<home>/components`."""

from __future__ import annotations

import site
from pathlib import Path

from schemas.errors import ComponentError
from streams.settings import read_settings


def get_component(*parts: str) -> Path:
    """Get the path of an installed file or folder; raise ComponentError when it is missing."""
    path = read_settings().home.joinpath("components", *parts)
    if not path.exists():
        raise ComponentError(f"{path} is missing: run `make install` first")
    return path


def kafka_libraries() -> Path:
    """Get the folder of the broker's jars."""
    return get_component("kafka-libs")


def flink_libraries() -> Path:
    """Get the folder of the jars that Flink needs beside its own."""
    return get_component("flink-libs")


def clickhouse_library() -> Path:
    """Get the shared library that holds the ClickHouse engine."""
    return get_component("npm", "node_modules", "@chdb", "lib-linux-x64-gnu", "libchdb.so")


def pyflink_home() -> Path:
    """Get the Flink distribution that the Python package brings."""
    for folder in site.getsitepackages():
        if (path := Path(folder) / "pyflink").is_dir():
            return path
    raise ComponentError("apache-flink is not installed in this Python: run `make install` first")
