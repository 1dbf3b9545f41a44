"""Change what a publisher logs in with, and end it.

A publisher's account is NAME or NAME--2, by turns (no name contains `--`). While a rotation lasts
both work, with the same rights and quota; after the grace the old one is deleted, which the
registrar does. Credentials reach their owner by a file that only this machine's user can read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from schemas import registry
from schemas.errors import ComponentError
from streams import tokens
from streams.accounts import delete_account, set_password
from streams.broker import open_admin
from streams.clock import now_ms
from streams.credentials import Credentials
from streams.publishers import (
    Account,
    Registration,
    ensure_login,
    read_registrations,
    write_registrations,
)
from streams.quotas import set_byte_rate
from streams.secrets import (
    forget_password,
    get_password,
    publisher_file,
    renew_password,
    write_publisher_file,
)
from streams.settings import read_settings
from streams.tls import address, find_files

SECOND = "--2"


@contextmanager
def _administration(what: str) -> Iterator[KafkaAdminClient]:
    """Open the broker for administration; what it refuses is a ComponentError."""
    admin = open_admin()
    try:
        yield admin
    except KafkaError as error:
        raise ComponentError(f"{what} failed: {error!r}") from error
    finally:
        admin.close()


def find_publisher(name: str) -> Registration:
    """Get a registration that is in force, or raise ComponentError."""
    known = read_registrations("admin")
    found = known.get(name)
    if found is None or found.removed_at is not None:
        there = ", ".join(sorted(n for n, one in known.items() if one.removed_at is None))
        raise ComponentError(f"no publisher {name!r} is registered; there are: {there or 'none'}")
    return found


def hand_out(one: Registration, token: str) -> Path:
    """Write the credentials of a publisher's newest account, and a token, into its file."""
    account = one.logins[-1].name
    settings = read_settings()
    told = Credentials(one.name, account, get_password("kafka", account), settings.bootstrap,
                       address("intake"), token,
                       str(files.authority) if (files := find_files()) else "")
    text = msgspec.json.format(msgspec.json.encode(told), indent=2).decode()
    return write_publisher_file(one.name, f"{text}\n")


def rotate(name: str, grace_seconds: float) -> tuple[Registration, Path]:
    """Give a publisher a second account and a new token; the old ones end after the grace."""
    before = find_publisher(name)
    if len(before.logins) > 1:
        raise ComponentError(
            f"{name} is being rotated already: `citybrain publisher rotate {name} --finish` ends"
            " the old credentials")
    old, until = before.logins[-1].name, now_ms() + round(grace_seconds * 1000)
    new = name if old.endswith(SECOND) else name + SECOND
    after = msgspec.structs.replace(before, accounts=[Account(old, until), Account(new)])
    with _administration(f"rotating {name}") as admin:
        set_password(admin, new, renew_password("kafka", new))
        ensure_login(admin, after, new)
    write_registrations(after)
    return after, hand_out(after, tokens.rotate(name, grace_seconds))


def finish(name: str) -> list[str]:
    """End a rotation now: delete the old account and tokens; give the accounts deleted."""
    one = find_publisher(name)
    for token in tokens_of(name):
        if token.until is not None:
            tokens.revoke(token.id)
    return _end(one, lambda account: account.until is not None)


def finish_due(known: dict[str, Registration]) -> list[str]:
    """Delete the accounts whose grace is over; give their names."""
    def is_due(account: Account) -> bool:
        """Tell whether the grace of an account is over."""
        return account.until is not None and account.until <= now_ms()

    ended: list[str] = []
    for name, one in known.items():
        if any(is_due(account) for account in one.logins):
            ended += _end(find_publisher(name), is_due)  # as it stands now, not moments ago
    return ended


def _end(one: Registration, ends: Callable[[Account], bool]) -> list[str]:
    """Delete the accounts of a publisher that end, the newest never."""
    ended = [account.name for account in one.logins[:-1] if ends(account)]
    if ended:
        _delete(ended)
        write_registrations(msgspec.structs.replace(
            one, accounts=[account for account in one.logins if account.name not in ended]))
    return ended


def _delete(accounts: list[str]) -> None:
    """Delete accounts with their rights, quotas and passwords."""
    with _administration(f"deleting {', '.join(accounts)}") as admin:
        for account in accounts:
            delete_account(admin, account)
            set_byte_rate(admin, account, 0)
            forget_password("kafka", account)


def tokens_of(name: str) -> list[tokens.Token]:
    """List the tokens of a publisher."""
    return [token for token in tokens.list_tokens() if token.publisher == name]


def remove(name: str) -> Registration:
    """Take a publisher's accounts, rights, quota and tokens away; its topics and datum stay."""
    one = find_publisher(name)
    # first the record: from now on nobody makes the accounts again
    write_registrations(msgspec.structs.replace(one, accounts=[], removed_at=now_ms()))
    _delete([account.name for account in one.logins])
    for token in tokens_of(name):
        tokens.revoke(token.id)
    publisher_file(name).unlink(missing_ok=True)
    return one


def hours_kept(one: Registration) -> int:
    """Give how many hours the raw topics of a publisher keep what was sent."""
    families = registry.families()
    return max((families[name].lifetime.raw_hours for name in one.families if name in families),
               default=0)
