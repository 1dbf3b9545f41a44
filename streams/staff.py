"""Keep the accounts of staff: name, hashed password, role, area; and check who signs in.

`<home>/secrets/staff.json` (mode 0600) maps a name to its account. Passwords are hashed by Argon2id
with the library's defaults (RFC 9106). A session is a signed token of name and moment: it ends with
its age, with a change of the password, role or area, with signing out, and with the account.
"""

from __future__ import annotations

import fcntl
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from itsdangerous import BadSignature, URLSafeTimedSerializer
from msgspec import structs

from schemas.errors import CityBrainError
from streams.secrets import get_password, secrets_directory, write_owner_only
from streams.settings import read_settings

KINDS = ("viewer", "staff")
COOKIE = "citybrain_session"
SESSION_SECONDS = 8 * 3600
MIN_PASSWORD = 12
_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?")
AREA = re.compile(r"\d{2}|\d{4}|\d{6}|\d{9}")
_hasher = PasswordHasher()
# checked in place of the password of a name that does not exist, which so takes as long
_NOBODY = _hasher.hash(secrets.token_urlsafe(24))


class Role(StrEnum):
    """Name what a member of staff may see: each page of the console says which roles it is for."""

    VIEWER = "viewer"
    OFFICER = "officer"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMIN = "admin"


class StaffError(CityBrainError):
    """Tell why an account cannot be made or changed."""


class Staff(msgspec.Struct, frozen=True):
    """Hold one account; `area` is the code below which it sees rows, "" the whole city.

    `epoch` changes with all that ends former sessions. One that an OpenID provider vouches for
    has no password; it holds the provider's `issuer`, and the name that is `shown` to people.
    """

    name: str
    role: Role
    area: str = ""
    hash: str = ""
    epoch: str = ""
    issuer: str = ""
    shown: str = ""


def store_account(kind: str, area: str) -> str:
    """Name the account of the store for a kind of KINDS and an area, "" for the whole city.

    The views give an account `KIND_AREA` the rows of its area only, and a viewer results only.
    """
    if area:
        return f"{kind}_{area}"
    return "reader" if kind == "staff" else kind


def account_of(staff: Staff) -> str:
    """Name the account of the store as which a member of staff reads."""
    return store_account("viewer" if staff.role is Role.VIEWER else "staff", staff.area)


@contextmanager
def _changing() -> Iterator[dict[str, Staff]]:
    """Give all accounts to be changed, alone; write them afterwards."""
    path = secrets_directory() / "staff.json"
    with (path.parent / ".staff.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = list_staff()
        yield known
        write_owner_only(path, msgspec.json.format(msgspec.json.encode(known)).decode())


def list_staff() -> dict[str, Staff]:
    """List all accounts by name."""
    path = secrets_directory() / "staff.json"
    if not path.exists():
        return {}
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Staff])


def ensure_first() -> None:
    """Make the account `admin` of a city that has none; its password lies with the others."""
    if not list_staff():
        add_staff("admin", get_password("console", "admin"), Role.ADMIN)


def add_staff(name: str, password: str, role: Role, area: str = "") -> Staff:
    """Make an account; raise StaffError naming what is wrong with it."""
    if not _NAME.fullmatch(name):
        raise StaffError(f"name {name!r}: 1 to 64 of a-z 0-9 . _ - only")
    _check_area(area)
    with _changing() as known:
        if name in known:
            raise StaffError(f"name {name!r}: there is such an account already")
        known[name] = Staff(name, role, area, _hash(password), secrets.token_hex(8))
        return known[name]


def change_staff(name: str, *, password: str | None = None, role: Role | None = None,
                 area: str | None = None) -> Staff:
    """Change an account, which ends its sessions; without a change it ends them only."""
    if area is not None:
        _check_area(area)
    with _changing() as known:
        old = _find(known, name)
        known[name] = structs.replace(
            old, role=role or old.role, area=old.area if area is None else area,
            hash=old.hash if password is None else _hash(password), epoch=secrets.token_hex(8))
        return known[name]


def adopt_staff(staff: Staff) -> Staff:
    """Take over an account as an OpenID provider tells it now; a change ends its sessions.

    Raise StaffError where its area is none of this city's.
    """
    _check_area(staff.area)
    with _changing() as known:
        old = known.get(staff.name)
        epoch = old.epoch if old else ""
        if old is None or structs.replace(staff, epoch=epoch) != old:
            epoch = secrets.token_hex(8)
        known[staff.name] = structs.replace(staff, epoch=epoch)
        return known[staff.name]


def remove_staff(name: str) -> None:
    """Remove an account."""
    with _changing() as known:
        del known[_find(known, name).name]


def _find(known: dict[str, Staff], name: str) -> Staff:
    """Find an account, or say that there is none."""
    if name not in known:
        raise StaffError(f"no account {name!r}; there are: {', '.join(sorted(known)) or 'none'}")
    return known[name]


def _check_area(area: str) -> None:
    """Refuse what is not the code of a province, city, county or township of this city."""
    city = read_settings().city[:4]
    if area and not (AREA.fullmatch(area) and (area == city[:2] or area.startswith(city))):
        raise StaffError(f"area {area!r}: a code of 2, 4, 6 or 9 digits in {city}, or none")


def _hash(password: str) -> str:
    """Hash a password that is long enough."""
    if len(password) < MIN_PASSWORD:
        raise StaffError(f"password: at least {MIN_PASSWORD} characters")
    return _hasher.hash(password)


def check_password(name: str, password: str) -> Staff | None:
    """Give the account if the password is right; the time taken does not tell whether it exists."""
    found = list_staff().get(name)
    try:
        _hasher.verify(found.hash if found and found.hash else _NOBODY, password[:1024])
    except (VerificationError, InvalidHashError):
        return None
    return found


def _signer() -> URLSafeTimedSerializer:
    """Give what signs sessions."""
    return URLSafeTimedSerializer(get_password("key", "console-session"), salt="session")


def start_session(staff: Staff) -> str:
    """Give the token of a new session."""
    return _signer().dumps([staff.name, staff.epoch])


def find_session(token: str) -> Staff | None:
    """Give the account of a session that is not over, as it stands now."""
    try:
        name, epoch = _signer().loads(token, max_age=SESSION_SECONDS)
    except (BadSignature, ValueError, TypeError):
        return None
    found = list_staff().get(str(name))
    if found is None or found.epoch != epoch:
        return None
    # who was vouched for by a provider that is no longer configured is a stranger
    return found if found.issuer in ("", read_settings().oidc_issuer) else None
