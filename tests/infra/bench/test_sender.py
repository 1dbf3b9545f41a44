"""Test that records come back from their file, and are sent at their time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from infra.bench.sender import pace, read_records, write_records
from infra.bench.stream import Stream


class Clock:
    """Pass time only where somebody sleeps or works."""

    def __init__(self) -> None:
        """Begin at some moment."""
        self.now = 50.0

    def read(self) -> float:
        """Tell the time."""
        return self.now

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


def test_records_are_read_as_they_were_written(stream: Stream, tmp_path: Path) -> None:
    write_records(stream, tmp_path / "load")
    records = list(read_records(tmp_path / "load"))
    assert records == [pair for chunk in stream.chunks()
                       for pair in zip(chunk.keys(), chunk.bodies(), strict=True)]
    assert len(records) == stream.events


def run(number: int, rate: float, work: float = 0.0, pause_at: int = -1) -> list[float]:
    """Send so many records, each taking some work; give when each was sent, from the start."""
    clock, sent = Clock(), list[float]()

    def send(record: tuple[bytes, bytes]) -> None:
        """Note the moment, and work."""
        sent.append(clock.now - 50)
        clock.pass_by(1.0 if len(sent) == pause_at else work)

    told = list[int]()
    pace(((b"", b"") for _ in range(number)), rate, send, told.append, clock.read, clock.pass_by)
    assert told[-1] == number and told == sorted(told)
    return sent


@pytest.mark.parametrize("rate", [50.0, 1000.0, 20_000.0])
def test_the_rate_is_kept_over_the_whole(rate: float) -> None:
    sent = run(int(rate * 3), rate)
    assert sent[-1] == pytest.approx(3, abs=0.03)
    assert sent[len(sent) // 2] == pytest.approx(1.5, abs=0.03)


def test_what_was_missed_is_sent_later_without_waiting() -> None:
    sent = run(3000, 1000, pause_at=500)
    assert sent[500] == pytest.approx(1.5, abs=0.02) and sent[-1] == pytest.approx(3, abs=0.02)


def test_who_cannot_keep_up_sends_as_fast_as_may_be() -> None:
    assert run(1000, 1000, work=0.002)[-1] == pytest.approx(2, abs=0.02)


def test_streams_of_one_city_share_no_id_and_no_luck(stream: Stream) -> None:
    other = replace(stream, first=stream.events)
    ids = [{int(one) for chunk in each.chunks() for one in chunk.number}
           for each in (stream, other)]
    assert not ids[0] & ids[1]
    assert (next(stream.chunks()).speed != next(other.chunks()).speed).any()


def test_a_stream_lasts_as_long_as_it_is_told(stream: Stream) -> None:
    lasting = replace(stream, lasting_ms=5_000)
    assert lasting.span_ms == 5_000
    times = next(lasting.chunks()).observed_at
    assert times.max() >= lasting.start_ms - 5_000
