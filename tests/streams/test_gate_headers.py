"""Test how the gate judges headers and sources that cannot be read."""

from __future__ import annotations

import json

import pytest

from schemas import registry
from streams.gate import Gate, Judged, Verdict
from streams.origin import refuse_payload
from streams.privacy import Pseudonyms
from streams.record import Record

NOW = 1_764_000_000_000
TOPIC = "raw-city-traffic--vehicle-position"


@pytest.fixture
def gate() -> Gate:
    """Give a gate without areas."""
    return Gate(locate=lambda lon, _: [""] * len(lon), to_wgs84=lambda _, lon, lat: (lon, lat),
                datum_of=lambda _: "wgs84", may_replay=lambda _: False,
                pseudonyms=Pseudonyms(b"key"), clock=lambda: NOW)


def record(offset: int, more: bytes = b"", **headers: bytes) -> Record:
    """Make a record of a good event, with more JSON in its payload."""
    event = registry.get_family("vehicle-position").example | {"observed_at": NOW, "speed": offset}
    return Record(TOPIC, 0, offset, NOW, json.dumps(event).encode()[:-1] + more + b"}", **headers)


def fate(judged: Judged) -> tuple[str, str]:
    """Read reason and field off a dead letter."""
    letter = json.loads(judged.body)
    return letter["reason"], letter["field"]


@pytest.mark.parametrize(("header", "reason"), [
    (b"", "empty"), (b"\xff\xfe", "bad-header"), (b"x" * 257, "too-long"),
    (b"a\0b", "control-character")])
def test_an_id_in_the_header_must_be_an_id(gate: Gate, header: bytes, reason: str) -> None:
    first, second = gate.judge([record(0, ce_id=header), record(1, ce_id=header)])
    # two events whose ids both come to nothing are no copies of each other
    assert (first.verdict, second.verdict) == (Verdict.REFUSED, Verdict.REFUSED)
    assert fate(first) == (reason, "ce_id")


@pytest.mark.parametrize("header", [b"x" * 256, "鲁".encode(), b" "])
def test_an_odd_id_is_an_id(gate: Gate, header: bytes) -> None:
    (judged,) = gate.judge([record(0, ce_id=header)])
    assert (judged.verdict, judged.event_id) == (Verdict.ACCEPTED, header.decode())


@pytest.mark.parametrize("source", [b"1e400", b'"\xff\xfe"', b'"\\ud800"'])
def test_a_source_that_cannot_be_read_is_refused_as_such(gate: Gate, source: bytes) -> None:
    one = record(0, b',"source":' + source)
    assert fate(gate.judge([one])[0])[0] == "not-json"
    if source != b'"\\ud800"':  # which the decoder of the family sees already
        refusal = refuse_payload(one.body or b"", "city-traffic")
        assert refusal is not None and refusal.field == "source"


@pytest.mark.parametrize("header", [b"\xff{", b"[" * 100_000, b'{"field":' * 100_000, b"5"])
def test_a_map_error_that_cannot_be_read_is_a_map_error(gate: Gate, header: bytes) -> None:
    assert fate(gate.judge([record(0, map_error=header)])[0]) == ("not-mapped", "$")


@pytest.mark.parametrize("header", [b"\xff\xfe", b'"' + b"[" * 100_000, b"yesterday", b""])
def test_a_time_that_cannot_be_read_is_a_bad_time(gate: Gate, header: bytes) -> None:
    assert fate(gate.judge([record(0, ce_time=header)])[0]) == ("bad-time", "ce_time")
