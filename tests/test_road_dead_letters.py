"""Take refused events over the whole road again: exported, repaired, sent, and counted once."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from infra.commands import dead_letters, rebuild, verify
from schemas import registry
from streams.ledger import Ledger
from streams.letters.judge import Judge
from streams.letters.letter import read_letters
from streams.letters.resend import send
from streams.letters.settle import settle
from streams.publisher import Publisher
from streams.publishers import Registration, register
from streams.store import Store, connect
from tests.test_road import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(900)]
NAME = "road-mender"
# the horizon of car parks is an hour, of detectors ten minutes
PARKING, DETECTORS = "parking-occupancy", "traffic-flow"
MINUTE = 60_000


@pytest.fixture(scope="module")
def store(road: Path) -> Iterator[Store]:
    """Give the reader's view of the store behind the running road, a publisher registered."""
    register(Registration(NAME, families=[PARKING, DETECTORS]))
    one = connect("reader")
    yield one
    one.close()


def run(*arguments: object, code: int = 0) -> dict[str, Any]:
    """Run `citybrain dead-letters`; give what it tells as JSON."""
    told = CliRunner().invoke(dead_letters.command, [*map(str, arguments), "--json"])
    assert told.exit_code == code, told.output
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def publish(family: str, key: str, observed_at: int, **changed: Any) -> None:
    """Publish one event of a car park or detector, whatever is wrong with it."""
    declared = registry.get_family(family)
    event = {**declared.example, declared.key.name: key, "observed_at": observed_at, **changed}
    with Publisher(NAME, verify=False) as publisher:
        publisher.send_raw(family, json.dumps(event).encode(), key=key)


def await_letters(store: Store, reason: str, number: int) -> None:
    """Wait until the store has so many dead letters of a reason."""
    eventually(lambda: store.query(
        "SELECT count() AS n FROM city.dead_letters WHERE source = %(name)s AND reason = %(why)s",
        {"name": NAME, "why": reason})[0]["n"] == number, f"{number} letters: {reason}")


def counts(store: Store, table: str, key: str) -> list[tuple[int, int]]:
    """Give events and late events of the minutes of a car park or detector that have any."""
    column = {"parking_state": "car_park_id", "sensor_state": "sensor_id"}[table]
    rows = store.query(f"SELECT events, late FROM city.{table} WHERE {column} = %(key)s"
                       " AND window_seconds = 60", {"key": key})
    return [(row["events"], row["late"]) for row in rows]


def test_a_refused_event_is_repaired_and_counted_once_however_often_it_is_sent(
        store: Store, tmp_path: Path) -> None:
    exported, repaired = tmp_path / "letters", tmp_path / "repaired"
    publish(PARKING, "mended", time.time_ns() // 1_000_000, occupied=-5)
    await_letters(store, "below-minimum", 1)
    assert run("export", exported, "--publisher", NAME)["letters"] == 1
    assert run("repair", exported, "--out", tmp_path / "same")["accepted"] == 0
    told = run("repair", exported, "--set", "occupied=5", "--out", repaired)
    assert (told["letters"], told["accepted"]) == (1, 1)
    told = run("replay", repaired, "--timeout", 200)
    assert (told["sent"], told["accepted"], told["refused"], told["duplicates"]) == (1, 1, 0, 0)
    eventually(lambda: counts(store, "parking_state", "mended") == [(1, 0)],
               "the repaired event in its window")
    again = run("replay", repaired)
    assert (again["sent"], again["unsent"]) == (0, {"already sent again": 1})
    # were the note lost, the gate itself would recognise the copy
    [letter] = read_letters(repaired)
    sent = send([Judge(lambda _: False, "again").decide(letter)[0]])
    assert settle(sent, store, lambda _: None, 200.0).duplicates == 1
    stored = store.query("SELECT id, occupied FROM city.parking_occupancy"
                         " WHERE car_park_id = 'mended'")
    assert stored == [{"id": letter.coordinates, "occupied": 5}]
    assert counts(store, "parking_state", "mended") == [(1, 0)]


def test_a_late_event_is_sent_again_only_where_that_is_permitted(
        store: Store, tmp_path: Path) -> None:
    exported, observed = tmp_path / "letters", time.time_ns() // 1_000_000 - 75 * MINUTE
    publish(DETECTORS, "belated", observed + 30 * MINUTE)
    publish(DETECTORS, "bygone", observed)
    late = run_until_late(store, exported)
    assert run("replay", exported)["unsent"] == {"would be refused: too-late (observed_at)": late}
    register(Registration(NAME, replay=True))
    time.sleep(10.0)  # the gate follows the registrations within seconds
    told = run("replay", exported, "--timeout", 200)
    assert (told["sent"], told["accepted"], told["closed"]) == (late, late, 1)
    eventually(lambda: counts(store, "sensor_state", "belated") == [(1, 1)],
               "the late event as a revision")
    stored = store.query("SELECT sensor_id FROM city.traffic_flow WHERE source = %(name)s"
                         " ORDER BY sensor_id", {"name": NAME})
    assert [row["sensor_id"] for row in stored] == ["belated", "bygone"]
    # its windows have closed for good: it is kept, and no result hears of it
    assert counts(store, "sensor_state", "bygone") == []


def run_until_late(store: Store, exported: Path) -> int:
    """Export the late letters as soon as both are there; give their number."""
    await_letters(store, "too-late", 2)
    number: int = run("export", exported, "--publisher", NAME, "--reason", "too-late")["letters"]
    return number


def test_afterwards_the_ledger_closes_and_tables_equal_their_topics(store: Store) -> None:
    def rows() -> list[Any]:
        found = [row for row in Ledger().count(30, time.time_ns() // 1_000_000)
                 if row.raw_topic.startswith(f"raw-{NAME}--")]
        return [] if any(row.in_flight or row.residual for row in found) else found

    found = eventually(rows, "the ledger's closing")
    assert (sum(row.counted for row in found), sum(row.duplicates for row in found)) == (3, 1)
    told = CliRunner().invoke(rebuild.command, [PARKING, DETECTORS, "parking-state", "--json"])
    assert told.exit_code == 0, told.output
    assert all(one["comparison"]["rows_after"] for one in json.loads(told.stdout))
    assert CliRunner().invoke(verify.command, ["audit"]).exit_code == 0
