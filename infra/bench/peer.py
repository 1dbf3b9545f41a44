"""Let a peer compete, as its folder `tests/peers/<name>` describes it.

`peer.toml` holds its title, what it cannot do, its command (none where the store itself is the
engine) and the packages that it runs on; a folder `environment` beside it, if there is one, is
another Python's virtual environment or what it
needs beside, made once by `prepare.sh`. `setup.sql` is run before, `counted.sql`, `table.sql` and
`fates.sql` answer the same questions as our own road does; `reading.sql` tells whether the first
record has been read, else a line `reading` of the command's output does. `{names}` in statements
and the variables `BENCH_NAME` of the command stand for the same.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pandas as pd
import shapely
from confluent_kafka.admin import AdminClient, NewTopic

from infra import clickhouse
from infra.bench import store as peers_store
from infra.bench.contender import Course, Expected, read_table
from infra.launch import last_lines, run_alone
from infra.orphans import mark
from infra.processes import Process
from infra.supervision import log_path
from schemas.errors import CityBrainError, ComponentError
from streams.broker import client_config
from streams.settings import CHECKOUT, read_settings
from streams.store import Store, connect

PEERS = CHECKOUT / "tests" / "peers"
STOP_SECONDS = 20.0
START_SECONDS = 20.0
PARTITIONS = 2
READING = "reading"
VERSIONS = ("import json, sys; from importlib.metadata import version;"
            "print(json.dumps({name: version(name) for name in sys.argv[1:]}))")
Ring = list[tuple[float, float]]


def list_peers() -> list[str]:
    """List the peers by name."""
    return sorted(path.parent.name for path in PEERS.glob("*/peer.toml"))


@dataclass(frozen=True, slots=True)
class Login:
    """Hold with what peers log in to Kafka and to the store."""

    kafka_password: str
    store_password: str


class Peer:
    """Run one peer."""

    def __init__(self, name: str, login: Login) -> None:
        """Read the peer's description; raise CityBrainError when there is none."""
        self._folder, self._login = PEERS / name, login
        try:
            told = tomllib.loads((self._folder / "peer.toml").read_text(encoding="utf-8"))
        except OSError as error:
            raise CityBrainError(
                f"no peer {name!r}; there are {', '.join(list_peers())}") from error
        self.name, self.title = name, str(told["title"])
        self.cannot: Sequence[str] = told["cannot"]
        self.share = float(told.get("share", 1.0))
        self.does_more: Sequence[str] = told.get("does_more", ())
        self._topics: list[str] = told.get("topics", [])
        self._command: list[str] = told.get("command", [])
        self._packages: list[str] = told.get("packages", [])
        self._values: dict[str, str] = {}
        self._store: Store | None = None
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def _open_store(self) -> Store:
        """Give the connection of this run."""
        if self._store is None:
            self._store = connect(peers_store.ACCOUNT)
        return self._store

    def prepare(self) -> None:
        """Make what the peer needs, once; raise ComponentError with what the script said last."""
        script = self._folder / "prepare.sh"
        if not script.exists() or (self._folder / "environment").exists():
            return
        done = subprocess.run(["/bin/bash", str(script), sys.executable], text=True,
                              capture_output=True, check=False)
        if done.returncode:
            shutil.rmtree(self._folder / "environment", ignore_errors=True)
            raise ComponentError(f"{self.name} was not prepared: {done.stderr.strip()[-500:]}")

    @property
    def _python(self) -> str:
        """Give the Python of the peer's own environment, else ours."""
        own = self._folder / "environment" / "bin" / "python"
        return str(own) if own.exists() else sys.executable

    @contextmanager
    def standing(self, course: Course) -> Iterator[None]:
        """Start the peers' store, empty but for the areas, and make the peer's tables."""
        peers_store.forget()
        settings = read_settings()
        host, port = settings.store_address
        self._values = {
            "brokers": settings.bootstrap, "account": peers_store.ACCOUNT,
            "password": self._login.kafka_password, "topic": course.topic,
            "group": f"bench-{self.name}-{secrets.token_hex(4)}", "store_host": host,
            "store_port": str(port), "store_account": peers_store.ACCOUNT,
            "store_password": self._login.store_password, "areas": str(course.file),
            "flink_rest": str(settings.port("flink_rest"))}
        self._make_topics()
        with run_alone(_store_process()):
            self._open_store.execute("CREATE TABLE store.areas (code String, polygon"
                                     " Array(Array(Array(Tuple(Float64, Float64)))))"
                                     " ENGINE = MergeTree ORDER BY code")
            self._open_store.insert("areas", {
                "code": course.areas, "polygon": [rings(one) for one in course.shapes]})
            try:
                yield
            finally:
                self._open_store.close()
                self._store = None

    @contextmanager
    def draining(self) -> Iterator[None]:
        """Make the peer's tables, which may set the store to work, and run its command."""
        for statement in self._read("setup").split(";\n"):
            if statement.strip():
                self._open_store.execute(statement)
        self._child = self._start() if self._command else None
        try:
            yield
        finally:
            if self._child is not None:
                stop(self._child)
            self._child = None

    def _make_topics(self) -> None:
        """Make the peer's own topics, new ones for each run."""
        names = [f"bench-{name}-{self._values['group']}" for name in self._topics]
        admin = AdminClient(client_config("admin"))
        wanted = [NewTopic(name, PARTITIONS, 1) for name in names]
        for future in admin.create_topics(wanted).values() if wanted else ():
            future.result(START_SECONDS)

    def _start(self) -> subprocess.Popen[bytes]:
        """Start the peer's command."""
        log_path(self.name).unlink(missing_ok=True)
        with log_path(self.name).open("ab") as log:
            return subprocess.Popen(
                [part.replace("{python}", self._python) for part in self._command], cwd=CHECKOUT,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **mark(), "PYTHONUNBUFFERED": "1",
                     **{f"BENCH_{name.upper()}": text for name, text in self._values.items()}})

    def _read(self, name: str) -> str:
        """Read a statement of the peer, its names filled in; "" where it has none."""
        path = self._folder / f"{name}.sql"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        for known, value in self._values.items():
            text = text.replace(f"{{{known}}}", value)
        return text

    def _ask(self, name: str) -> list[dict[str, Any]]:
        """Ask one of the peer's questions."""
        return self._open_store.query(self._read(name))

    def is_reading(self) -> bool:
        """Tell whether the first record has been read."""
        if self._read("reading"):
            return any(row["n"] for row in self._ask("reading"))
        return READING in log_path(self.name).read_text(errors="replace").split()

    def counted(self) -> int:
        """Count the records that are in windows of both lengths."""
        if self._child is not None and self._child.poll() is not None:
            raise ComponentError(f"{self.name} ended by itself:{last_lines(self.name)}")
        return int(self._ask("counted")[0]["n"])

    def is_all_stored(self, expected: Expected) -> bool:
        """Tell whether every dead letter is a row."""
        fates = self.fates()
        return fates.get("late", 0) + fates.get("malformed", 0) >= expected.letters

    def table(self) -> pd.DataFrame:
        """Read the windows."""
        return read_table(self._open_store, self._read("table"))

    def fates(self) -> dict[str, int]:
        """Count what became of the records that are in no window."""
        return {name: int(number) for name, number in self._ask("fates")[0].items()}

    def versions(self) -> dict[str, str]:
        """Name what the peer stands on."""
        if not self._packages:
            return {}
        done = subprocess.run([self._python, "-c", VERSIONS, *self._packages], check=True,
                              capture_output=True, text=True)
        found: dict[str, str] = json.loads(done.stdout)
        return found


def rings(shape: shapely.Geometry) -> list[list[Ring]]:
    """Give a polygon or several as lists of rings, the outer one first."""
    return [[[(x, y) for x, y in shapely.get_coordinates(ring).tolist()]
             for ring in (shapely.get_exterior_ring(part), *part.interiors)]
            for part in shapely.get_parts(shape)]


def _store_process() -> Process:
    """Describe the peers' store, which takes the place of the city's."""
    return Process("peer-store", "ClickHouse of the peers",
                   (sys.executable, "-m", "infra.bench.store"), clickhouse.is_ready)


def stop(child: subprocess.Popen[bytes]) -> None:
    """Stop a command, at last by force; what it started and left over ends with it."""
    child.terminate()
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
