"""Test the audit trail on a real broker: appending, anchors, crashes between, and tampering."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from confluent_kafka import KafkaError, KafkaException, Message, TopicPartition

from infra import audit as commands
from infra.commands import verify
from schemas.errors import ComponentError
from schemas.render.kafka import SYSTEM_TOPICS
from streams import audit
from streams.audit import State, append, head_file, read_heads, read_log
from streams.broker import open_admin, open_consumer, open_producer
from streams.chain import Entry, Head, canonical, count_chain, read_sealed, seal
from streams.secrets import get_key
from streams.topics import ensure_topics
from tests.streams.test_chain import detect_all

pytestmark = pytest.mark.live


def add(writer: str, subject: str = "s", **detail: Any) -> int:
    """Append one record; give its number."""
    append(writer, "rules.put", subject, "tester", detail, True)
    return load(writer)[0].seq


def load(writer: str) -> tuple[Head, State]:
    """Read a writer's file: its head and all of it."""
    state: State = msgspec.json.decode(head_file(writer).read_bytes(), type=State)
    assert state.head is not None
    return state.head, state


ENTRY = Entry(1, "x", "y", "z", {}, True)


def values() -> list[bytes]:
    """Read the topic."""
    return [message.value() or b"" for message in read_log()]


def now() -> int:
    """Give the time, epoch ms."""
    return time.time_ns() // 1_000_000


@pytest.fixture(autouse=True)
def only_here(registered: str) -> Iterator[None]:
    """Run over a broker with the platform's topics and accounts."""
    yield


def test_records_are_chained_and_verified() -> None:
    first = add("chained", a=1, text="规则")
    assert [add("chained"), add("chained")] == [first + 1, first + 2]
    broken, records = audit.verify(now())
    assert broken is None
    assert records["chained"] == first + 2
    told = CliRunner().invoke(verify.command, ["audit", "--json"])
    assert told.exit_code == 0, told.output
    assert json.loads(told.output)["break"] is None


def test_the_head_stands_in_a_file_for_its_owner_only_and_in_a_topic() -> None:
    number = add("anchored")
    path = head_file("anchored")
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    heads = [one for one in read_heads() if one.writer == "anchored"]
    assert {(one.seq, one.mac) for one in heads} == {(number, heads[0].mac)}
    assert len(heads) == 2


def test_a_real_chain_withstands_ten_thousand_tamperings() -> None:
    for i in range(12):
        add("mayor" if i % 3 else "clerk", f"subject-{i}", number=i)
    key = get_key(audit.KEY)
    log = [one for one in values()
           if (found := read_sealed(key, one)) and found.writer in ("mayor", "clerk")]
    heads = [one for one in read_heads() if one.writer in ("mayor", "clerk")]
    assert len(log) == 12
    detect_all(log, heads, key, 10_000)


def test_a_chain_goes_on_where_the_topic_says_when_its_file_is_lost() -> None:
    number = add("lost-file")
    head_file("lost-file").unlink()
    assert add("lost-file") == number + 1
    assert audit.verify(now())[0] is None


def test_what_was_sent_and_not_noted_is_not_sent_again() -> None:
    add("crashed")
    head, before = load("crashed")
    record = seal(get_key(audit.KEY), head, ENTRY)
    producer = open_producer(audit.WRITER)
    producer.produce(audit.TOPIC, value=canonical(record))
    assert producer.flush(20) == 0
    # as after a kill between the broker's confirmation and the note of it
    audit._save(msgspec.structs.replace(before, pending=[ENTRY]))
    assert add("crashed") == record.seq + 1
    assert values().count(canonical(record)) == 1
    assert audit.verify(now())[0] is None


@pytest.mark.parametrize("known", [True, False])
def test_what_was_noted_and_not_sent_is_sent_with_the_next(known: bool) -> None:
    writer = f"waiting-{known}"
    add(writer)
    head, state = load(writer)
    record = seal(get_key(audit.KEY), head, ENTRY)
    audit._save(msgspec.structs.replace(state, head=head if known else None, pending=[ENTRY]))
    assert add(writer) == record.seq + 1
    assert values().count(canonical(record)) == 1
    assert audit.verify(now())[0] is None


