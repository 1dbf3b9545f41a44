"""Test that slow, stalled and too many clients are let go, over raw sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn

from streams.intake import body as body_module
from streams.intake.server import HEAD_BYTES, PatientProtocol
from streams.settings import read_settings
from tests.streams.intake.conftest import ADDRESS, TOKEN, OpenDoor, served

HEAD = (f"POST {ADDRESS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n").encode()
PATIENCE_SECONDS = 1.5


@pytest.fixture
def server(open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> Iterator[uvicorn.Server]:
    """Serve with little patience."""
    monkeypatch.setattr(PatientProtocol, "head_seconds", PATIENCE_SECONDS)
    monkeypatch.setattr(PatientProtocol, "read_seconds", PATIENCE_SECONDS)
    monkeypatch.setattr(body_module, "BODY_SECONDS", 0.5)
    with served(open_door()) as (_, server):
        yield server


def connect() -> socket.socket:
    """Connect to the intake."""
    settings = read_settings()
    return socket.create_connection((settings.host, settings.port("intake")), timeout=30.0)


def read_all(client: socket.socket) -> bytes:
    """Read until the server ends the connection."""
    read = b""
    try:
        while chunk := client.recv(65_536):
            read += chunk
    except ConnectionResetError:
        pass
    return read


def publish(client: socket.socket) -> bytes:
    """Publish no events; give the whole answer."""
    client.sendall(HEAD + b"[]")
    answer = b""
    while not answer.endswith(b'"events":[]}'):
        chunk = client.recv(65_536)
        assert chunk, answer
        answer += chunk
    return answer


def until(what: Callable[[], bool]) -> bool:
    """Wait until something holds."""
    end = time.monotonic() + 30.0
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return what()


def test_a_client_that_says_nothing_is_let_go(server: uvicorn.Server) -> None:
    with connect() as client:
        assert read_all(client) == b""


def test_a_client_that_sends_its_head_byte_by_byte_is_let_go(server: uvicorn.Server) -> None:
    with connect() as client:
        with pytest.raises(OSError):
            for byte in HEAD * 10:
                client.sendall(bytes([byte]))
                time.sleep(0.02)
        assert b"200" not in read_all(client)


def test_a_client_that_does_not_send_its_body_is_told_and_let_go(server: uvicorn.Server) -> None:
    with connect() as client:
        client.sendall(HEAD)
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"body-too-slow" in answer


def test_a_client_that_goes_on_after_its_answer_is_let_go(server: uvicorn.Server) -> None:
    with connect() as client:
        client.sendall(HEAD.replace(TOKEN.encode(), b"wrong").replace(b": 2", b": 1000000"))
        with pytest.raises(OSError):
            for _ in range(1_000):
                client.sendall(b" ")
                time.sleep(0.02)


def test_a_client_that_goes_away_leaves_nothing_behind(server: uvicorn.Server) -> None:
    with connect() as client:
        client.sendall(HEAD + b"[")
    assert until(lambda: not server.server_state.connections and not server.server_state.tasks)


def test_a_client_that_reads_none_of_its_answers_is_let_go(server: uvicorn.Server) -> None:
    with connect() as client:
        client.sendall(ask := b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        client.setblocking(False)
        ask, sent = ask * 2_000, 0

        def is_let_go() -> bool:
            """Ask on for as long as the server listens."""
            nonlocal sent
            try:
                sent += client.send(ask[sent:]) if sent < len(ask) else 0
            except BlockingIOError:
                pass
            except OSError:
                return True
            return not server.server_state.connections

        assert until(is_let_go)
        assert until(lambda: not server.server_state.tasks)


def test_a_connection_outlives_the_patience_for_a_head(server: uvicorn.Server) -> None:
    with connect() as client:
        for _ in range(2):
            assert publish(client).startswith(b"HTTP/1.1 200 ")
            time.sleep(2 * PATIENCE_SECONDS)
        assert publish(client).startswith(b"HTTP/1.1 200 ")


def test_connections_beyond_the_bound_are_not_taken(
        server: uvicorn.Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PatientProtocol, "max_connections", 2)
    with connect(), connect():
        assert until(lambda: len(server.server_state.connections) == 2)
        with connect() as third:
            assert read_all(third) == b""
    assert until(lambda: not server.server_state.connections)
    with connect() as client:
        assert publish(client).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("head", [
    b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * (64 * HEAD_BYTES) + b"\r\n\r\n",
    HEAD.replace(b"Length: 2", b"Length: -2"), HEAD.replace(b"Length: 2", b"Length: two"),
    HEAD.replace(b"Content-Length: 2", b"Content-Length: 2\r\nContent-Length: 3"),
    HEAD.replace(b"Content-Length: 2", b"Transfer-Encoding: rot13"), b"\x16\x03\x01\x02\x00\x01",
    b"\r\n\r\n\r\n nonsense \r\n\r\n"])
def test_what_is_no_http_ends_the_connection(server: uvicorn.Server, head: bytes) -> None:
    with connect() as client:
        client.sendall(head)
        assert b" 500 " not in (answer := read_all(client))
    assert answer == b"" or answer.split(b" ")[1] in (b"400", b"431", b"501")
