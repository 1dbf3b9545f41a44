"""Insert what a commit covers: the newest state of each window, and dead letters."""

from __future__ import annotations

from clickhouse_driver import Client
from quixstreams.sinks import BatchingSink, SinkBatch

from tests.peers import rows, window


class _StoreSink(BatchingSink):
    """Hold a connection to the store."""

    _store: Client

    def setup(self) -> None:
        """Open the connection."""
        self._store = rows.open_store()


class Windows(_StoreSink):
    """Insert windows of one length."""

    def __init__(self, seconds: int) -> None:
        """Take the length."""
        super().__init__()
        self._seconds = seconds

    def write(self, batch: SinkBatch) -> None:
        """Insert the last of each window's states."""
        newest = {(item.value["start"] // 1000, item.key): item.value["value"] for item in batch}
        rows.insert(self._store, rows.WINDOWS, [
            (self._seconds, start, *key.split("|"), *window.measures(one))
            for (start, key), one in newest.items()])


class Letters(_StoreSink):
    """Insert dead letters."""

    def write(self, batch: SinkBatch) -> None:
        """Insert them as they came."""
        rows.insert(self._store, rows.LETTERS, [tuple(item.value["letter"]) for item in batch])