def test_a_record_waits_while_the_broker_is_away_and_the_command_says_so(
        monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    number = add(commands.WRITER)
    with monkeypatch.context() as away:
        away.setattr(audit, "CONFIRM_SECONDS", 0.5)
        away.setattr(audit, "open_producer", lambda account: open_producer(
            account, **{"bootstrap.servers": "127.0.0.1:1", "log_level": 0}))
        with commands.audited("rules.put", "speed", rules=1) as detail:
            detail["more"] = 2
    said = capsys.readouterr().err
    assert said.startswith("Warning: the audit trail is not complete: not confirmed after 0.5 s;")
    assert str(head_file(commands.WRITER)) in said
    with pytest.raises(ComponentError, match="no such thing"), commands.audited("rules.put", "x"):
        raise ComponentError("no such thing")
    assert capsys.readouterr().err == ""
    key = get_key(audit.KEY)
    records = [one for one in (read_sealed(key, v) for v in values())
               if one and one.writer == commands.WRITER and one.seq > number]
    assert [(one.seq, one.success, one.detail) for one in records] == [
        (number + 1, True, {"rules": 1, "more": 2}),
        (number + 2, False, {"error": "no such thing"})]
    assert all(one.user for one in records)
    assert audit.verify(now())[0] is None


def test_details_that_are_no_unicode_are_kept_and_verified() -> None:
    append("odd", "a", "b", "c", {"path": "\udcff", "n": 1.5, "where": Path("/x")}, True)
    assert audit.verify(now())[0] is None


def test_the_writer_reads_nothing_and_the_auditor_writes_nothing() -> None:
    add("rights")
    consumer = open_consumer(audit.WRITER, "audit-spy", log_level=0)
    consumer.assign([TopicPartition(audit.TOPIC, 0, 0)])
    codes: set[int] = set()
    until = time.monotonic() + 20
    while (KafkaError.TOPIC_AUTHORIZATION_FAILED not in codes
           and time.monotonic() < until):
        for told in consumer.consume(10, 0.2):
            error = told.error()
            assert error is not None, "the writer read a record"
            codes.add(error.code())
    consumer.close()
    assert KafkaError.TOPIC_AUTHORIZATION_FAILED in codes
    for account, topic in ((audit.AUDITOR, audit.TOPIC), (audit.AUDITOR, audit.HEADS),
                           (audit.WRITER, audit.HEADS), (audit.ANCHOR, audit.TOPIC)):
        assert refused(account, topic), (account, topic)


def refused(account: str, topic: str) -> bool:
    """Tell whether an account is refused to write a topic."""
    told: list[KafkaError | None] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        told.append(error)

    # an account that may write nothing cannot open a producer that numbers its records
    producer = open_producer(account, **{"enable.idempotence": False, "log_level": 0})
    try:
        producer.produce(topic, value=b"x", on_delivery=delivered)
        producer.flush(20)
    except KafkaException:
        return True
    return [error and error.code() for error in told] == [KafkaError.TOPIC_AUTHORIZATION_FAILED]


@pytest.fixture
def begun_anew() -> Iterator[None]:
    """Leave an audit trail that nobody touched to the tests that follow."""
    yield
    admin = open_admin()
    admin.delete_topics([audit.TOPIC, audit.HEADS])
    for path in audit.directory().glob("head-*.json"):
        path.unlink()
    until = time.monotonic() + 30
    while set(admin.list_topics()) & {audit.TOPIC, audit.HEADS} and time.monotonic() < until:
        time.sleep(0.2)
    ensure_topics(admin, SYSTEM_TOPICS)
    admin.close()
    add("begun-anew")
    assert audit.verify(now()) == (None, {"begun-anew": 1})


def test_a_touched_topic_ends_the_command_in_code_1(begun_anew: None) -> None:
    number = add("touched")
    producer = open_producer("admin")
    forged = seal(b"guess", Head("touched", number), ENTRY)
    producer.produce(audit.TOPIC, value=canonical(forged))
    assert producer.flush(20) == 0
    broken, _ = count_chain(values(), read_heads(), get_key(audit.KEY))
    assert broken is not None and broken.kind == "inserted"
    told = CliRunner().invoke(verify.command, ["audit"])
    assert told.exit_code == 1
    assert told.output.splitlines()[-1].startswith("inserted: record 0 of no writer, at position")
