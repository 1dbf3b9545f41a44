"""Test that the stream is the same for the same seed, and holds what it promises."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from infra.bench.stream import LATE_MS, Chunk, Fate, Stream

SHARES = {Fate.MALFORMED: 0.002, Fate.LATE: 0.001, Fate.DUPLICATE: 0.01}


def bodies(stream: Stream) -> list[bytes]:
    """Write the whole stream."""
    return [body for chunk in stream.chunks() for body in chunk.bodies()]


def whole(stream: Stream) -> dict[str, list[int]]:
    """Join the stream's columns."""
    chunks = list(stream.chunks())
    return {name: np.concatenate([getattr(one, name) for one in chunks]).tolist()
            for name in Chunk.__slots__}


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(stream: Stream) -> None:
    first = bodies(stream)
    assert first == bodies(stream) and len(first) == stream.events
    assert first != bodies(replace(stream, seed=8))


def test_the_shares_are_those_declared(stream: Stream) -> None:
    fates = whole(replace(stream, events=100_000))["fate"]
    for fate, share in SHARES.items():
        assert 0.7 * share < fates.count(fate) / len(fates) < 1.3 * share


def test_duplicates_repeat_an_earlier_good_record_byte_for_byte(stream: Stream) -> None:
    written, fates = bodies(stream), whole(stream)["fate"]
    good: set[bytes] = set()
    for body, fate in zip(written, fates, strict=True):
        if fate == Fate.DUPLICATE:
            assert body in good
        elif fate == Fate.GOOD:
            assert body not in good
            good.add(body)


def test_late_records_are_long_late_and_all_others_within_the_span(stream: Stream) -> None:
    columns = whole(replace(stream, events=20_000))
    for at, fate in zip(columns["observed_at"], columns["fate"], strict=True):
        age = stream.start_ms - at
        assert age > LATE_MS if fate == Fate.LATE else 0 <= age <= stream.span_ms + 10_000


def test_one_in_twenty_is_out_of_order(stream: Stream) -> None:
    columns = whole(replace(stream, events=50_000))
    times = [at for at, fate in zip(columns["observed_at"], columns["fate"], strict=True)
             if fate == Fate.GOOD]
    behind = np.array(times) < np.maximum.accumulate(times)
    assert 0.04 < behind.mean() < 0.06


def test_what_is_not_malformed_says_what_its_columns_say(stream: Stream) -> None:
    for chunk in stream.chunks():
        for i, body in enumerate(chunk.bodies()):
            if chunk.fate[i] == Fate.MALFORMED:
                continue
            told = json.loads(body)
            assert told["longitude"] == chunk.longitude[i] / 1e7
            assert told["latitude"] == chunk.latitude[i] / 1e7
            assert round(told["speed"] * 100) == chunk.speed[i]
            assert told["vehicle_id"].encode() == chunk.keys()[i]
