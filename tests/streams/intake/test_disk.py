"""Test that the intake takes nothing while the disk is full, and says why."""

from __future__ import annotations

from pathlib import Path

from streams.disk import Guard
from streams.intake.door import Door
from streams.intake.limits import Limits
from streams.intake.sender import Sender
from streams.publishers import Registration
from tests.streams.intake.conftest import (
    ADDRESS,
    FAMILY,
    PUBLISHER,
    TOKEN,
    Publishers,
    Tokens,
    served,
)


def open_door(lost: Sender, path: Path, limit: int) -> Door:
    """Make a door that watches a disk."""
    return Door(Tokens({TOKEN: PUBLISHER}),
                Publishers(Registration(PUBLISHER, families=[FAMILY.name])), lost, Limits(0.0),
                events_rate=0.0, disk=Guard(path, limit))


def test_a_full_disk_is_told_before_anything_is_read(lost: Sender, tmp_path: Path) -> None:
    with served(open_door(lost, tmp_path, 1)) as (client, _):  # every disk is fuller than 1 %
        refused = client.post(ADDRESS, json=FAMILY.example)
        health = client.get("/healthz")
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["Content-Type"] == "application/problem+json"
    told = refused.json()
    assert told["type"] == "urn:citybrain:problem:disk-full"
    assert told["detail"]
    assert told["detail_zh"]
    assert (health.status_code, health.json()["status"]) == (503, "disk-full")


def test_below_the_limit_events_are_judged_as_ever(lost: Sender, tmp_path: Path) -> None:
    with served(open_door(lost, tmp_path, 0)) as (client, _):
        assert client.post(ADDRESS, json={"id": "x"}).status_code == 422
        assert client.get("/healthz").json()["status"] == "ok"
