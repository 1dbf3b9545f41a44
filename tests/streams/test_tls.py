"""Test that servers speak TLS where told to, that clients verify, and what may not be open."""

from __future__ import annotations

import ssl
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import trustme

from schemas.errors import SettingsError
from streams import tls
from streams.settings import PORTS, Settings, is_loopback, read_settings
from tests.components import CHECKOUT
from tests.tls import environment_of, served, write

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


def pose(monkeypatch: pytest.MonkeyPatch, **changed: object) -> Settings:
    """Let the module read changed settings; give them."""
    settings = replace(read_settings(), **changed)  # type: ignore[arg-type]
    monkeypatch.setattr(tls, "read_settings", lambda: settings)
    return settings


def test_a_server_beyond_loopback_without_tls_does_not_start(
        monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    tls.check_exposure("the feed")
    pose(monkeypatch, host=ANYWHERE)
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0 unencrypted: set CITYBRAIN_TLS"):
        tls.check_exposure("the feed")
    pose(monkeypatch, host="10.1.2.3", tls=str(folder))
    tls.check_exposure("the feed")
    pose(monkeypatch, host="10.1.2.3", plaintext=True)
    tls.check_exposure("the feed")


def test_what_only_the_city_asks_stays_on_loopback(
        monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    settings = pose(monkeypatch, host="city.example", tls=str(folder))
    hosts = {name: settings.host_of(name) for name in PORTS}
    assert {name for name, host in hosts.items() if host == "city.example"} == {
        "kafka", "feed", "intake", "wall", "console"}
    assert set(hosts.values()) == {"city.example", "127.0.0.1"}
    assert settings.store_address[0] == "127.0.0.1"
    assert tls.address("wall").startswith("https://city.example:")
    assert tls.address("flink_rest").startswith("https://127.0.0.1:")
    # its certificate names the host by which others call the city
    assert (tls.trust("wall").check_hostname, tls.trust("flink_rest").check_hostname) == (
        True, False)
    open_ = pose(monkeypatch, host="city.example", plaintext=True)
    assert open_.host_of("clickhouse") == "city.example"


@pytest.mark.parametrize(("host", "here"), [
    ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("localhost", True),
    (ANYWHERE, False), ("::", False), ("10.0.0.1", False), ("city.example.com", False)])
def test_loopback_is_known(host: str, here: bool) -> None:
    assert is_loopback(host) is here


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
    return environment_of(tmp_path_factory.mktemp("secured"), folder, stack_home)


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
    with served("kafka", "kafka", secured):
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


def told_in_plain_text(where: str) -> bytes:
    """Give what a server tells who asks it without TLS: at most, as Flink does, to come with it."""
    try:
        answer = httpx.get(where, trust_env=False, timeout=60)
    except httpx.HTTPError:
        return b""
    assert answer.is_redirect and answer.headers["location"].startswith("https://")
    return answer.content


@pytest.mark.live
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "port", "path"), [
    ("feed", "feed", "/"), ("intake", "intake", "/"), ("wall", "wall", "/"),
    ("console", "console", "/login"), ("jobmanager", "flink_rest", "/overview")])
def test_pages_are_served_over_tls_only(
        name: str, port: str, path: str, secured: dict[str, str], folder: Path) -> None:
    trusted = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    with served(name, port, secured) as address:
        answer = httpx.get(address + path, verify=trusted, trust_env=False, timeout=60)
        assert answer.status_code == 200
        if name in {"feed", "intake"}:
            assert f"{address}/v1/" in answer.text and "http://127" not in answer.text
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(address + path, trust_env=False, timeout=60)
        assert told_in_plain_text(address.replace("https", "http") + path) == b""


@pytest.mark.live
@pytest.mark.parametrize("module", ["streams.feeds", "streams.intake", "infra.kafka",
                                    "dashboards.wall", "dashboards.entrance"])
def test_no_server_opens_itself_in_plain_text(module: str, secured: dict[str, str]) -> None:
    environment = {**secured, "CITYBRAIN_TLS": "", "CITYBRAIN_HOST": ANYWHERE}
    done = subprocess.run([sys.executable, "-m", module], cwd=CHECKOUT, env=environment,
                          capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode != 0
    assert "unencrypted" in done.stderr
