"""Register publishing systems: account, topic prefix, datum, families, quota.

A registration is data in the compacted topic `publishers`. The owner that a family declares is
registered by itself; others, such as the source of a recording, by `register`. What becomes of a
publisher afterwards, its credentials above all, is told in `streams.rotation`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import msgspec
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from schemas import registry
from schemas.errors import ComponentError
from schemas.render.kafka import PUBLISHER_NAME, raw_topic
from streams.accounts import ensure_account, ensure_rights, publisher_rights
from streams.broker import open_admin
from streams.kept import Follower, read_kept, write_kept
from streams.quotas import set_byte_rate
from streams.topics import ensure_topics

TOPIC = "publishers"
_LOOK_AGAIN_SECONDS = 5.0


class Account(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hold one Kafka account of a publisher; `until` is its end, epoch ms, None while it stays."""

    name: str
    until: int | None = None


class Registration(msgspec.Struct, frozen=True, omit_defaults=True):
    """Hold what is registered of one publishing system.

    `replay`: its header `replay` excuses lateness. `quota_bytes` a second over Kafka and
    `quota_events` a second over HTTP, and over MQTT: 0 is no limit, None says nothing. `accounts`
    is empty while it has one, of its own name. One that was removed (epoch ms) is kept, since its
    raw topics are.
    """

    name: str
    title_en: str = ""
    title_zh: str = ""
    datum: str = "wgs84"
    families: list[str] = []
    replay: bool = False
    quota_bytes: int | None = None
    quota_events: int | None = None
    accounts: list[Account] = []
    removed_at: int | None = None

    @property
    def logins(self) -> list[Account]:
        """List its accounts, the newest last; none once it is removed."""
        if self.removed_at is not None:
            return []
        return self.accounts or [Account(self.name)]


def default_registrations() -> list[Registration]:
    """List the owners of the declared families as publishers of them."""
    owned: dict[str, list[str]] = {}
    for family in registry.families().values():
        owned.setdefault(family.owner, []).append(family.name)
    return [Registration(name, name, name, families=families) for name, families in owned.items()]


def _decode(records: Mapping[str, bytes]) -> dict[str, Registration]:
    """Read records into registrations by name; what is none is passed over."""
    found: dict[str, Registration] = {}
    for name, value in records.items():
        try:
            found[name] = msgspec.json.decode(value, type=Registration)
        except msgspec.DecodeError:
            continue
    return found


def read_registrations(account: str) -> dict[str, Registration]:
    """Read all registrations, removed ones included, as an account that may read the topic."""
    return _decode(read_kept(account, TOPIC))


class Registrations(Follower):
    """Look publishers up; what is registered or changed while running is known in seconds."""

    def __init__(self, account: str) -> None:
        """Start to follow the registrations as an account that may read them."""
        self._known: dict[str, Registration] = {}
        self._missed_at: dict[str, float] = {}
        super().__init__(account, TOPIC)

    def take(self, records: Mapping[str, bytes]) -> None:
        """Take what the topic holds now."""
        super().take(records)
        self._known = _decode(records)

    def known(self) -> dict[str, Registration]:
        """Give all registrations, removed ones included, as they stood moments ago."""
        return self._known

    def find(self, publisher: str) -> Registration | None:
        """Find a registration; for an unknown name the topic is read at once.

        It was written before the publisher could send, so one look is enough; who is not there is
        not looked for again so soon.
        """
        found = self._known.get(publisher)
        if found is None and (time.monotonic() - self._missed_at.get(publisher, -math.inf)
                              > _LOOK_AGAIN_SECONDS):
            self.take(read_kept(self._account, TOPIC))
            found = self._known.get(publisher)
            if found is None:
                self._missed_at[publisher] = time.monotonic()
        return found

    def datum(self, publisher: str) -> str:
        """Give the datum of a publisher, WGS-84 where none is registered."""
        found = self.find(publisher)
        return found.datum if found else "wgs84"

    def may_replay(self, publisher: str) -> bool:
        """Tell whether a publisher's header `replay` excuses lateness."""
        found = self.find(publisher)
        return found is not None and found.replay


def register(*registrations: Registration, keep: bool = False) -> None:
    """Register publishers: raw topics, the record, then accounts, rights and quota.

    The record comes before the account, so that nothing is ever sent under a datum not yet known.
    With `keep`, what is registered of a known publisher stays, and only families are added.
    """
    for one in registrations:
        _check(one)
    known = read_registrations("admin")
    merged = [merge(one, known.get(one.name), keep=keep) for one in registrations]
    admin = open_admin()
    try:
        for one in merged:
            ensure_topics(admin, [raw_topic(one.name, registry.get_family(name))
                                  for name in one.families if name in registry.families()])
        write_registrations(*(one for one in merged if one != known.get(one.name)))
        for one in merged:
            for account in one.logins:
                ensure_login(admin, one, account.name)
    except KafkaError as error:
        raise ComponentError(f"registering publishers failed: {error!r}") from error
    finally:
        admin.close()


def ensure_login(admin: KafkaAdminClient, one: Registration, account: str) -> None:
    """Give a publisher an account: right to write below its prefix, and its quota."""
    ensure_account(admin, account)
    ensure_rights(admin, publisher_rights(account, one.name))
    if one.quota_bytes is not None:
        set_byte_rate(admin, account, one.quota_bytes)


def _check(one: Registration) -> None:
    """Refuse a name that could run into another's prefix, or families that do not exist."""
    if not PUBLISHER_NAME.fullmatch(one.name):
        raise ComponentError(
            f"publisher name {one.name!r}: lower-case letters, digits and single hyphens only")
    for name in one.families:
        registry.get_family(name)


def merge(one: Registration, before: Registration | None, *, keep: bool) -> Registration:
    """Add the families registered before; with `keep` leave all else as it was.

    Accounts stay in any case, and so do quotas of which nothing is said.
    """
    families = sorted({*one.families, *(before.families if before else [])})
    if before is None:
        return msgspec.structs.replace(one, families=families)
    if keep:
        return msgspec.structs.replace(before, families=families)
    return msgspec.structs.replace(
        one, families=families, accounts=before.accounts,
        quota_bytes=before.quota_bytes if one.quota_bytes is None else one.quota_bytes,
        quota_events=before.quota_events if one.quota_events is None else one.quota_events)


def write_registrations(*registrations: Registration) -> None:
    """Write registrations to the topic as they are."""
    if registrations:
        write_kept("admin", TOPIC, {one.name: msgspec.json.encode(one) for one in registrations})
