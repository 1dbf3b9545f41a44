"""Give tests a city that speaks TLS: files of an authority of their own, and its servers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import trustme

from streams.settings import LOOPBACK, OPEN, PORTS
from tests.components import CHECKOUT, find_free_offset

PATIENCE_SECONDS = 240.0
RUN = ("import os, sys; from infra.processes import choose; one = choose(sys.argv[1])[0];"
       " os.environ.update(one.environment()); os.execv(one.command[0], one.command)")


def write(path: Path, authority: trustme.CA, issued: trustme.LeafCert) -> None:
    """Write certificate, key and authority as the settings want them."""
    path.joinpath("cert.pem").write_bytes(
        b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(path / "key.pem")
    (path / "key.pem").chmod(0o600)
    authority.cert_pem.write_to_path(path / "ca.pem")


def own_address() -> str:
    """Give an address of this machine by which others reach it, loopback where there is none."""
    found = [one.address for name in psutil.net_if_addrs().values() for one in name
             if one.family is socket.AF_INET and not one.address.startswith("127.")]
    return found[0] if found else LOOPBACK


def environment_of(home: Path, folder: Path, installed: Path) -> dict[str, str]:
    """Give the environment of a city of its own in `home` that speaks TLS with a folder's files."""
    for name in ("components", "areas"):
        (home / name).symlink_to((installed / name).resolve())
    return {**os.environ, "CITYBRAIN_HOME": str(home), "CITYBRAIN_SUPERVISED": str(home),
            "CITYBRAIN_PORT_OFFSET": str(find_free_offset()), "CITYBRAIN_TLS": str(folder)}


def address(port: str, environment: dict[str, str]) -> str:
    """Give the address of a server of that city."""
    named = environment.get("CITYBRAIN_HOST", LOOPBACK) if port in OPEN else LOOPBACK
    return f"https://{named}:{PORTS[port] + int(environment['CITYBRAIN_PORT_OFFSET'])}"


@contextmanager
def served(name: str, port: str, environment: dict[str, str]) -> Iterator[str]:
    """Run a process of that city until the end of the block; give its address."""
    where = address(port, environment)
    log = Path(environment["CITYBRAIN_HOME"]) / f"{name}.log"
    with log.open("wb") as stream:
        child = subprocess.Popen([sys.executable, "-c", RUN, name], cwd=CHECKOUT, env=environment,
                                 stdout=stream, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", int(where.rpartition(":")[2]))) == 0:
                    break
            assert child.poll() is None and time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.3)
        yield where
    finally:
        child.terminate()
        child.wait(60)
