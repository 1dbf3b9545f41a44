"""Test `topics`, `tables` and `dead-letters` over a real broker and a real store."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from infra.commands import dead_letters, tables, topics
from schemas import registry
from schemas.render.clickhouse import SYSTEM_TABLES
from schemas.render.kafka import SYSTEM_TOPICS
from streams.broker import client_config, open_admin, open_consumer, open_producer
from streams.registrar import ensure_tables
from streams.store import Store, connect
from streams.tables import SYSTEM_ROWS
from streams.topics import ensure_topics

pytestmark = pytest.mark.live
TOPIC = "raw-test-listed--probe"
NOW = int(time.time() * 1000)


@pytest.fixture(scope="module")
def topic(kafka: str) -> str:
    """Give a topic of two partitions and five records, two of which the gate's group has read."""
    first = open_admin()
    ensure_topics(first, SYSTEM_TOPICS)
    first.close()
    admin = AdminClient({**client_config("admin"), "log_level": 0})
    for future in admin.create_topics([NewTopic(TOPIC, 2, 1)]).values():
        future.result(30)
    producer = open_producer("admin")
    for i in range(5):
        producer.produce(TOPIC, value=b"{}", partition=i % 2)
    assert producer.flush(30) == 0
    consumer = open_consumer("admin", "gate")
    consumer.commit(offsets=[TopicPartition(TOPIC, 0, 2)], asynchronous=False)
    consumer.close()
    return TOPIC


def test_topics_are_listed_with_size_and_lag(topic: str) -> None:
    told = CliRunner().invoke(topics.command, ["--json"])
    assert told.exit_code == 0, told.output
    rows = {row["topic"]: row for row in json.loads(told.output)}
    assert rows[TOPIC].items() >= {"topic": TOPIC, "partitions": 2, "records": 5, "lag": 3,
                                   "read_by": "gate"}.items()
    assert not any(name.startswith("_") for name in rows)
    text = CliRunner().invoke(topics.command, [])
    assert sum(line.split()[0] in rows for line in text.output.splitlines()) == len(rows)


@pytest.fixture(scope="module")
def store(clickhouse: tuple[str, int]) -> Iterator[Store]:
    """Give the account that writes, with every table made."""
    migrator, sink = connect("migrator"), connect("sink")
    ensure_tables(migrator)
    yield sink
    migrator.execute("TRUNCATE TABLE store.dead_letters")
    migrator.close()
    sink.close()


def letter(offset: int, **more: Any) -> dict[str, Any]:
    """Make one dead letter."""
    return {"source": "test-listed", "family": "probe", "reason": "not-json", "field": "$",
            "value": str(offset), "detail": "it's broken", "class": "refused", "raw_topic": TOPIC,
            "raw_partition": 1, "raw_offset": offset, "received_at": NOW - 60_000 + offset,
            "kept_until": NOW + 86_400_000, **more}


@pytest.fixture(scope="module")
def letters(store: Store) -> None:
    """Store dead letters of two reasons and of two ages."""
    rows = [letter(1), letter(2), letter(3, reason="too-late", field="observed_at"),
            letter(4, received_at=NOW - 7_200_000)]
    store.insert("dead_letters", SYSTEM_ROWS["dead-letters"].lay_out(rows))


def listed(*more: str) -> list[dict[str, Any]]:
    """List the dead letters of this test."""
    told = CliRunner().invoke(dead_letters.command, [
        "list", "--publisher", "test-listed", "--json", *more])
    assert told.exit_code == 0, told.output
    rows: list[dict[str, Any]] = json.loads(told.output)
    return rows


def test_tables_are_listed_with_their_meaning(letters: None) -> None:
    told = CliRunner().invoke(tables.command, ["--json"])
    assert told.exit_code == 0, told.output
    rows = {row["name"]: row for row in json.loads(told.output)}
    assert {one.table for one in registry.families().values()} <= set(rows)
    assert {one.table for one in registry.results().values()} <= set(rows)
    assert set(SYSTEM_TABLES) <= set(rows)
    assert rows["dead_letters"]["rows"] >= 4
    assert rows["dead_letters"]["bytes"] > 0
    empty = [row for row in rows.values() if not row["rows"]]
    assert all((row["bytes"], row["parts"]) == (0, 0) for row in empty)
    text = CliRunner().invoke(tables.command, [])
    assert sum(line.split()[0] in rows for line in text.output.splitlines()) == len(rows)


def test_dead_letters_are_counted_with_the_newest_example(letters: None) -> None:
    rows = {row["reason"]: row for row in listed()}
    assert {reason: row["letters"] for reason, row in rows.items()} == {
        "not-json": 3, "too-late": 1}
    assert rows["not-json"]["original"] == f"{TOPIC}/1/2"
    assert (rows["not-json"]["value"], rows["not-json"]["detail"]) == ("2", "it's broken")


def test_filters_narrow_the_count_and_are_values_only(letters: None) -> None:
    assert [row["letters"] for row in listed("--hours", "1", "--reason", "not-json")] == [2]
    assert listed("--family", "other") == []
    assert listed("--reason", "' OR 1 = 1 --") == []
    assert len(listed("--limit", "1")) == 1
    text = CliRunner().invoke(dead_letters.command, ["list", "--publisher", "test-listed"])
    assert text.output.splitlines()[-1] == "4 dead letters in 24 h"


def test_one_dead_letter_is_shown_by_its_original(letters: None) -> None:
    told = CliRunner().invoke(dead_letters.command, ["show", f"{TOPIC}/1/3"])
    assert told.exit_code == 0, told.output
    shown = json.loads(told.output)
    assert (shown["reason"], shown["field"], shown["raw_offset"]) == ("too-late", "observed_at", 3)


@pytest.mark.parametrize(("original", "code", "word"), [
    (f"{TOPIC}/1/99", 1, "no dead letter points to"), ("nothing", 2, "is not TOPIC/PARTITION"),
    (f"{TOPIC}/one/1", 2, "is not TOPIC/PARTITION"), (f"{TOPIC}/1/-1", 2, "is not TOPIC")])
def test_what_points_to_no_letter_is_told(
        letters: None, original: str, code: int, word: str) -> None:
    told = CliRunner().invoke(dead_letters.command, ["show", original])
    assert told.exit_code == code
    assert word in told.output
