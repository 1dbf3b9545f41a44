"""Test that whatever is done to a chain is found, and that an untouched one raises no alarm."""

from __future__ import annotations

import random
from collections.abc import Callable

import msgspec
import pytest

from streams.chain import (
    Break,
    Entry,
    Head,
    Sealed,
    canonical,
    count_chain,
    read_sealed,
    seal,
    verify_chain,
)

KEY, AT = b"k" * 32, 1_764_000_000_000
DAY_MS = 86_400_000
Chain = list[bytes]


def make_chain(*writers: str, key: bytes = KEY) -> tuple[Chain, list[Head]]:
    """Make a chain of these writers in turn, a day between records, and the head of each."""
    heads: dict[str, Head] = {}
    log = []
    for number, writer in enumerate(writers):
        record = seal(key, heads.get(writer, Head(writer)), Entry(
            AT + number * DAY_MS, "rules.put", f"规则-{number}", "staff",
            {"b": number, "a": [1, None]}, number % 3 > 0))
        heads[writer] = record.head
        log.append(canonical(record))
    return log, list(heads.values())


def numbers(log: Chain) -> list[tuple[str, int]]:
    """List writer and number of each record."""
    read = (msgspec.json.decode(one, type=Sealed) for one in log)
    return [(one.writer, one.seq) for one in read]


def test_an_untouched_chain_raises_no_alarm() -> None:
    log, heads = make_chain(*"aabab")
    assert verify_chain(log, heads, KEY) is None
    assert verify_chain([], [], KEY) is None
    assert count_chain(log, heads, KEY) == (None, {"a": 3, "b": 2})


def test_what_was_appended_after_the_heads_were_read_is_no_break() -> None:
    log, _ = make_chain(*"aaaa")
    _, earlier = make_chain(*"aa")
    assert verify_chain(log, earlier, KEY) is None


def change(text: str, old: str, new: str) -> bytes:
    """Change a record's text once."""
    assert old in text
    return text.replace(old, new, 1).encode()


