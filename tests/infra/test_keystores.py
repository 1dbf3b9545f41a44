"""Test that Java reads what is written from TLS's files, and what is told of files it cannot."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from infra.keystores import write_keystores
from schemas.errors import SettingsError
from streams import tls
from streams.settings import read_settings
from tests.tls import write


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of TLS files that the settings name."""
    authority = trustme.CA()
    write(tmp_path, authority, authority.issue_cert("127.0.0.1"))
    changed = replace(read_settings(), tls=str(tmp_path))
    monkeypatch.setattr(tls, "read_settings", lambda: changed)
    return tmp_path


def test_without_tls_nothing_is_written(tmp_path: Path) -> None:
    assert write_keystores(tmp_path / "stores") is None
    assert not (tmp_path / "stores").exists()


def test_java_finds_the_key_and_whom_to_trust(files: Path) -> None:
    stores = write_keystores(files / "stores")
    assert stores is not None
    for store, password, entry in (
            (stores.key, stores.password, "PrivateKeyEntry"),
            (stores.trust, stores.trust_password, "trustedCertEntry")):
        assert store.stat().st_mode & 0o077 == 0
        told = subprocess.run(
            ["keytool", "-list", "-keystore", str(store), "-storepass:env", "SECRET"],
            env={"SECRET": password, "PATH": "/usr/bin:/bin"}, capture_output=True,
            text=True, check=True).stdout
        assert "Keystore type: PKCS12" in told and entry in told


def test_files_that_cannot_be_read_or_used_are_named(files: Path) -> None:
    other = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for name, content, told in (("key.pem", other, "RSA or EC"),
                                ("ca.pem", b"no certificate", "CITYBRAIN_TLS"),
                                ("key.pem", b"no key", "CITYBRAIN_TLS")):
        kept = (files / name).read_bytes()
        (files / name).write_bytes(content)
        with pytest.raises(SettingsError, match=told):
            write_keystores(files / "stores")
        (files / name).write_bytes(kept)
