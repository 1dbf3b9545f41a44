"""Write TLS's files in the form that Java's keystores have, for servers that read no PEM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificates

from infra.files import make_private_directory, write_private
from schemas.errors import SettingsError
from streams.secrets import get_password
from streams.tls import find_files

# Java opens no store without one; what is trusted is no secret, and clients hand it on with jobs
TRUST_PASSWORD = "trusted"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Keystores:
    """Hold where the two stores (PKCS#12) lie, and their passwords."""

    key: Path
    trust: Path
    password: str
    trust_password: str


def write_keystores(folder: Path) -> Keystores | None:
    """Write key and trusted certificates below `folder`; None where TLS is off.

    Raise SettingsError where a file of CITYBRAIN_TLS cannot be read.
    """
    files = find_files()
    if files is None:
        return None
    password = get_password("key", "keystores")
    locked = BestAvailableEncryption(password.encode())
    try:
        key = load_pem_private_key(files.key.read_bytes(), None)
        if not isinstance(key, RSAPrivateKey | EllipticCurvePrivateKey):
            raise SettingsError(f"CITYBRAIN_TLS: {files.key}: Java wants an RSA or EC key")
        own, *chain = load_pem_x509_certificates(files.certificate.read_bytes())
        trusted = load_pem_x509_certificates(files.authority.read_bytes())
        stored = pkcs12.serialize_key_and_certificates(b"server", key, own, chain, locked)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"CITYBRAIN_TLS: {files.key.parent}: {error}") from error
    entries = [pkcs12.PKCS12Certificate(one, f"ca{number}".encode())
               for number, one in enumerate(trusted)]
    make_private_directory(folder)
    return Keystores(
        write_private(folder / "key.p12", stored),
        write_private(folder / "trust.p12", pkcs12.serialize_java_truststore(
            entries, BestAvailableEncryption(TRUST_PASSWORD.encode()))),
        password, TRUST_PASSWORD)
