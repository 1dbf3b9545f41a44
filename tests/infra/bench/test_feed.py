"""Test that the benchmark of feeds asks what it says, and counts answers, not errors."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import psutil
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from infra.bench.bare import Bare
from infra.bench.feed import CONNECTIONS, Run, Server, _compare, load, read_answer, serving
from schemas.errors import ComponentError
from tests.components import CHECKOUT, hear_interrupts

ANSWER = Bare([(b"content-type", b"application/json"), (b"etag", b'"a"'),
               (b"content-length", b"5")], b"[1,2]", [(b"etag", b'"a"')])


class Changing:
    """Answer in full whoever does not name the new tag."""

    def __init__(self) -> None:
        """Begin with no answer."""
        self.full = 0

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        """Answer."""
        known = (b"if-none-match", b'"new"') in scope["headers"]
        self.full += not known
        await send({"type": "http.response.start", "status": 304 if known else 200, "headers": [
            (b"etag", b'"new"'), *([] if known else [(b"content-length", b"1")])]})
        await send({"type": "http.response.body", "body": b"" if known else b"1"})


def test_a_bare_answer_is_read_as_it_is_served_and_both_kinds_are_counted() -> None:
    with serving(ANSWER) as server:
        found, tag = read_answer(server.port, "/x")
        assert (found.body, tag) == (b"[1,2]", '"a"')
        assert dict(found.unchanged) == {b"etag": b'"a"'}
        for kind in ("", tag):
            run = load(server, "/x", kind, 0.5)
            assert run.rate > 0 and run.cpu_us > 0
            assert run.full == (0.0 if kind else 1.0)


def test_who_asks_with_a_tag_goes_on_with_the_newest() -> None:
    feed = Changing()
    server = uvicorn.Server(uvicorn.Config(feed, port=0, log_level="error", lifespan="off"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    run = load(Server("changing", port, psutil.Process()), "/x", '"old"', 0.5)
    server.should_exit = True
    thread.join(10)
    # one answer in full for each of the connections, which then know the new tag
    assert feed.full == CONNECTIONS and 0 < run.full < 0.5


def test_ratios_are_those_of_medians() -> None:
    told = _compare([Run(50, 200, 0), Run(70, 210, 0.1), Run(60, 190, 0)],
                    [Run(100, 100, 0), Run(120, 80, 0), Run(90, 110, 0)])
    assert (told["rate_ratio"], told["cpu_ratio"], told["full"]) == (0.6, 0.5, 0.1)


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(ComponentError, match="cannot be read"):
        read_answer(1, "/")


@pytest.mark.live
def test_feeds_are_measured_in_a_city_of_their_own(stack_home: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "infra.cli", "bench", "feed", "--seconds", "0.5", "--runs", "1",
         "--path", "/v1/parking.geojson", "--json"], cwd=CHECKOUT, capture_output=True, text=True,
        check=False, preexec_fn=hear_interrupts)
    assert told.returncode == 0, told.stderr[-2000:]
    found = json.loads(told.stdout)
    assert found["bytes"] > 1_000 and found["200"]["full"] == 1.0
    assert all(found[kind]["feed_per_second"] > 0 for kind in ("200", "304"))
