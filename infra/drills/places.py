"""List the places where personal data must not be, each with how it is searched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import httpx
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from infra.drills.hunt import Found, Hunt
from schemas import registry
from schemas.declare import Family, ResultTable
from schemas.errors import ComponentError
from streams.broker import open_consumer
from streams.feeds.inventory import list_feeds
from streams.queries.console import Filter, list_rows
from streams.queries.listings import case_listing, to_listing
from streams.queries.reader import open_store
from streams.settings import read_settings
from streams.store import connect
from streams.tls import address, trust

# of a place: its name, what was found there, how many texts were searched
Result = tuple[str, set[Found], int]
Search = Callable[[Hunt, int], Iterator[Result]]
ORIGINALS = ("raw-", "vault")
_QUIET_SECONDS = 20.0
# when a row came into being, the first of these that a table has
_TIMES = ("received_at", "computed_at", "published_at")
_TABLE_ROWS = 100_000


def read_topic(consumer: Consumer, topic: str, since_ms: int) -> Iterator[Message]:
    """Read a topic from a moment (epoch ms) to its present end."""
    parts = consumer.list_topics(topic, timeout=10.0).topics[topic].partitions
    ends = {part: consumer.get_watermark_offsets(TopicPartition(topic, part), timeout=10.0)[1]
            for part in parts}
    starts = consumer.offsets_for_times(
        [TopicPartition(topic, part, since_ms) for part in parts], timeout=10.0)
    left = {one.partition for one in starts if 0 <= one.offset < ends[one.partition]}
    consumer.assign([one for one in starts if one.partition in left])
    while left:
        message = consumer.poll(_QUIET_SECONDS)
        if message is None:
            return  # what a compacted or deleted end leaves out never comes
        error = message.error()
        if error is not None:
            raise ComponentError(f"{topic} cannot be read: {error.str()}")
        part = message.partition() or 0
        if part in left:
            yield message
            if (message.offset() or 0) + 1 >= ends[part]:
                left.discard(part)


def _message_text(message: Message) -> str:
    """Write key, payload and headers of a record as one text."""
    headers = cast("dict[str, bytes | None]", dict(message.headers() or []))
    return "\n".join((one or b"").decode(errors="ignore")
                     for one in (message.key(), message.value(), *headers.values()))


def search_topics(hunt: Hunt, since_ms: int) -> Iterator[Result]:
    """Search every topic but raw ones, the vault and the broker's own."""
    with closing(open_consumer("admin", "admin-privacy")) as consumer:
        try:
            names = sorted(consumer.list_topics(timeout=10.0).topics)
            for name in names:
                if name.startswith((*ORIGINALS, "__")):
                    continue
                found: set[Found] = set()
                count = 0
                for message in read_topic(consumer, name, since_ms):
                    found |= hunt.find(_message_text(message))
                    count += 1
                yield name, found, count
        except KafkaException as error:
            raise ComponentError(f"the topics cannot be read: {error}") from error


def count_vault(run: str, since_ms: int) -> int:
    """Count the events of a run of which the vault holds the originals, read as its account."""
    with closing(open_consumer("vault", "vault-privacy")) as consumer:
        return sum((message.key() or b"").startswith(run.encode())
                   for message in read_topic(consumer, "vault", since_ms))


def search_tables(hunt: Hunt, since_ms: int) -> Iterator[Result]:
    """Search every table of the store: what came since a moment, the first of very many rows."""
    with closing(connect("migrator")) as store:
        columns: dict[str, list[str]] = {}
        for row in store.query("SELECT table, name, type LIKE '%%DateTime64%%' AS moment"
                               " FROM system.columns WHERE database = 'store'"):
            columns.setdefault(row["table"], []).append(row["name"] if row["moment"] else "")
        for table, names in sorted(columns.items()):
            time = next((one for one in _TIMES if one in names), "")
            where = (f" WHERE toUnixTimestamp64Milli(`{time}`) >= %(since)s ORDER BY `{time}`"
                     if time else "")
            rows = store.query(f"SELECT * FROM store.`{table}`{where} LIMIT {_TABLE_ROWS}",
                               {"since": since_ms})
            text = "\n".join(json.dumps(row, ensure_ascii=False, default=str) for row in rows)
            yield table, hunt.find(text), len(rows)


def search_feeds(hunt: Hunt, _: int) -> Iterator[Result]:
    """Search the open feeds, as anybody gets them."""
    paths = ["/", "/v1/openapi.json", "/v1/catalogue", "/v1/catalogue.json", *list_feeds()]
    with httpx.Client(base_url=address("feed"), timeout=30.0, trust_env=False,
                      verify=trust()) as client:
        for path in paths:
            try:
                text = client.get(path).text
            except httpx.HTTPError as error:
                raise ComponentError(f"the feeds do not answer: {error}") from error
            yield path, hunt.find(text), 1


def search_pages(hunt: Hunt, _: int) -> Iterator[Result]:
    """Search what wall and console show, by the queries from which they draw it."""
    # loaded here: Streamlit, which comes along, is slow and warns where it serves no page
    from dashboards.map.frame import compose_frame, read_parts
    for language in ("zh", "en"):
        frame = json.dumps(compose_frame(read_parts(), language), ensure_ascii=False, default=str)
        yield f"wall {language}", hunt.find(frame), 1
    declared: list[Family | ResultTable] = [
        *registry.families().values(), *registry.results().values()]
    listings = [to_listing(one) for one in declared]
    store = open_store()
    for listing in (*listings, case_listing()):
        rows = list_rows(store, listing, Filter())
        text = json.dumps(rows, ensure_ascii=False, default=str)
        yield f"console {listing.table}", hunt.find(text), len(rows)


def _files(*folders: Path) -> list[Path]:
    """List the files below folders."""
    return [path for folder in folders if folder.is_dir()
            for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]


def search_logs(hunt: Hunt, _: int) -> Iterator[Result]:
    """Search the logs and the files of the audit trail."""
    home = read_settings().home
    for path in _files(home / "logs", home / "audit", home / "run"):
        yield str(path.relative_to(home)), hunt.find_in_file(path), 1


def search_states(hunt: Hunt, _: int) -> Iterator[Result]:
    """Search Flink's checkpoints, savepoints and temporary files."""
    settings = read_settings()
    for folder in (settings.flink_folder / "checkpoints", settings.flink_folder / "savepoints",
                   settings.home / "flink" / "tmp"):
        found: set[Found] = set()
        files = _files(folder)
        for path in files:
            found |= hunt.find_in_file(path)
        yield folder.name, found, len(files)


PLACES: dict[str, Search] = {
    "topic": search_topics, "table": search_tables, "feed": search_feeds, "page": search_pages,
    "file": search_logs, "state": search_states}
