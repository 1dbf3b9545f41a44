"""Say who may do what, once, and try it: accounts of Kafka and the store, and doors over HTTP.

`python -m infra.access` prints the page `infra/access.md`. Kafka's rights are those of
`streams.accounts`; the broker is asked what it would let each account do. Accounts of the store
try each view and table. Doors over HTTP and pages of the console: `infra.doors`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from kafka.admin import ACLOperation, ResourceType

from dashboards.views.rights import ALL, GROUPS, WORKS
from infra.cells import Cell
from infra.doors import list_doors
from schemas import registry
from schemas.errors import ComponentError
from schemas.render.clickhouse import SYSTEM_TABLES
from schemas.render.kafka import SYSTEM_TOPICS
from streams.accounts import RIGHTS, Right
from streams.broker import client_config
from streams.publishers import read_registrations
from streams.settings import read_settings
from streams.staff import Role
from streams.store import connect

# r reads, w writes, d sees that it is there and how long it is, + anything, a dot is nothing
_ALL = {"READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "DESCRIBE_CONFIGS",
        "ALTER_CONFIGS"}
PATTERNS = ("raw-*", "event-*", "result-*", "agents-*")
ASK_SECONDS = 15.0
# account: what it may do with the views of `city`, and with the tables of `store`
STORE_RIGHTS: dict[str, tuple[str, str]] = {
    "migrator": ("r", "rw"), "sink": (".", "rw"), "reader": ("r", "."), "viewer": ("r", "."),
    "staff_CITY": ("r", "."), "viewer_CITY": ("r", ".")}


def letters(operations: set[str]) -> str:
    """Write a set of the broker's operations as letters."""
    if operations == _ALL:
        return "+"
    short = "".join(letter for name, letter in (("READ", "r"), ("WRITE", "w"))
                    if name in operations)
    if operations - {"READ", "WRITE", "DESCRIBE"}:
        return "?"
    return short or ("d" if operations else ".")


def declared(rights: Iterable[Right], topic: str) -> str:
    """Say what rights give on a topic, or on a pattern that ends in an asterisk."""
    found: set[str] = set()
    for operation, kind, name, prefix in rights:
        fits = topic.removesuffix("*").startswith(name) if prefix else topic == name
        if kind is ResourceType.TOPIC and fits:
            # to read and to write imply to see
            found |= _ALL if operation is ACLOperation.ALL else {operation.name, "DESCRIBE"}
    return letters(found)


def _topics(account: str, topics: list[str]) -> dict[str, str]:
    """Ask the broker what an account may do with topics."""
    admin = AdminClient({**client_config(account), "log_level": 0})
    found = {}
    asked = admin.describe_topics(TopicCollection(topics), include_authorized_operations=True,
                                  request_timeout=ASK_SECONDS)
    for topic, future in asked.items():
        try:
            told = {one.name for one in future.result().authorized_operations or ()}
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_AUTHORIZATION_FAILED:
                raise ComponentError(f"account {account}, topic {topic}: {error}") from error
            told = set()
        found[topic] = letters(told)
    return found


def kafka_cells() -> Iterator[Cell]:
    """Compare the rights of all accounts, publishers' included, on all topics that there are."""
    admin = AdminClient({**client_config("admin"), "log_level": 0})
    topics = sorted(name for name in admin.list_topics(timeout=ASK_SECONDS).topics
                    if not name.startswith("__"))
    accounts = dict(RIGHTS)
    for name, one in read_registrations("admin").items():
        own: Right = (ACLOperation.WRITE, ResourceType.TOPIC, f"raw-{name}--", True)
        accounts |= {login.name: [own] for login in one.logins}
    for account, rights in accounts.items():
        found = _topics(account, topics)
        for topic in topics:
            yield Cell("kafka", account, topic, declared(rights, topic), found[topic])


def _try(account: str, *statements: str) -> str:
    """Give the letters of the statements (one that reads, one that writes) that are not refused."""
    done = ""
    for letter, statement in zip("rw", statements, strict=False):
        with closing(connect(account)) as store:
            try:
                store.execute(statement)
                done += letter
            except ComponentError as error:
                if not any(word in str(error) for word in ("privileges", "readonly", "refuses")):
                    raise
    return done or "."


def store_cells() -> Iterator[Cell]:
    """Let accounts of the store try every view and table; nothing is written."""
    city = read_settings().city[:4]
    families = registry.families().values()
    tables = sorted([*(one.table for one in families), *SYSTEM_TABLES,
                     *(one.last_table for one in families if one.steps),
                     *(one.table for one in registry.results().values())])
    for name, (views, plain) in STORE_RIGHTS.items():
        account = name.replace("CITY", city)
        for table in tables:
            yield Cell("store", account, f"city.{table}", views,
                       _try(account, f"SELECT 1 FROM city.{table} LIMIT 0"))
            yield Cell("store", account, f"store.{table}", plain, _try(
                account, f"SELECT 1 FROM store.{table} LIMIT 0",
                f"INSERT INTO store.{table} SELECT * FROM store.{table} LIMIT 0"))


def document() -> str:
    """Write the declared rights as a page."""
    topics = [*PATTERNS, *(one.name for one in SYSTEM_TOPICS)]
    lines = ["# Who may do what", "",
             "Written by `python -m infra.access` from the declared rights; `citybrain verify"
             " access` tries them all.",
             "r reads, w writes, d sees that it is there, + anything, a dot is nothing.",
             "", "## Accounts of Kafka and topics", "",
             "Beside these, a publisher's account writes `raw-NAME--*` and nothing else, and"
             " `admin` administers.", "", "| account | " + " | ".join(topics) + " |",
             "|---|" + "---|" * len(topics)]
    lines += [f"| {account} | " + " | ".join(declared(rights, topic) for topic in topics) + " |"
              for account, rights in RIGHTS.items()]
    lines += ["", "## Accounts of the store", "",
              "Views show an account of an area its rows only, and viewers no single events.", "",
              "| account | views (`city`) | tables (`store`) |", "|---|---|---|"]
    lines += [f"| {name} | {views} | {plain} |" for name, (views, plain) in STORE_RIGHTS.items()]
    lines += ["", "## Pages of the console", "",
              "`EVENTS` are the pages of all families without one of their own, `RESULTS` those of"
              " all results.", "",
              "| page | " + " | ".join(role.value for role in Role) + " |",
              "|---|" + "---|" * len(Role)]
    lines += [f"| {name} | " + " | ".join("r" if role in roles else "." for role in Role) + " |"
              for name, roles in _pages().items()]
    lines += ["", "## Doors over HTTP", "",
              "A session, in whatever role, opens the console's doors and no other.", "",
              "| server | request | key | without | with |", "|---|---|---|---|---|"]
    lines += [f"| {one.server} | {one.method} {one.path} | {one.key or '–'} |"
              f" {'/'.join(map(str, one.without))} | {'/'.join(map(str, one.within)) or '–'} |"
              for one in list_doors()]
    return "\n".join(lines) + "\n"


def _pages() -> dict[str, frozenset[Role]]:
    """Give the roles of each page of the console, and of each kind of those that are derived."""
    return {name: roles for group in GROUPS.values() for name, roles in group.items()} | {
        "EVENTS": WORKS, "RESULTS": ALL}


if __name__ == "__main__":
    print(document(), end="")
