"""Replay recorded events into an empty store: `python -m infra.bench.replay`.

What the gate wrote stands in the topic of clean events; the sink, new and with nothing behind it,
fills the store from it. The clock runs from the sink's start until the last event is a row.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass

import click

from geo.datum import to_wgs84
from geo.tree import AreaTree
from infra.bench.city import broker, draw_places
from infra.bench.contender import FAMILY, PUBLISHER, Course
from infra.bench.inside import hear_endings, no_traceback, tell
from infra.bench.meter import Meter
from infra.bench.preload import FLUSH_SECONDS, produce
from infra.bench.start import run_in_home
from infra.bench.stream import Stream
from infra.launch import run_alone
from infra.processes import choose
from schemas import registry
from schemas.errors import ComponentError
from schemas.render.kafka import raw_name
from streams.broker import open_producer
from streams.clock import now_ms
from streams.gate import Gate, Judged, Verdict
from streams.privacy import Pseudonyms
from streams.record import Record
from streams.settings import read_settings
from streams.store import connect

BATCH = 5_000
STUCK_SECONDS = 60.0
ROWS = "SELECT count() AS n FROM store.probe_position"


@dataclass(frozen=True, slots=True)
class Replayed:
    """Hold how many events were replayed in how long (s), CPU seconds and most bytes by part."""

    events: int
    seconds: float
    cpu: dict[str, float]
    memory: dict[str, int]

    @property
    def rate(self) -> float:
        """Give events a second."""
        return self.events / self.seconds


def open_gate(now: int) -> Gate:
    """Open a gate that stands at a moment (epoch ms), with pseudonyms of its own."""
    tree = AreaTree.load(read_settings().areas)
    return Gate(locate=tree.locate_codes, to_wgs84=to_wgs84, datum_of=lambda _: "wgs84",
                may_replay=lambda _: False, pseudonyms=Pseudonyms(b"bench"), clock=lambda: now)


def judge(stream: Stream, gate: Gate) -> Iterator[list[Judged]]:
    """Have the stream judged batch by batch; give what is accepted."""
    topic, offset = raw_name(PUBLISHER, FAMILY), 0
    for chunk in stream.chunks():
        bodies = chunk.bodies()
        for first in range(0, len(bodies), BATCH):
            batch = [Record(topic, 0, offset + i, stream.start_ms, body)
                     for i, body in enumerate(bodies[first:first + BATCH])]
            offset += len(batch)
            yield [one for one in gate.judge(batch) if one.verdict is Verdict.ACCEPTED]


def record(stream: Stream) -> int:
    """Write the clean events of a stream into their topic; give how many they are."""
    topic, sent = registry.get_family(FAMILY).topic, 0
    producer = open_producer("gate", **{
        "linger.ms": 20, "queue.buffering.max.kbytes": 131_072})
    for accepted in judge(stream, open_gate(stream.start_ms)):
        for one in accepted:
            produce(producer, topic, one.key.encode(), one.body, [])
        producer.poll(0)
        sent += len(accepted)
        if sent // 1_000_000 > (sent - len(accepted)) // 1_000_000:
            tell(f"{sent:,} events recorded")
    if producer.flush(FLUSH_SECONDS):
        raise ComponentError("Kafka did not confirm all events")
    return sent


def replay(course: Course, events: int) -> Replayed:
    """Record events, then fill an empty store from them."""
    sent = record(Stream(events, 2019, now_ms(), draw_places(course)))
    with ExitStack() as stack:
        for name in ("clickhouse", "registrar"):
            stack.enter_context(run_alone(choose(name)[0]))
        store = connect("migrator")
        stack.callback(store.close)
        meter = stack.enter_context(Meter())
        begun = meter.sample()
        stack.enter_context(run_alone(choose("sink")[0]))
        grown_at, rows = begun, 0
        while rows < sent:
            time.sleep(0.5)
            found, now = int(store.query(ROWS)[0]["n"]), time.monotonic()
            rows, grown_at = found, now if found > rows else grown_at
            if now - grown_at > STUCK_SECONDS:
                raise ComponentError(f"{rows:,} of {sent:,} events are rows, and no more came")
            tell(f"{rows:,} of {sent:,} events are rows")
        done = meter.sample()
    return Replayed(sent, done - begun, *meter.between(begun, done))


@click.command()
@click.option("--events", type=int, required=True)
def main(events: int) -> None:
    """Replay in the city that the environment names, and print the figures as JSON."""
    with no_traceback(), broker(tell) as (course, _):
        click.echo(json.dumps(asdict(replay(course, events))))


def start(events: int) -> Replayed:
    """Replay in a city of its own; raise CityBrainError where it did not work."""
    code, said = run_in_home("infra.bench.replay", "--events", str(events))
    if code:
        raise ComponentError(f"the replay ended with {code}")
    return Replayed(**json.loads(said[-1]))


if __name__ == "__main__":
    hear_endings()
    main()
