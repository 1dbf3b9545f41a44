"""Run the pipeline of OSPBench on our road: `python -m infra.bench.ospbench`.

After van Dongen and Van den Poel (2020): flow and speed of a lane are joined, summed over the lanes
of a measurement point in a tumbling window, and compared with the window before. The topics are
filled beforehand; the clock runs from the job's first read until everything is visible in the
store, as in the side-by-side benchmark.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass

import click
import pandas as pd

from infra.bench.city import LANES, broker, draw_places, make_added_home
from infra.bench.contender import PUBLISHER, Course
from infra.bench.drain import WARMING_SHARE
from infra.bench.inside import hear_endings, no_traceback, tell
from infra.bench.meter import Meter
from infra.bench.observations import (
    CHANGES,
    KEYS,
    KINDS,
    MEASURES,
    Observations,
    Record,
    compute,
    differences,
)
from infra.bench.ours import Ours
from infra.bench.preload import FLUSH_SECONDS, make_headers, produce
from infra.bench.start import run_in_home
from schemas.errors import ComponentError
from schemas.render.kafka import raw_name
from streams.broker import open_producer
from streams.clock import now_ms
from streams.settings import read_settings
from streams.store import Store, connect

STUCK_SECONDS, LOOK_SECONDS = 60.0, 0.5
POLL_RECORDS = 10_000
SEED = 2020
SEEN = """
    SELECT ifNull((SELECT sum(lanes + lanes_before) FROM store.point_change FINAL), 0) AS lanes,
        (SELECT count() FROM store.lane_flow) + (SELECT count() FROM store.lane_speed) AS events"""
TABLE = f"""
    SELECT toUnixTimestamp(window_start) AS window_start, point_id, {', '.join(MEASURES)},
        {', '.join(CHANGES)}
    FROM city.point_change"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Hold events, windows, seconds, CPU seconds and most bytes by part, and what was wrong.

    The steady rate (events a second) begins when a fifth was seen done.
    """

    events: int
    windows: int
    seconds: float
    windows_seconds: float
    steady_rate: float
    cpu: dict[str, float]
    memory: dict[str, int]
    failures: list[str]

    @property
    def rate(self) -> float | None:
        """Give events a second until everything is visible; None where the answer is wrong."""
        return None if self.failures else self.events / self.seconds


def send(records: Iterable[Record]) -> int:
    """Send all records; give how many they are."""
    producer = open_producer(PUBLISHER, **{
        "linger.ms": 20, "queue.buffering.max.kbytes": 131_072})
    places = {kind: (raw_name(PUBLISHER, kind), make_headers(kind)) for kind in KINDS}
    sent = 0
    for one in records:
        topic, headers = places[one.kind]
        produce(producer, topic, one.key, one.body, headers)
        sent += 1
        if sent % POLL_RECORDS == 0:
            producer.poll(0)
        if sent % 200_000 == 0:
            tell(f"{sent:,} records sent")
    if producer.flush(FLUSH_SECONDS):
        raise ComponentError("Kafka did not confirm all records")
    return sent


def run(course: Course, events: int) -> Outcome:
    """Fill the topics, let the road work, compare with the batch."""
    drawn = Observations(events, SEED, now_ms(), draw_places(course)[:, :2])
    table = drawn.draw()
    truth, sent = compute(table), send(drawn.records(table))
    tell(f"{sent:,} records sent; starting the road")
    ours = Ours()
    with ours.standing(course), Meter() as meter, ours.draining():
        ours.await_reading()
        store = connect("migrator")
        reading = meter.sample()
        seen = _await(store, sent, int(truth[["lanes", "lanes_before"]].to_numpy().sum()))
        done = meter.sample()
        found = pd.DataFrame(store.query(TABLE), columns=[*KEYS, *MEASURES, *CHANGES])
        store.close()
    failures = differences(truth, found)
    if seen.rows != sent:
        failures.append(f"{seen.rows:,} events are rows, {sent:,} were sent")
    steady = sent * (1 - seen.warm_share) / max(LOOK_SECONDS, done - seen.warm_at)
    return Outcome(sent, len(truth), done - reading, seen.windows_at - reading, steady,
                   *meter.between(reading, done), failures)


@dataclass(slots=True)
class Seen:
    """Hold how many events are rows, and when (monotonic s) the last lane was seen counted.

    Also when the first fifth was seen done, and which share it was.
    """

    rows: int = 0
    windows_at: float = 0.0
    warm_at: float = 0.0
    warm_share: float = 0.0


def _await(store: Store, events: int, lanes: int) -> Seen:
    """Wait until every event is a row and every lane counted, or nothing more comes."""
    seen, former, grown_at = Seen(), (-1, -1), time.monotonic()
    while True:
        row, now = store.query(SEEN)[0], time.monotonic()
        found = (int(row["events"]), int(row["lanes"]))
        if found != former:
            tell(f"{found[0]:,} of {events:,} events are rows, {found[1]:,} of {lanes:,} lanes"
                 " counted")
            seen.windows_at = now if found[1] != former[1] else seen.windows_at
            seen.rows, former, grown_at = found[0], found, now
        share = min(found[0] / events, found[1] / lanes)
        if not seen.warm_share and share >= WARMING_SHARE:
            seen.warm_at, seen.warm_share = now, share
        if share >= 1 or now - grown_at > STUCK_SECONDS:
            return seen
        time.sleep(LOOK_SECONDS)


@click.command()
@click.option("--events", type=int, required=True)
def main(events: int) -> None:
    """Run in the city that the environment names, and print the figures as JSON."""
    with no_traceback(), broker(tell) as (course, _):
        click.echo(json.dumps(asdict(run(course, events))))


def start(events: int) -> Outcome:
    """Run in a city of its own; raise CityBrainError where it did not work."""
    code, said = run_in_home("infra.bench.ospbench", "--events", str(events),
                             environment=make_added_home(read_settings(), LANES))
    if code:
        raise ComponentError(f"the benchmark ended with {code}")
    return Outcome(**json.loads(said[-1]))


if __name__ == "__main__":
    hear_endings()
    main()
