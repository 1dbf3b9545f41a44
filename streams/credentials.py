"""Read with what a publishing system logs in: from a file, from the environment, or from here.

`citybrain publisher add` writes such a file and `rotate` a new one; only its owner can read it.
The environment is for publishers' own programmes: CITYBRAIN_CREDENTIALS names the file, or
CITYBRAIN_PUBLISHER, CITYBRAIN_PASSWORD and CITYBRAIN_BROKERS say the same (and CITYBRAIN_ACCOUNT,
where the account is not called as the publisher, which is so after every other rotation).
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from schemas.errors import SettingsError
from streams.secrets import get_password, publisher_file
from streams.settings import read_settings


class Credentials(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hold what a publisher needs to send: over Kafka an account, over HTTP a token.

    `authority` is the file (PEM) of whom it trusts, where the servers speak TLS.
    """

    publisher: str
    account: str
    password: str
    bootstrap: str
    intake: str = ""
    token: str = ""
    authority: str = ""

    def __repr__(self) -> str:
        """Show no secret, wherever this is logged."""
        return f"Credentials({self.publisher!r}, {self.account!r}, {self.bootstrap!r})"


def read_credentials(path: str | os.PathLike[str] = "") -> Credentials:
    """Read a publisher's credentials from a file, or as the environment says."""
    name = path or os.environ.get("CITYBRAIN_CREDENTIALS", "")
    if not name:
        return _from_environment()
    try:
        return msgspec.json.decode(Path(name).read_bytes(), type=Credentials)
    except OSError as error:
        raise SettingsError(
            f"credentials {os.fspath(name)} cannot be read: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise SettingsError(
            f"{os.fspath(name)} is no credentials file of `citybrain publisher add`: {error}"
        ) from error


def _from_environment() -> Credentials:
    """Take the credentials from single variables; raise SettingsError naming what is missing."""
    names = ("CITYBRAIN_PUBLISHER", "CITYBRAIN_PASSWORD", "CITYBRAIN_BROKERS")
    publisher, password, brokers = (os.environ.get(name, "") for name in names)
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise SettingsError(
            f"no credentials: give the file of `citybrain publisher add` in CITYBRAIN_CREDENTIALS,"
            f" or set {', '.join(missing)}")
    account = os.environ.get("CITYBRAIN_ACCOUNT") or publisher
    return Credentials(publisher, account, password, brokers)


def local_credentials(publisher: str) -> Credentials:
    """Give the credentials of a publisher on the platform's own machine."""
    bootstrap, path = read_settings().bootstrap, publisher_file(publisher)
    if path.exists():  # its account may be another since a rotation
        return msgspec.structs.replace(read_credentials(path), bootstrap=bootstrap)
    return Credentials(publisher, publisher, get_password("kafka", publisher), bootstrap)
