"""Measure the feeds beside a bare ASGI application that serves the same bytes.

`citybrain bench feed` starts it in a home of its own: store and feeds run, and nothing else. In a
living city each of a dozen processes would take its share of two cores from the feeds, and none
from the bare application, which is no part of that city.

Client and servers share a machine, so that two figures are told: answers a second, and the server's
own processor time an answer, which the client does not touch. Runs are interleaved.
"""

from __future__ import annotations

import asyncio
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
import psutil

from infra.bench.bare import Bare
from infra.bench.inside import hear_endings, no_traceback
from infra.bench.stocked import fill, standing_store
from infra.launch import run_alone
from infra.processes import choose
from schemas.errors import ComponentError
from streams.settings import CHECKOUT, read_settings

CONNECTIONS = 8
START_SECONDS = 20.0
# of each table that the feeds read
ROWS = 20_000
# kinds of request: a cached answer in full, and one that has not changed
KINDS = ("200", "304")


@dataclass(frozen=True, slots=True)
class Run:
    """Hold one run: answers a second, processor µs an answer, and the share of those in full."""

    rate: float
    cpu_us: float
    full: float


@dataclass(frozen=True, slots=True)
class Server:
    """Describe a server under load."""

    name: str
    port: int
    process: psutil.Process


def read_answer(port: int, path: str) -> tuple[Bare, str]:
    """Read what the feeds answer at a path, gzipped; give it to be served bare, and its tag."""
    address, plain = f"http://127.0.0.1:{port}{path}", {"Accept-Encoding": "gzip"}
    try:
        with httpx.Client(trust_env=False, timeout=30) as client, client.stream(
                "GET", address, headers=plain) as full:
            if full.status_code != 200:
                raise ComponentError(f"{address} answers {full.status_code}")
            body = b"".join(full.iter_raw())
            headers = [(name.lower(), value) for name, value in full.headers.raw]
            tag = full.headers["etag"]
            unchanged = client.get(address, headers=plain | {"If-None-Match": tag})
    except httpx.HTTPError as error:
        raise ComponentError(f"{address} cannot be read: {error}") from error
    same = [(name.lower(), value) for name, value in unchanged.headers.raw]
    kept = [[one for one in pairs if one[0] not in (b"date", b"connection")]
            for pairs in (headers, same)]
    return Bare(kept[0], body, kept[1]), str(tag)


@contextmanager
def serving(bare: Bare) -> Iterator[Server]:
    """Run the bare application in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer"
        path.write_bytes(msgspec.msgpack.encode(bare))
        port = _free_port()
        # in a session of its own, as the feeds are: Linux shares processors out by session first
        child = subprocess.Popen([sys.executable, "-m", "infra.bench.bare", str(port), str(path)],
                                 cwd=CHECKOUT, start_new_session=True)
        try:
            _await_answer(port, "/")
            yield Server("bare", port, psutil.Process(child.pid))
        finally:
            child.terminate()
            child.wait(20)


def _free_port() -> int:
    """Find a free port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _await_answer(port: int, path: str) -> None:
    """Wait until a server answers and has what is asked for, or says that it never will."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        try:
            if httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False,
                         timeout=2).status_code != 503:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.1)
    raise ComponentError(f"port {port} did not answer {path} within {START_SECONDS:g} s")


async def _ask(port: int, path: str, tag: str, until: float) -> tuple[int, int]:
    """Ask again and again over one connection; give the number of answers, and of those in full.

    Who asks with a tag goes on with that of the newest answer in full, as clients do.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request, answers, full = _request(port, path, tag), 0, 0
    while time.monotonic() < until:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        answers += 1
        if head.startswith(b"HTTP/1.1 200"):
            full += 1
            lines = (line.partition(b": ") for line in head.split(b"\r\n"))
            told = {name.lower(): value for name, _, value in lines}
            await reader.readexactly(int(told[b"content-length"]))
            if tag:
                request = _request(port, path, told[b"etag"].decode())
    writer.close()
    return answers, full


async def _load(port: int, path: str, tag: str, seconds: float) -> tuple[int, int]:
    """Ask over several connections at once."""
    until = time.monotonic() + seconds
    told = await asyncio.gather(*(_ask(port, path, tag, until) for _ in range(CONNECTIONS)))
    return sum(one for one, _ in told), sum(one for _, one in told)


def load(server: Server, path: str, tag: str, seconds: float) -> Run:
    """Load a server for so long; without a tag for answers in full."""
    before, begun = sum(server.process.cpu_times()[:2]), time.monotonic()
    answers, full = asyncio.run(_load(server.port, path, tag, seconds))
    spent = sum(server.process.cpu_times()[:2]) - before
    return Run(answers / (time.monotonic() - begun), 1e6 * spent / answers, full / answers)


def measure_stocked(path: str, seconds: float, runs: int) -> dict[str, Any]:
    """Stock the store, start the feeds and measure them."""
    with standing_store() as store:
        fill(store, ROWS, ROWS)
        with run_alone(choose("feed")[0]) as child:
            feed = Server("feed", read_settings().port("feed"), psutil.Process(child.pid))
            _await_answer(feed.port, path)
            return measure(feed, path, seconds, runs)


def measure(feed: Server, path: str, seconds: float, runs: int) -> dict[str, Any]:
    """Measure both kinds of request on both servers, interleaved; give medians and ratios."""
    bare, tag = read_answer(feed.port, path)
    found: dict[tuple[str, str], list[Run]] = {}
    with serving(bare) as other:
        for _ in range(runs):
            for kind in KINDS:
                for server in (feed, other):
                    found.setdefault((kind, server.name), []).append(
                        load(server, path, tag if kind == "304" else "", seconds))
    return {"path": path, "bytes": len(bare.body), "runs": runs, "seconds": seconds,
            **{kind: _compare(found[kind, "feed"], found[kind, "bare"]) for kind in KINDS}}


def _request(port: int, path: str, tag: str) -> bytes:
    """Write a request; with a tag, one for what has changed."""
    asked = f"If-None-Match: {tag}\r\n" if tag else ""
    return (f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept-Encoding: gzip\r\n"
            f"{asked}\r\n").encode()


def _compare(feed: list[Run], bare: list[Run]) -> dict[str, Any]:
    """Give the medians of both and their ratios."""
    rates = [statistics.median(one.rate for one in runs) for runs in (feed, bare)]
    costs = [statistics.median(one.cpu_us for one in runs) for runs in (feed, bare)]
    return {"feed_per_second": round(rates[0]), "bare_per_second": round(rates[1]),
            "rate_ratio": round(rates[0] / rates[1], 2), "feed_cpu_us": round(costs[0]),
            "bare_cpu_us": round(costs[1]), "full": round(max(one.full for one in feed), 3),
            "cpu_ratio": round(costs[1] / costs[0], 2),
            "runs": [{"feed": asdict(a), "bare": asdict(b)}
                     for a, b in zip(feed, bare, strict=True)]}


@click.command()
@click.option("--path", required=True)
@click.option("--seconds", type=float, required=True)
@click.option("--runs", type=int, required=True)
def main(path: str, seconds: float, runs: int) -> None:
    """Measure the feeds; print JSON."""
    with no_traceback():
        click.echo(json.dumps(measure_stocked(path, seconds, runs)))


if __name__ == "__main__":
    hear_endings()
    main()
