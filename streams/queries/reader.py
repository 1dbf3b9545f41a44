"""Give those who show or serve the store a way to ask it, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from streams.store import connect

Row = dict[str, Any]


class Store(Protocol):
    """Be anything that answers a query with rows."""

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[Row]:
        """Run a query and list its rows as dictionaries."""

    def close(self) -> None:
        """End the connection."""


def open_store(account: str = "reader") -> Store:
    """Give the store as an account that only reads; the connection opens at the first query."""
    return connect(account)
