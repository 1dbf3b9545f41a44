"""Say whether servers speak TLS and with which files, and refuse what would be open in plain text.

`CITYBRAIN_TLS` names a folder with `cert.pem` (the servers' certificate and what leads to its
root), `key.pem` and `ca.pem` (whom clients trust). Clients always verify the host's name. Without
it a server binds to loopback only, unless `CITYBRAIN_PLAINTEXT=yes` says that something else, a
reverse proxy or a network of its own, protects what it says. What only the city itself asks (the
embedded store, Flink, metrics) stays on loopback, whatever else is opened.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from schemas.errors import SettingsError
from streams.settings import is_loopback, read_settings


@dataclass(frozen=True, slots=True)
class Files:
    """Hold the files of TLS."""

    certificate: Path
    key: Path
    authority: Path


def find_files() -> Files | None:
    """Give the files of TLS, None where it is off; raise SettingsError when one is missing."""
    folder = read_settings().tls
    if not folder:
        return None
    files = Files(*(Path(folder).resolve() / name for name in ("cert.pem", "key.pem", "ca.pem")))
    for path in (files.certificate, files.key, files.authority):
        if not path.is_file():
            raise SettingsError(f"CITYBRAIN_TLS: {path} is missing")
    if files.key.stat().st_mode & 0o077:
        raise SettingsError(f"CITYBRAIN_TLS: {files.key} is open to others: chmod 600 it")
    return files


def check_exposure(server: str) -> None:
    """Raise SettingsError where a server would talk to others unencrypted, unless that is meant."""
    settings = read_settings()
    if not is_loopback(settings.host) and find_files() is None and not settings.plaintext:
        raise SettingsError(
            f"{server} would serve {settings.host} unencrypted: set CITYBRAIN_TLS=<folder>, or say"
            " CITYBRAIN_PLAINTEXT=yes where the network itself is protected")


def scheme() -> str:
    """Give how addresses of our pages begin."""
    return "http" if find_files() is None else "https"


def address(server: str) -> str:
    """Give the address of a page or interface of ours by its name in `streams.settings.PORTS`."""
    settings = read_settings()
    host = settings.flink_host if server == "flink_rest" else settings.host_of(server)
    return f"{scheme()}://{host}:{settings.port(server)}"


def is_named(server: str) -> bool:
    """Tell whether a server is called by the name that its certificate holds.

    One that stays on loopback while others are open is not.
    """
    settings = read_settings()
    return settings.host_of(server) == settings.host


def trust(server: str = "feed") -> ssl.SSLContext:
    """Give what clients of one of our servers verify by, where it speaks TLS."""
    return _context(_authority(), is_named(server))


def for_sockets() -> ssl.SSLContext | None:
    """Give what a bare connection to our own pages is opened with."""
    return None if find_files() is None else trust()


@cache
def _context(authority: str, names: bool) -> ssl.SSLContext:
    """Make, once, what verifies by a file of certificates, else by the public authorities."""
    context = ssl.create_default_context(cafile=authority or None)
    context.check_hostname = names
    return context


@cache
def trust_others() -> ssl.SSLContext:
    """Give what verifies servers of others: by the public authorities and by ours."""
    context = ssl.create_default_context()
    if authority := _authority():
        context.load_verify_locations(authority)
    return context


def for_uvicorn() -> dict[str, str]:
    """Give uvicorn's settings of TLS."""
    files = find_files()
    if files is None:
        return {}
    return {"ssl_certfile": str(files.certificate), "ssl_keyfile": str(files.key)}


def for_streamlit() -> tuple[str, ...]:
    """Give Streamlit's arguments of TLS."""
    files = find_files()
    if files is None:
        return ()
    return ("--server.sslCertFile", str(files.certificate), "--server.sslKeyFile", str(files.key))


def for_clickhouse() -> dict[str, Any]:
    """Give clickhouse-driver's settings; without `ca.pem` it trusts the public authorities."""
    if not read_settings().store_over_tls:
        return {}
    return {"secure": True, **({"ca_certs": trusted} if (trusted := _authority()) else {})}


def for_confluent(authority: str = "") -> dict[str, Any]:
    """Give confluent-kafka's settings; `authority` (PEM file) stands for that of the settings."""
    trusted = authority or _authority()
    if not trusted:
        return {"security.protocol": "SASL_PLAINTEXT"}
    return {"security.protocol": "SASL_SSL", "ssl.ca.location": trusted,
            "ssl.endpoint.identification.algorithm": "https"}


def for_kafka_python(authority: str = "") -> dict[str, Any]:
    """Give kafka-python's settings; `authority` (PEM file) stands for that of the settings."""
    trusted = authority or _authority()
    if not trusted:
        return {"security_protocol": "SASL_PLAINTEXT"}
    return {"security_protocol": "SASL_SSL", "ssl_cafile": trusted, "ssl_check_hostname": True}


def for_java() -> dict[str, str]:
    """Give the settings of Java's clients; they verify the host's name by themselves."""
    trusted = _authority()
    if not trusted:
        return {"security.protocol": "SASL_PLAINTEXT"}
    return {"security.protocol": "SASL_SSL", "ssl.truststore.type": "PEM",
            "ssl.truststore.location": trusted}


def _authority() -> str:
    """Give the path of the trusted certificates, "" where TLS is off."""
    files = find_files()
    return str(files.authority) if files else ""
