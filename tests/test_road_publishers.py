"""Drive the road with publishers that pose, replay and change, on the real components."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from schemas import registry
from streams.publisher import Publisher
from streams.publishers import Registration, register
from streams.store import Store, connect
from tests.test_road import eventually

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
NAME, FAMILY = "test-fleet", registry.get_family("vehicle-position")
LONG_AGO = 1_700_000_000_000


@pytest.fixture(scope="module")
def store(road: Path) -> Store:
    """Give the reader's view of the store behind the running road."""
    return connect("reader")


def rows(store: Store, sql: str, run: str) -> list[dict[str, Any]]:
    """Ask the store for what one run of this test has left."""
    return store.query(sql, {"run": f"{run}-"})


def test_a_publisher_that_poses_replays_or_changes_its_datum_is_judged_as_registered(
        store: Store) -> None:
    run = f"fleet-{time.time_ns()}"
    register(Registration(NAME, families=[FAMILY.name]))
    event = {**FAMILY.example, "longitude": 117.02, "latitude": 36.66}
    with Publisher(NAME) as publisher:
        def send(name: str, at: int | None = None, **headers: bytes) -> None:
            publisher.send(FAMILY.name, event, event_id=f"{run}-{name}", observed_at_ms=at,
                           headers=headers)
            publisher.flush()

        send("good", ce_source=b"urn:test-fleet:bus-7")
        send("posing", ce_source=b"city-parking")
        send("old", LONG_AGO, replay=b"run")
        wanted = {"posing": "wrong-publisher", "old": "too-late"}
        eventually(lambda: wanted == {
            row["event_id"].rpartition("-")[2]: row["reason"] for row in rows(
                store, "SELECT event_id, reason FROM city.dead_letters"
                " WHERE startsWith(event_id, %(run)s)", run)}, "two dead letters")
        register(Registration(NAME, datum="gcj02", replay=True))
        number = iter(range(10_000))

        def converted() -> list[dict[str, Any]]:
            send(f"again{next(number)}", LONG_AGO, replay=b"run")
            return rows(store, "SELECT id, longitude FROM city.vehicle_position WHERE source ="
                        " 'test-fleet' AND startsWith(id, %(run)s) AND longitude < 117.019", run)

        (first, *_) = eventually(converted, "events converted from GCJ-02")
    assert "-again" in first["id"]
    (good,) = rows(store, "SELECT longitude FROM city.vehicle_position WHERE source = 'test-fleet'"
                   " AND startsWith(id, %(run)s) AND endsWith(id, '-good')", run)
    assert good["longitude"] == 117.02
    (known,) = store.query("SELECT datum, replay FROM city.publishers WHERE name = 'test-fleet'")
    assert (known["datum"], known["replay"]) == ("gcj02", True)
