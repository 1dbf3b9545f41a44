"""Insert windows and dead letters by clickhouse-driver, as the benchmark's store asks for them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from clickhouse_driver import Client

WINDOWS, LETTERS = "INSERT INTO store.windows VALUES", "INSERT INTO store.letters VALUES"


def open_store() -> Client:
    """Open a connection to the store."""
    return Client(os.environ["BENCH_STORE_HOST"], port=int(os.environ["BENCH_STORE_PORT"]),
                  user=os.environ["BENCH_STORE_ACCOUNT"],
                  password=os.environ["BENCH_STORE_PASSWORD"], compression="lz4")


def insert(store: Client, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows by columns, as it is fastest; none are no insert."""
    if rows:
        store.execute(statement, list(zip(*rows, strict=True)), columnar=True)
