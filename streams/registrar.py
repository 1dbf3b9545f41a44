"""Make topics, rights and tables follow the declarations: `python -m streams.registrar`.

Every two seconds the declarations are read again; what is new gets its topics, its publisher's
account and rights, its tables and views. That is how a family joins a running city by one file.
"""

from __future__ import annotations

import logging
import math
import signal
import time
from contextlib import closing
from threading import Event

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from schemas import registry
from schemas.declare import Family
from schemas.errors import CityBrainError, ComponentError, DeclarationError
from schemas.render import clickhouse, last_steps
from schemas.render.clickhouse import column_type
from streams.accounts import ensure_platform_accounts
from streams.broker import open_admin
from streams.disk import Guard
from streams.metrics import ERRORS, serve
from streams.privacy import Pseudonyms
from streams.publishers import (
    Registration,
    Registrations,
    default_registrations,
    read_registrations,
    register,
)
from streams.retention import enforce
from streams.rotation import finish_due
from streams.secrets import destroy_day_keys
from streams.settings import read_settings
from streams.store import Store, connect
from streams.throttle import Throttle
from streams.topics import align_settings, declared_topics, ensure_topics

log = logging.getLogger("registrar")
PERIOD_SECONDS = 2.0
RETENTION_SECONDS = 300.0


def ensure_tables(store: Store) -> None:
    """Create tables and views that are missing; add columns that a declaration gained."""
    for statement in clickhouse.SYSTEM_TABLES.values():
        _create_table(store, statement)
    for name in clickhouse.SYSTEM_TABLES:
        store.execute(clickhouse.system_view(name))
    for family in registry.families().values():
        _create_table(store, clickhouse.event_table(family))
        _add_columns(store, family.table, _optional(family))
        store.execute(clickhouse.event_view(family))
        if family.steps:
            _ensure_last(store, family)
    for result in registry.results().values():
        _create_table(store, clickhouse.result_table(result))
        _add_columns(store, result.table, {f.name: column_type(f) for f in result.measures})
        store.execute(clickhouse.result_view(result))


def _create_table(store: Store, statement: str) -> None:
    """Create a table, replicated where the store is."""
    replicated = read_settings().store_replicated
    store.execute(clickhouse.replicated(statement) if replicated else statement)


def _optional(family: Family) -> dict[str, str]:
    """Give the types of the columns that a family may gain."""
    return {f.name: column_type(f) for f in family.kept if not f.required}


def _ensure_last(store: Store, family: Family) -> None:
    """Keep the last steps apart; a table that is new or gains a column is filled from all steps."""
    known = _known_columns(store, family.last_table)
    _create_table(store, last_steps.table(family))
    if _add_columns(store, family.last_table, _optional(family)):
        store.execute(f"DROP VIEW IF EXISTS store.{family.last_table}_feed SYNC")
    store.execute(last_steps.feed(family))
    store.execute(last_steps.view(family))
    if known != _known_columns(store, family.last_table):
        store.execute(last_steps.fill(family))


def _known_columns(store: Store, table: str) -> set[str]:
    """Name the columns that a table has; none where it does not exist."""
    return {row["name"] for row in store.query(
        "SELECT name FROM system.columns WHERE database = 'store' AND table = %(table)s",
        {"table": table})}


def _add_columns(store: Store, table: str, columns: dict[str, str]) -> bool:
    """Add the optional columns that a table does not have yet; tell whether there were any."""
    missing = [name for name in columns if name not in _known_columns(store, table)]
    for name in missing:
        log.info("table %s gains column %s", table, name)
        store.execute(f"ALTER TABLE store.{table} ADD COLUMN `{name}` {columns[name]}")
    return bool(missing)


def ensure_broker(admin: KafkaAdminClient, *, align: bool) -> None:
    """Create accounts, rights and topics that are missing; at start also align the settings."""
    ensure_platform_accounts(admin)
    ensure_topics(admin, declared_topics({}))
    register(*default_registrations(), keep=True)
    known = read_registrations("admin")
    topics = declared_topics({name: one.families for name, one in known.items()})
    made = ensure_topics(admin, topics)
    if made:
        log.info("made topics %s", ", ".join(made))
    if align:
        align_settings(admin, topics)


def ensure(*, align: bool = True) -> None:
    """Make everything that is declared exist, once; raise ComponentError where it cannot."""
    admin = open_admin()
    try:
        ensure_broker(admin, align=align)
    except KafkaError as error:
        raise ComponentError(f"Kafka refused: {error!r}") from error
    finally:
        admin.close()
    with closing(connect("migrator")) as store:
        ensure_tables(store)


def _refresh() -> bool:
    """Read the declarations again; a broken one is told and stops nothing."""
    try:
        return registry.refresh()
    except DeclarationError as error:
        ERRORS.labels("declarations").inc()
        log.error("%s", error)
        return True


def _keep_sizes(store: Store) -> None:
    """Keep the tables within their sizes; a store that is away is asked again next time."""
    try:
        enforce(store)
    except CityBrainError as error:
        ERRORS.labels("retention").inc()
        log.error("%s", error)


def _destroy_keys() -> None:
    """Destroy the keys of days of which no raw topic promises a record any more."""
    longest = max(one.lifetime.raw_hours for one in registry.families().values())
    today = Pseudonyms.day(time.time_ns() // 1_000_000)
    for day in destroy_day_keys(math.ceil(longest / 24) + 1, today):
        log.info("destroyed the pseudonym key of day %d", day)


def _end_rotations(known: dict[str, Registration]) -> None:
    """Delete the credentials whose grace is over; what fails is tried again next time."""
    try:
        for account in finish_due(known):
            log.info("ended account %s, its grace after a rotation being over", account)
    except CityBrainError as error:
        ERRORS.labels("rotation").inc()
        log.error("%s", error)


def _slow_down(throttle: Throttle, known: dict[str, Registration]) -> None:
    """Slow publishers down while the disk is too full; what fails is tried again next time."""
    try:
        throttle.follow(known)
    except (CityBrainError, KafkaError) as error:
        ERRORS.labels("throttle").inc()
        log.error("%s", error)


def main() -> None:
    """Follow the declarations and end rotations until told to stop."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("kafka").setLevel(logging.ERROR)
    ended = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    serve("registrar")
    ready = read_settings().home / "run" / "registrar.ready"
    ready.parent.mkdir(parents=True, exist_ok=True)
    ready.unlink(missing_ok=True)
    wanted, enforced_at = True, -math.inf
    registrations, throttle = Registrations("admin"), Throttle(Guard())
    # one connection for good: the buffers of one thrown away, 1 MiB, wait long to be collected
    store = connect("migrator")
    while not ended.is_set():
        wanted = _refresh() or wanted
        if wanted:
            try:
                ensure(align=not ready.exists())
                wanted = False
                ready.touch()
            except CityBrainError as error:
                ERRORS.labels("registrar").inc()
                log.error("%s", error)
        else:
            _end_rotations(registrations.known())
            _slow_down(throttle, registrations.known())
        if not wanted and time.monotonic() - enforced_at > RETENTION_SECONDS:
            enforced_at = time.monotonic()
            _keep_sizes(store)
            _destroy_keys()
        ended.wait(PERIOD_SECONDS)


if __name__ == "__main__":
    main()