EDITS: dict[str, Callable[[str], bytes]] = {
    "subject": lambda text: change(text, "规则-2", "规则-3"),
    "success": lambda text: change(text, '"success":true', '"success":false'),
    "writer": lambda text: change(text, '"writer":"a"', '"writer":"b"'),
    "number": lambda text: change(text, '"seq":3', '"seq":4'),
    "space": lambda text: change(text, ",", ", "),
    "field": lambda text: change(text, "{", '{"more":1,'),
    "cut": lambda text: text[:-1].encode(), "empty": lambda _: b"", "no text": lambda _: b"\xff",
    "list": lambda _: b"[]",
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_record_is_named(name: str) -> None:
    log, heads = make_chain(*"aaaaa")
    log[2] = EDITS[name](log[2].decode())
    assert verify_chain(log, heads, KEY) == Break(
        "edited", 2, "a", 3, "is not as it was sealed")


@pytest.mark.parametrize("at", [0, 4])
def test_the_first_and_the_last_record_are_no_exception(at: int) -> None:
    log, heads = make_chain(*"aaaaa")
    log[at] = change(log[at].decode(), "staff", "other")
    found = verify_chain(log, heads, KEY)
    assert found is not None and (found.kind, found.seq) == ("edited", at + 1)


def test_a_missing_record_is_named() -> None:
    for gone in range(4):
        log, heads = make_chain(*"aaaaa")
        del log[gone]
        found = verify_chain(log, heads, KEY)
        assert found is not None
        assert (found.kind, found.seq, found.position) == ("missing", gone + 1, gone)


def test_what_retention_took_from_the_front_is_not_missing_and_what_somebody_took_is() -> None:
    log, heads = make_chain(*"aaaaa")
    assert verify_chain(log[2:], heads, KEY, oldest=AT + DAY_MS + 1) is None
    found = verify_chain(log[2:], heads, KEY, oldest=AT + DAY_MS)
    assert found is not None and (found.kind, found.seq) == ("missing", 2)


def test_a_whole_chain_may_age_away_and_not_be_taken() -> None:
    _, heads = make_chain(*"aaaaa")
    assert verify_chain([], heads, KEY, oldest=heads[0].at + 1) is None
    found = verify_chain([], heads, KEY, oldest=heads[0].at)
    assert found is not None and found.kind == "truncated"


def test_records_that_changed_places_are_named() -> None:
    log, heads = make_chain(*"aaaaa")
    log[1], log[3] = log[3], log[1]
    found = verify_chain(log, heads, KEY)
    assert found is not None and (found.kind, found.position, found.seq) == ("reordered", 1, 4)


def test_what_was_put_in_is_named() -> None:
    log, heads = make_chain(*"aaaaa")
    forged, _ = make_chain(*"aaaaa", key=b"guess")
    for extra, at in ((log[1], 3), (log[1], 2), (log[4], 5), (forged[2], 2), (forged[0], 5)):
        found = verify_chain([*log[:at], extra, *log[at:]], heads, KEY)
        assert found is not None and (found.kind, found.position) == ("inserted", at)


def test_a_cut_tail_is_found_by_the_heads_alone() -> None:
    log, heads = make_chain(*"abab")
    assert verify_chain(log[:3], [], KEY) is None
    found = verify_chain(log[:3], heads, KEY)
    assert found is not None and (found.kind, found.writer, found.seq) == ("truncated", "b", 2)


def test_a_chain_written_anew_by_who_has_the_key_differs_from_its_anchor() -> None:
    log, heads = make_chain(*"aaa")
    other, record = [], Head("a")
    for number in range(3):
        sealed = seal(KEY, record, Entry(AT, "x", str(number), "y", {}, True))
        record = sealed.head
        other.append(canonical(sealed))
    found = verify_chain(other, heads, KEY)
    assert found is not None and (found.kind, found.seq) == ("edited", 3)
    forged = [*heads, Head("a", 3, "f" * 64, AT)]
    assert verify_chain(log, forged, KEY) is not None


def test_another_key_reads_nothing() -> None:
    log, heads = make_chain(*"aa")
    assert read_sealed(b"other", log[0]) is None
    assert verify_chain(log, heads, b"other") is not None


def tamper(log: Chain, rng: random.Random, forged: Chain) -> Chain:
    """Edit, delete, move, insert or cut, at random; the outcome always differs from the log."""
    touched, kind = list(log), rng.randrange(5)
    at = rng.randrange(len(log))
    if kind == 0:
        value = bytearray(touched[at])
        value[rng.randrange(len(value))] ^= 1 << rng.randrange(8)
        touched[at] = bytes(value)
    elif kind == 1:
        del touched[at]
    elif kind == 2:
        # the order of two writers among each other is not promised: move within one chain
        writer = numbers(log)[at][0]
        places = [i for i, (name, _) in enumerate(numbers(log)) if name == writer]
        one, other = rng.sample(places, 2)
        touched[one], touched[other] = touched[other], touched[one]
    elif kind == 3:
        touched.insert(rng.randrange(len(log) + 1), rng.choice([*log, *forged]))
    else:
        del touched[rng.randrange(len(log)):]
    assert touched != log
    return touched


def detect_all(log: Chain, heads: list[Head], key: bytes, times: int, seed: int = 2019) -> None:
    """Tamper so many times and assert that each is found, and that nothing else is."""
    rng = random.Random(seed)
    forged, _ = make_chain(*(name for name, _ in numbers(log)), key=b"guess")
    assert verify_chain(log, heads, key) is None
    missed = [seed for _ in range(times)
              if verify_chain(tamper(log, rng, forged), heads, key) is None]
    assert missed == []
    assert verify_chain(log, heads, key) is None


def test_ten_thousand_tamperings_are_all_found() -> None:
    detect_all(*make_chain(*"aababbaacaabbcbaacba"), KEY, 10_000)
