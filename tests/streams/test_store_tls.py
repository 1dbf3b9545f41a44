"""Test that a ClickHouse of one's own is reached over TLS where told to, and is verified.

The embedded engine speaks no TLS: what a server of one's own would do is done before it.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from schemas.errors import ComponentError
from streams import settings, tls
from streams import store as store_module
from streams.store import connect
from tests.tls import write


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on what is said until it ends."""
    with suppress(OSError):
        while said := await source.read(65_536):
            sink.write(said)
            await sink.drain()
    sink.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give TLS files for 127.0.0.1."""
    path, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    write(path, authority, authority.issue_cert("127.0.0.1"))
    return path


@pytest.fixture(scope="module")
def encrypted(clickhouse: tuple[str, int], folder: Path) -> Iterator[int]:
    """Speak TLS before the store; give the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    loop, ports = asyncio.new_event_loop(), []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Join a connection to one of the store."""
        inner, outer = await asyncio.open_connection(*clickhouse)
        await asyncio.gather(_pump(reader, outer), _pump(inner, writer))

    server = loop.run_until_complete(asyncio.start_server(take, "127.0.0.1", 0, ssl=context))
    ports.append(server.sockets[0].getsockname()[1])
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield ports[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    server.close()
    for task in asyncio.all_tasks(loop):
        task.cancel()
    loop.run_until_complete(asyncio.sleep(0.1))
    loop.close()


def pose(monkeypatch: pytest.MonkeyPatch, address: str, folder: str) -> None:
    """Name another store and other files of TLS."""
    changed = replace(settings.read_settings(), clickhouse=address, tls=folder)
    for module in (store_module, tls):
        monkeypatch.setattr(module, "read_settings", lambda: changed)


@pytest.mark.live
def test_a_store_is_reached_over_tls(
        encrypted: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pose(monkeypatch, f"clickhouses://127.0.0.1:{encrypted}", str(folder))
    with closing(connect("reader")) as store:
        assert store.query("SELECT 1 AS one") == [{"one": 1}]


@pytest.mark.live
@pytest.mark.parametrize("address", ["clickhouses://127.0.0.1:{}", "clickhouses://localhost:{}",
                                     "127.0.0.1:{}"])
def test_a_stranger_a_wrong_name_and_plain_text_are_refused(
        encrypted: int, folder: Path, tmp_path: Path, address: str,
        monkeypatch: pytest.MonkeyPatch) -> None:
    if "s://127" in address:  # trusts another authority
        write(tmp_path, trustme.CA(), trustme.CA().issue_cert("127.0.0.1"))
        folder = tmp_path
    pose(monkeypatch, address.format(encrypted), str(folder))
    with closing(connect("reader")) as store, pytest.raises(ComponentError, match="not answer"):
        store.query("SELECT 1")
