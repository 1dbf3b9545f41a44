"""Say who may do what, once, and try it: accounts of Kafka and the store, and doors over HTTP.

`python -m infra.access` prints the page `infra/access.md`. Kafka's rights are those of
`streams.accounts`; the broker is asked what it would let each account do. Accounts of the store
try each view and table. Each door is knocked at with and without what opens it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass

import httpx
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AdminClient
from kafka.admin import ACLOperation, ResourceType

from schemas import registry
from schemas.errors import ComponentError
from schemas.render.kafka import SYSTEM_TOPICS
from streams.accounts import RIGHTS, Right
from streams.broker import client_config
from streams.publishers import read_registrations
from streams.settings import read_settings
from streams.staff import COOKIE, list_staff, start_session
from streams.store import connect
from streams.tls import address, trust
from streams.tokens import issue, list_tokens, revoke

# r reads, w writes, d sees that it is there and how long it is, + anything, a dot is nothing
_ALL = {"READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "DESCRIBE_CONFIGS",
        "ALTER_CONFIGS"}
PATTERNS = ("raw-*", "event-*", "result-*", "agents-*")
ASK_SECONDS = 15.0
LEARN_SECONDS = 30.0
# account: what it may do with the views of `city`, and with the tables of `store`
STORE_RIGHTS: dict[str, tuple[str, str]] = {
    "migrator": ("r", "rw"), "sink": (".", "rw"), "reader": ("r", "."), "viewer": ("r", "."),
    "staff_CITY": ("r", "."), "viewer_CITY": ("r", ".")}


@dataclass(frozen=True, slots=True)
class Door:
    """Describe one request: what it is answered without a key and with the right one."""

    server: str
    method: str
    path: str
    key: str
    without: tuple[int, ...]
    within: tuple[int, ...] = ()


DOORS: tuple[Door, ...] = (
    Door("feed", "GET", "/", "", (200,)), Door("feed", "GET", "/v1/openapi.json", "", (200,)),
    Door("feed", "POST", "/v1/openapi.json", "", (405,)),
    Door("intake", "GET", "/", "", (200,)), Door("intake", "GET", "/openapi.json", "", (200,)),
    Door("intake", "POST", "/v1/events/parking-occupancy", "token", (401,), (200,)),
    Door("intake", "POST", "/v1/events/hotline-call", "token of another family", (401,), (403,)),
    Door("console", "GET", "/", "session", (303, 401), (200,)),
    Door("console", "GET", "/login", "", (200,)), Door("wall", "GET", "/", "", (200,)),
    Door("flink_rest", "GET", "/overview", "loopback only", (200,)),
    Door("flink_rest", "GET", "/jars", "", (404,)))


@dataclass(frozen=True, slots=True)
class Cell:
    """Hold one right as declared and as found; `found` is "" where nobody could be asked."""

    kind: str
    who: str
    what: str
    declared: str
    found: str

    @property
    def differs(self) -> bool:
        """Tell whether what was found is not what is declared."""
        return self.found not in ("", self.declared)


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
    tables = sorted([*(one.table for one in registry.families().values()),
                     *(one.table for one in registry.results().values())])
    for name, (views, plain) in STORE_RIGHTS.items():
        account = name.replace("CITY", city)
        for table in tables:
            yield Cell("store", account, f"city.{table}", views,
                       _try(account, f"SELECT 1 FROM city.{table} LIMIT 0"))
            yield Cell("store", account, f"store.{table}", plain, _try(
                account, f"SELECT 1 FROM store.{table} LIMIT 0",
                f"INSERT INTO store.{table} SELECT * FROM store.{table} LIMIT 0"))


def door_cells() -> Iterator[Cell]:
    """Knock at each door without and with its key; a server that does not run is not asked."""
    before = {one.id for one in list_tokens()}
    token = issue(registry.get_family("parking-occupancy").owner)
    keys = {"token": {"Authorization": f"Bearer {token}"}}
    keys["token of another family"] = keys["token"]
    if "admin" in list_staff():
        keys["session"] = {"Cookie": f"{COOKIE}={start_session(list_staff()['admin'])}"}
    try:
        for door in DOORS:
            yield _knock(door, "without", door.without, {})
            if door.within and door.key in keys:
                yield _knock(door, f"with {door.key}", door.within, keys[door.key])
    finally:
        for one in list_tokens():
            if one.id not in before and one.publisher == (
                    registry.get_family("parking-occupancy").owner):
                revoke(one.id)


def _knock(door: Door, how: str, wanted: tuple[int, ...], headers: dict[str, str]) -> Cell:
    """Send one request."""
    where = f"{address(door.server)}{door.path}"
    body = b"[]" if door.method == "POST" else None
    until = time.monotonic() + (LEARN_SECONDS if headers else 0)
    try:
        with httpx.Client(trust_env=False, timeout=ASK_SECONDS, verify=trust()) as client:
            # a server may learn of a new key some seconds after it was made
            while (status := client.request(door.method, where, content=body, headers={
                    "Content-Type": "application/json", **headers}).status_code) not in wanted:
                if time.monotonic() > until:
                    break
                time.sleep(0.5)
        found = "/".join(map(str, wanted)) if status in wanted else str(status)
    except httpx.HTTPError:
        found = ""
    return Cell("door", f"{door.server} {how}", f"{door.method} {door.path}",
                "/".join(map(str, wanted)), found)


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
    lines += ["", "## Doors over HTTP", "", "| server | request | key | without | with |",
              "|---|---|---|---|---|"]
    lines += [f"| {one.server} | {one.method} {one.path} | {one.key or '–'} |"
              f" {'/'.join(map(str, one.without))} | {'/'.join(map(str, one.within)) or '–'} |"
              for one in DOORS]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(document(), end="")
