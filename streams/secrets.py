"""Keep the passwords of accounts in one file that only its owner can read.

`<home>/secrets/passwords.json` maps `<system>:<account>` to a password; one that is asked for and
missing is generated. The keys of pseudonyms lie beside it, a file for each day, and end with it.
Nothing here is ever printed or logged.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from schemas.errors import SettingsError
from streams.settings import read_settings


def secrets_directory() -> Path:
    """Give the directory of secrets, made with mode 0700."""
    path = read_settings().secrets
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)  # it may have been there, open to others
    return path


def passwords_file() -> Path:
    """Give the path of the password file."""
    return secrets_directory() / "passwords.json"


def write_owner_only(path: Path, data: str) -> None:
    """Replace a file atomically, readable by its owner only."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    os.fchmod(descriptor, 0o600)  # a draft that a crash left keeps its mode
    with os.fdopen(descriptor, "w") as stream:
        stream.write(data)
    draft.replace(path)


def _given_passwords() -> Mapping[str, str]:
    """Read the passwords that are given from outside; none where no file is named."""
    path = read_settings().passwords
    if not path:
        return {}
    try:
        given: dict[str, str] = json.loads(Path(path).read_text())
    except (OSError, ValueError) as error:
        raise SettingsError(f"CITYBRAIN_PASSWORDS: {path} cannot be read: {error}") from error
    return given


@contextmanager
def _known_passwords() -> Iterator[dict[str, str]]:
    """Give the passwords by `<system>:<account>`, locked; what was changed in them is written."""
    path = passwords_file()
    with (secrets_directory() / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        before = dict(known)
        yield known
        if known != before:
            write_owner_only(path, json.dumps(known, indent=2, sort_keys=True))


def get_password(system: str, account: str) -> str:
    """Get the password of an account, generating it at first use; safe across processes.

    One that is given from outside counts, and is written nowhere.
    """
    if given := _given_passwords().get(f"{system}:{account}"):
        return given
    with _known_passwords() as known:
        return known.setdefault(f"{system}:{account}", secrets.token_urlsafe(24))


def renew_password(system: str, account: str) -> str:
    """Give an account a new password, whether or not it had one.

    Raise SettingsError where it is given from outside: it is changed there.
    """
    if f"{system}:{account}" in _given_passwords():
        raise SettingsError(f"{system}:{account} is given by CITYBRAIN_PASSWORDS: change it there")
    with _known_passwords() as known:
        known[f"{system}:{account}"] = secrets.token_urlsafe(24)
        return known[f"{system}:{account}"]


def forget_password(system: str, account: str) -> None:
    """Forget the password of an account; asked for again, it gets another."""
    with _known_passwords() as known:
        known.pop(f"{system}:{account}", None)


def publisher_file(publisher: str) -> Path:
    """Give the path of the file that holds a publisher's credentials, made for handing over."""
    directory = secrets_directory() / "publishers"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory / f"{publisher}.json"


def write_publisher_file(publisher: str, text: str) -> Path:
    """Replace a publisher's credentials by a file that only its owner can read; give its path."""
    path = publisher_file(publisher)
    write_owner_only(path, text)
    return path


def derive_password(system: str, account: str) -> str:
    """Derive the password of one of many like accounts from a key, rather than keep them all."""
    key = get_key(f"{system}-accounts")
    return hmac.new(key, account.encode(), hashlib.sha256).hexdigest()


def list_accounts(system: str) -> list[str]:
    """List the accounts of a system that have a password."""
    path = passwords_file()
    known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
    known |= _given_passwords()
    return [name.split(":", 1)[1] for name in sorted(known) if name.startswith(f"{system}:")]


def get_key(name: str) -> bytes:
    """Get a 32-byte key by name, generating it at first use."""
    return get_password("key", name).encode()


def _day_keys() -> Path:
    """Give the directory of the keys of days, made with mode 0700."""
    directory = secrets_directory() / "days"
    directory.mkdir(mode=0o700, exist_ok=True)
    return directory


def get_day_key(day: int) -> bytes:
    """Get the random 32-byte key of a day since 1970, made at first use; safe across processes.

    A file appears whole or not at all, and the first one wins. To be asked for renews its age: the
    recording of an old day keeps its key while it is replayed.
    """
    path = _day_keys() / str(day)
    if not path.exists():
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=".")  # mode 0600
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(32))
        with suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
    os.utime(path)
    return path.read_bytes()


def destroy_day_keys(keep_days: int, today: int) -> list[int]:
    """Overwrite and delete the keys of days that ended, and were last asked for, so long ago.

    Give the days. What a disk keeps of an overwritten file is the disk's to say.
    """
    destroyed, limit = [], time.time() - keep_days * 86_400
    for path in _day_keys().iterdir():
        if not path.name.isdigit():
            continue
        if today - int(path.name) > keep_days and path.stat().st_mtime < limit:
            with path.open("r+b") as stream:
                stream.write(bytes(32))
                os.fsync(stream.fileno())
            path.unlink()
            destroyed.append(int(path.name))
    return sorted(destroyed)
