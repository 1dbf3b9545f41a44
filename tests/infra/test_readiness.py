"""Test that a component is ready when it answers, and never by an exception."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import orjson
import pytest

from infra import readiness
from infra.readiness import PLATFORM_TOPICS, declarations_are_registered, jobs_run, port_answers
from schemas import registry
from schemas.render.kafka import SYSTEM_TOPICS
from streams.settings import read_settings

Serve = Callable[[bytes], None]


def test_a_port_answers_when_something_listens(own_home: Path) -> None:
    probe = port_answers("feed")
    assert not probe()
    with socket.socket() as server:
        server.bind(("127.0.0.1", read_settings().port("feed")))
        server.listen()
        assert probe()
    assert not probe()


@pytest.fixture
def serve(own_home: Path) -> Iterator[Serve]:
    """Give what lets the JobManager answer with a body."""
    class Handler(BaseHTTPRequestHandler):
        """Answer every request with the body at hand."""

        body = b""

        def do_GET(self) -> None:
            """Answer."""
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.body)

        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = HTTPServer(("127.0.0.1", read_settings().port("flink_rest")), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()

    def served(body: bytes) -> None:
        Handler.body = body

    yield served
    server.shutdown()
    thread.join()
    server.server_close()


def job(state: str = "RUNNING", running: int = 4, total: int = 4) -> dict[str, object]:
    """Describe one job as the JobManager does."""
    return {"state": state, "tasks": {"running": running, "total": total}}


def overview(*jobs: dict[str, object]) -> bytes:
    """Write what the JobManager tells of jobs."""
    return orjson.dumps({"jobs": jobs})


def test_jobs_run_when_all_their_tasks_do(serve: Serve) -> None:
    told = {overview(): False, overview(job()): True, overview(job(running=3)): False,
            overview(job("RESTARTING")): False, overview(job("FAILED"), job()): True,
            b"{": False, b"{}": False, b"<html>": False}
    for body, ready in told.items():
        serve(body)
        assert jobs_run() == ready, body


def test_no_jobs_run_while_the_jobmanager_is_away(own_home: Path) -> None:
    assert not jobs_run()


def test_the_platforms_topics_are_those_that_it_declares() -> None:
    assert {topic.name for topic in SYSTEM_TOPICS} == PLATFORM_TOPICS


def test_declarations_are_registered_when_every_topic_and_table_is_there(
        own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    topics = PLATFORM_TOPICS | {f"event-{name}" for name in registry.families()} | {
        f"result-{name}" for name in registry.results()}
    serving = [True]
    monkeypatch.setattr(readiness, "port_answers", lambda _: lambda: serving[0])
    monkeypatch.setattr(readiness, "list_topics", lambda: {*topics, "another"})
    assert not declarations_are_registered()  # the tables come after the topics
    (own_home / "run").mkdir(exist_ok=True)
    (own_home / "run" / "registrar.ready").touch()
    assert declarations_are_registered()
    serving[0] = False
    assert not declarations_are_registered()
    serving[0] = True
    for missing in sorted(topics):
        left = topics - {missing}
        monkeypatch.setattr(readiness, "list_topics", lambda left=left: left)
        assert not declarations_are_registered(), missing


def test_a_broker_that_is_away_has_no_topics(
        own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert readiness.list_topics() == set()
