"""Test that servers speak TLS where told to, that clients verify, and what may not be open."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme

from schemas.errors import SettingsError
from streams import tls
from streams.settings import PORTS, read_settings
from tests.components import CHECKOUT, find_free_offset

PATIENCE_SECONDS = 240.0
ANYWHERE = "0.0.0.0"  # noqa: S104 (no server is bound to it)
CLIENTS = """
import sys
from kafka.errors import KafkaError
from confluent_kafka.admin import AdminClient
from schemas.errors import CityBrainError
from streams.broker import client_config, open_admin
errors = []
client = AdminClient({**client_config("admin"), "error_cb": lambda e: errors.append(str(e))})
try:
    print("confluent", len(client.list_topics(timeout=float(sys.argv[1])).brokers))
except Exception:
    client.poll(2)  # what went wrong is told by the callback
    print("confluent refused", any(word in e.lower() for e in errors for word in ("cert", "ssl")))
try:
    open_admin().close()
    print("plain 1")
except (CityBrainError, KafkaError):
    print("plain refused")
"""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Give an authority of this test."""
    return trustme.CA()


@pytest.fixture(scope="module")
def folder(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of TLS files for 127.0.0.1 and no other name."""
    path = tmp_path_factory.mktemp("tls")
    issued = authority.issue_cert("127.0.0.1")
    write(path, authority, issued)
    return path


def write(path: Path, authority: trustme.CA, issued: trustme.LeafCert) -> None:
    """Write certificate, key and authority as the settings want them."""
    path.joinpath("cert.pem").write_bytes(
        b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(path / "key.pem")
    (path / "key.pem").chmod(0o600)
    authority.cert_pem.write_to_path(path / "ca.pem")


def pose(monkeypatch: pytest.MonkeyPatch, **changed: object) -> None:
    """Let the module read changed settings."""
    settings = replace(read_settings(), **changed)  # type: ignore[arg-type]
    monkeypatch.setattr(tls, "read_settings", lambda: settings)


def test_a_server_beyond_loopback_without_tls_does_not_start(
        monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    tls.check_exposure("the feed")
    pose(monkeypatch, host=ANYWHERE)
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0 unencrypted: set CITYBRAIN_TLS"):
        tls.check_exposure("the feed")
    pose(monkeypatch, host="10.1.2.3", tls=str(folder))
    tls.check_exposure("the feed")
    with pytest.raises(SettingsError, match="cannot speak TLS"):
        tls.check_exposure("ClickHouse", speaks_tls=False)
    pose(monkeypatch, host="10.1.2.3", plaintext=True)
    tls.check_exposure("ClickHouse", speaks_tls=False)


@pytest.mark.parametrize(("host", "here"), [
    ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True),
    (ANYWHERE, False), ("::", False), ("10.0.0.1", False), ("city.example.com", False)])
def test_loopback_is_known(host: str, here: bool) -> None:
    assert tls.is_loopback(host) is here


def test_missing_files_and_an_open_key_are_told(
        monkeypatch: pytest.MonkeyPatch, tmp_path: Path, authority: trustme.CA) -> None:
    pose(monkeypatch, tls=str(tmp_path))
    with pytest.raises(SettingsError, match=r"cert\.pem is missing"):
        tls.find_files()
    write(tmp_path, authority, authority.issue_cert("127.0.0.1"))
    (tmp_path / "key.pem").chmod(0o644)
    with pytest.raises(SettingsError, match="open to others"):
        tls.find_files()


def test_without_tls_clients_speak_plain_text_and_with_it_they_verify(
        monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    assert tls.for_confluent() == {"security.protocol": "SASL_PLAINTEXT"}
    assert tls.for_uvicorn() == {} and tls.for_streamlit() == ()
    pose(monkeypatch, tls=str(folder))
    assert tls.for_confluent()["ssl.endpoint.identification.algorithm"] == "https"
    assert tls.for_kafka_python()["ssl_check_hostname"] is True
    assert tls.for_java()["security.protocol"] == "SASL_SSL"
    assert tls.scheme() == "https"


@pytest.fixture(scope="module")
def secured(folder: Path, tmp_path_factory: pytest.TempPathFactory,
            stack_home: Path) -> dict[str, str]:
    """Give the environment of a city of its own that speaks TLS."""
    home = tmp_path_factory.mktemp("secured")
    (home / "components").symlink_to((stack_home / "components").resolve())
    (home / "areas").symlink_to((stack_home / "areas").resolve())
    return {**os.environ, "CITYBRAIN_HOME": str(home), "CITYBRAIN_SUPERVISED": str(home),
            "CITYBRAIN_PORT_OFFSET": str(find_free_offset()), "CITYBRAIN_TLS": str(folder)}


@contextmanager
def served(module: str, port: str, environment: dict[str, str]) -> Iterator[str]:
    """Run a server of that city until the end of the block; give its address."""
    number = PORTS[port] + int(environment["CITYBRAIN_PORT_OFFSET"])
    log = Path(environment["CITYBRAIN_HOME"]) / f"{port}.log"
    with log.open("wb") as stream:
        child = subprocess.Popen([sys.executable, "-m", module], cwd=CHECKOUT, env=environment,
                                 stdout=stream, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", number)) == 0:
                    break
            assert child.poll() is None and time.monotonic() < until, log.read_text()[-2000:]
            time.sleep(0.3)
        yield f"https://127.0.0.1:{number}"
    finally:
        child.terminate()
        child.wait(60)


def ask(environment: dict[str, str], patience: int) -> list[str]:
    """Log in by both clients of Kafka; give what they told."""
    done = subprocess.run([sys.executable, "-c", CLIENTS, str(patience)], cwd=CHECKOUT,
                          env=environment, capture_output=True, text=True, timeout=240,
                          check=False)
    return done.stdout.splitlines()


@pytest.mark.live
@pytest.mark.timeout(900)
def test_both_clients_log_in_over_tls_and_refuse_a_stranger(
        secured: dict[str, str], authority: trustme.CA, tmp_path: Path, folder: Path) -> None:
    write(tmp_path, trustme.CA(), authority.issue_cert("127.0.0.1"))
    with served("infra.kafka", "kafka", secured):
        assert ask(secured, 60) == ["confluent 1", "plain 1"]
        # trusts another authority
        assert ask({**secured, "CITYBRAIN_TLS": str(tmp_path)}, 10) == [
            "confluent refused True", "plain refused"]
        # another name for the same machine, which the certificate does not hold
        named = f"localhost:{PORTS['kafka'] + int(secured['CITYBRAIN_PORT_OFFSET'])}"
        assert ask({**secured, "CITYBRAIN_BROKERS": named}, 10) == [
            "confluent refused True", "plain refused"]
        # and nobody is let in without
        assert ask({**secured, "CITYBRAIN_TLS": ""}, 10)[0].startswith("confluent refused")


@pytest.mark.live
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("module", "port"), [("streams.feeds", "feed"),
                                              ("streams.intake", "intake")])
def test_pages_are_served_over_tls_only(
        module: str, port: str, secured: dict[str, str], folder: Path) -> None:
    with served(module, port, secured) as address:
        trusted = ssl.create_default_context(cafile=str(folder / "ca.pem"))
        answer = httpx.get(f"{address}/", verify=trusted, trust_env=False, timeout=60)
        assert answer.status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{address}/", trust_env=False, timeout=60)
        with pytest.raises(httpx.HTTPError):
            httpx.get(address.replace("https", "http"), trust_env=False, timeout=60)


@pytest.mark.live
@pytest.mark.parametrize("module", ["streams.feeds", "streams.intake", "infra.kafka",
                                    "infra.clickhouse", "dashboards.wall",
                                    "dashboards.entrance"])
def test_no_server_opens_itself_in_plain_text(module: str, secured: dict[str, str]) -> None:
    environment = {**secured, "CITYBRAIN_TLS": "", "CITYBRAIN_HOST": ANYWHERE}
    done = subprocess.run([sys.executable, "-m", module], cwd=CHECKOUT, env=environment,
                          capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode != 0
    assert "unencrypted" in done.stderr
