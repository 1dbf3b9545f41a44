"""Test on a real broker and store: originals by coordinates, export, sending again, settling."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import TopicPartition
from kafka import KafkaAdminClient

from infra.commands import dead_letters
from infra.commands import verify as verifying
from schemas import registry
from schemas.errors import ComponentError
from streams.broker import open_admin, open_producer
from streams.kept import read_kept
from streams.letters import resend as resending
from streams.letters.judge import Judge
from streams.letters.letter import EXPIRED, NO_RAW_TOPIC, Letter, read_letters
from streams.letters.originals import FAR, Originals
from streams.letters.resend import ACCOUNT, ALREADY, LEDGER, STORED, note, send
from streams.letters.settle import Sent, settle
from streams.publisher import Publisher
from streams.publishers import Registration, register
from streams.settlement import read_offsets
from streams.store import Store
from streams.tables import SYSTEM_ROWS
from tests.streams.queries.rows import columns, event

pytestmark = pytest.mark.live
NAME = "test-mender"
FAMILY = registry.get_family("parking-occupancy")
TOPIC = f"raw-{NAME}--{FAMILY.name}"
NOW = int(time.time() * 1000)
RECORDS = 3 * FAR


@pytest.fixture(scope="module")
def ends(registered: str) -> dict[int, int]:
    """Publish records, some of them odd, and give the end of each partition."""
    register(Registration(NAME, families=[FAMILY.name]))
    read_offsets(NAME, TOPIC)
    with Publisher(NAME, verify=False) as publisher:
        for i in range(RECORDS):
            publisher.send_raw(FAMILY.name, b"\xff\x00" if i == 7 else b'{"n": %d}' % i,
                               key=f"k{i}", headers={"ce_id": b"id-%d" % i, "odd": b"\xfe"})
    return {part: high for part, (_, high) in read_offsets(NAME, TOPIC).items()}


def fill(*letters: Letter) -> list[Letter]:
    """Fetch the originals of letters."""
    originals = Originals()
    try:
        return list(originals.fill(letters))
    finally:
        originals.close()


def at(offset: int, topic: str = TOPIC) -> Letter:
    """Make a letter that points to an offset of the first partition."""
    return Letter(topic, 0, offset, NOW, source=NAME, family=FAMILY.name)


def test_originals_are_found_near_and_far_with_key_and_headers(ends: dict[int, int]) -> None:
    offsets = [0, 1, 2, 7, 500, FAR + 600, 3 * FAR - 1]
    found = fill(*(at(one) for one in offsets))
    assert [one.raw_offset for one in found] == offsets
    assert not any(one.gone for one in found)
    for one in found:
        number = one.raw_offset
        assert one.original == (b"\xff\x00" if number == 7 else b'{"n": %d}' % number)
        assert (one.key, one.headers["ce_id"]) == (f"k{number}", f"id-{number}")
        assert one.headers["odd"] != ""


def test_what_is_not_there_says_why(ends: dict[int, int]) -> None:
    found = fill(at(0, "event-parking-occupancy"), at(3), at(ends[0]), at(5, "raw-never--was"))
    assert [one.gone for one in found] == [NO_RAW_TOPIC, "", EXPIRED, EXPIRED]


def test_originals_that_retention_deleted_are_told(ends: dict[int, int]) -> None:
    topic = f"raw-{NAME}--hotline-call"
    register(Registration(NAME, families=["hotline-call"]))
    read_offsets(NAME, topic)
    with Publisher(NAME, verify=False) as publisher:
        for i in range(10):
            publisher.send_raw("hotline-call", b"{}", key=str(i))
    admin: KafkaAdminClient = open_admin()
    from kafka import TopicPartition as Place
    admin.delete_records({Place(topic, 0): 4})
    admin.close()
    found = fill(*(at(one, topic) for one in range(10)))
    assert [one.gone for one in found] == [EXPIRED] * 4 + [""] * 6


def test_only_the_vault_reads_originals(ends: dict[int, int], monkeypatch: pytest.MonkeyPatch
                                        ) -> None:
    monkeypatch.setattr("streams.letters.originals.ACCOUNT", "sink")
    with pytest.raises(ComponentError, match="cannot be read"):
        fill(at(0))


@pytest.fixture
def letters(ends: dict[int, int], sink: Store, emptied: None) -> None:
    """Store dead letters of the records 3, 7 and 9, of one that is gone, and of one of the sink."""
    rows = [{"source": NAME, "family": FAMILY.name, "reason": reason, "field": "$", "value": "v",
             "detail": "d", "class": "refused", "raw_topic": topic, "raw_partition": 0,
             "raw_offset": offset, "received_at": NOW - 60_000 * minutes, "observed_at": None,
             "kept_until": NOW + 86_400_000}
            for topic, offset, reason, minutes in (
                (TOPIC, 3, "not-json", 1), (TOPIC, 7, "not-json", 1), (TOPIC, 9, "too-late", 90),
                (TOPIC, 10_000_000, "not-json", 1), ("event-parking-occupancy", 1, "internal", 1))]
    sink.insert("dead_letters", SYSTEM_ROWS["dead-letters"].lay_out(rows))


def run(*arguments: object) -> Result:
    """Run `citybrain dead-letters`."""
    return CliRunner().invoke(dead_letters.command, [str(one) for one in arguments])


def moment(minutes_ago: int) -> str:
    """Write a moment as the options take it."""
    then = dt.datetime.fromtimestamp(NOW / 1000 - 60 * minutes_ago, dt.UTC)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_letters_are_exported_with_their_originals_and_what_is_gone_is_told(
        letters: None, tmp_path: Path) -> None:
    told = run("export", tmp_path / "all", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout) == {"letters": 5, "gone": {NO_RAW_TOPIC: 1, EXPIRED: 1}}
    found = {(one.raw_topic, one.raw_offset): one for one in read_letters(tmp_path / "all")}
    assert found[TOPIC, 7].original == b"\xff\x00"
    assert (found[TOPIC, 3].original, found[TOPIC, 3].reason) == (b'{"n": 3}', "not-json")
    assert found[TOPIC, 9].received_at == NOW - 90 * 60_000
    text = run("export", tmp_path / "all").stdout.splitlines()
    assert text[0].startswith("3 dead letters with their originals in ")
    assert f"  without its original 1: {EXPIRED}" in text


@pytest.mark.parametrize(("options", "offsets"), [
    (("--reason", "too-late"), [9]), (("--hours", 1, "--publisher", NAME), [1, 3, 7, 10_000_000]),
    (("--since", moment(100), "--until", moment(80)), [9]), (("--publisher", "other"), []),
    (("--family", FAMILY.name, "--reason", "internal"), [1])])
def test_filters_choose_what_is_exported(
        letters: None, tmp_path: Path, options: tuple[object, ...], offsets: list[int]) -> None:
    assert run("export", tmp_path / "some", *options).exit_code == 0
    assert [one.raw_offset for one in read_letters(tmp_path / "some")] == offsets
    listed = json.loads(run("list", "--json", *options).stdout)
    assert sum(row["letters"] for row in listed) == len(offsets)


def test_one_letter_is_shown_with_its_original(letters: None) -> None:
    told = run("show", f"{TOPIC}/0/3", "--original")
    assert told.exit_code == 0, told.output
    shown = json.loads(told.stdout)
    assert (shown["original"]["body"], shown["original"]["key"]) == ('{"n": 3}', "k3")
    assert "original" not in json.loads(run("show", f"{TOPIC}/0/3").stdout)
    gone = json.loads(run("show", f"{TOPIC}/0/10000000", "--original").stdout)
    assert gone["original"] == {"gone": EXPIRED}


def test_looking_at_originals_is_audited(letters: None, tmp_path: Path) -> None:
    def count() -> int:
        told = json.loads(CliRunner().invoke(verifying.command, ["audit", "--json"]).stdout)
        assert told["break"] is None
        number: int = told["records"].get("command-line", 0)
        return number

    before = count()
    run("export", tmp_path / "all")
    run("show", f"{TOPIC}/0/3", "--original")
    run("show", f"{TOPIC}/0/3")
    assert count() == before + 2


def good(offset: int, **changed: Any) -> Letter:
    """Make a letter whose original is good."""
    one = at(offset)
    one.key, one.body = f"k{offset}", json.dumps(
        {**FAMILY.example, "observed_at": int(time.time() * 1000), "n": offset, **changed})
    return one


def sendings(*letters: Letter) -> list[Any]:
    """Make the records that are sent of letters."""
    judge = Judge(lambda _: False, "r")
    return [judge.decide(one)[0] for one in letters]


def written(path: Path, *letters: Letter) -> Path:
    """Write a file of letters."""
    from streams.letters.letter import writing
    with writing(path) as write:
        for one in letters:
            write(one)
    return path


def test_a_copy_comes_to_lie_in_the_partition_of_its_original(ends: dict[int, int]) -> None:
    first, again = send(sendings(good(20))), send(sendings(good(20)))
    assert (first[0].partition, again[0].partition) == (0, 0)
    assert again[0].offset == first[0].offset + 1
    [found] = fill(at(first[0].offset))
    assert found.headers["ce_id"] == found.headers["repaired_from"] == f"{TOPIC}/0/20"
    assert (found.headers["ce_source"], found.key) == (NAME, "k20")


def test_what_is_noted_is_not_sent_again_and_told(
        ends: dict[int, int], reader: Store, emptied: None, tmp_path: Path,
        trail_of: Callable[[str], Any]) -> None:
    path = written(tmp_path / "some", good(30), good(31), good(31), good(32, occupied=-1))
    before = read_offsets(NAME, TOPIC)[0][1]
    told = run("replay", path, "--timeout", 1, "--json")
    assert told.exit_code == 1
    assert "2 events have left no trace yet" in told.stderr
    outcome = json.loads(told.stdout)
    assert (outcome["letters"], outcome["sent"], outcome["in_flight"]) == (4, 2, 2)
    assert outcome["unsent"] == {ALREADY: 1, "would be refused: below-minimum (occupied)": 1}
    assert {f"{TOPIC}/0/30", f"{TOPIC}/0/31"} <= set(read_kept(ACCOUNT, LEDGER))
    again = run("replay", path, "--timeout", 1, "--json")
    assert again.exit_code == 0, again.output
    outcome = json.loads(again.stdout)
    assert (outcome["sent"], outcome["unsent"][ALREADY]) == (0, 3)
    assert read_offsets(NAME, TOPIC)[0][1] == before + 2
    assert trail_of("dead-letters.replay") >= 2


@pytest.fixture
def trail_of() -> Callable[[str], int]:
    """Give what counts the audit records of an action."""
    from streams.audit import KEY, read_log
    from streams.chain import read_sealed
    from streams.secrets import get_key

    def count(action: str) -> int:
        found = (read_sealed(get_key(KEY), message.value() or b"") for message in read_log())
        return sum(1 for one in found if one is not None and one.action == action)
    return count


def test_what_the_store_has_already_is_not_sent(
        ends: dict[int, int], sink: Store, reader: Store, emptied: None, tmp_path: Path) -> None:
    stored = event(FAMILY.name, 1, dt.datetime.now(dt.UTC), id="mine", source=NAME)
    sink.insert(FAMILY.table, columns([stored]))
    path = written(tmp_path / "some", good(40, id="mine"))
    outcome = json.loads(run("replay", path, "--json").stdout)
    assert (outcome["sent"], outcome["unsent"]) == (0, {STORED: 1})


def test_each_record_is_settled_by_its_own_trace(sink: Store, reader: Store, emptied: None
                                                 ) -> None:
    sent = [Sent(TOPIC, 0, offset, NAME, f"e{offset}", f"{TOPIC}/0/{offset - 100}")
            for offset in range(100, 105)]
    now = dt.datetime.now(dt.UTC)
    others = [event(FAMILY.name, 1, now, id="e100", source=NAME, raw_topic=TOPIC, raw_offset=100),
              event(FAMILY.name, 1, now, id="e102", source=NAME, raw_topic=TOPIC, raw_offset=5),
              event(FAMILY.name, 1, now, id="e103", source=NAME, raw_topic=TOPIC, raw_offset=6)]
    sink.insert(FAMILY.table, columns(others))
    sink.insert("dead_letters", SYSTEM_ROWS["dead-letters"].lay_out([{
        "source": NAME, "reason": "too-late", "field": "observed_at", "raw_topic": TOPIC,
        "raw_partition": 0, "raw_offset": 101, "received_at": NOW, "kept_until": NOW + 10**8,
        "observed_at": NOW}]))
    minute = now.replace(second=0, microsecond=0)
    sink.insert("gate_ledger", {
        "raw_topic": [TOPIC], "raw_partition": [0], "minute": [minute], "records": [3],
        "accepted": [1], "refused": [0], "late": [1], "duplicates": [1], "next_offset": [103],
        "version": [3], "computed_at": [now]})
    waits: list[int] = []
    found = settle(sent, reader, waits.append, seconds=1.0)
    # the gate has not passed 103: what the store has of its id tells nothing yet
    assert (found.sent, found.accepted, found.refused, found.duplicates, found.in_flight) == (
        5, 1, 1, 1, 2)
    assert found.reasons == {("too-late", "observed_at"): 1}
    assert waits[0] == 5 and waits[-1] == 2


def test_what_the_broker_refuses_is_told_and_the_rest_noted(
        ends: dict[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resending, "open_producer",
                        lambda _: open_producer("audit", **{"enable.idempotence": False}))
    with pytest.raises(ComponentError, match=f"1 dead letters were not sent: {TOPIC}"):
        send(sendings(good(50)))
    assert f"{TOPIC}/0/50" not in read_kept(ACCOUNT, LEDGER)
    note([], "run")


def test_the_first_partition_holds_them_all(ends: dict[int, int]) -> None:
    """State what the tests above rest upon."""
    assert TopicPartition(TOPIC, 0).partition == 0 and list(ends) == [0]
