"""Test that feeds follow the declarations, those added to a running city too."""

from __future__ import annotations

import dataclasses
from typing import Any

import httpx
import pytest

from schemas import registry
from schemas.declare import Event, Family, ResultTable, decimal, text
from schemas.render.addresses import feed_addresses
from schemas.render.clickhouse import event_columns, event_table, event_view
from streams.feeds.inventory import list_feeds
from tests.streams.feeds.conftest import Reach, Ticking
from tests.streams.queries.rows import moment


def test_feeds_are_exactly_what_is_public() -> None:
    declared: list[Family | ResultTable] = [
        *registry.families().values(), *registry.results().values()]
    assert set(list_feeds()) == {path for one in declared for path in feed_addresses(one)}


def test_the_first_value_of_a_parameter_is_its_default() -> None:
    for feed in list_feeds().values():
        assert feed.defaults() == next(feed.variants())


def declare_buoy() -> Any:
    """Declare a family that nobody planned."""
    return type("OceanBuoy", (Event,), {
        "__doc__": "Readings of one buoy at one moment.",
        "buoy_id": text("Buoy", "浮标", key=True, public=True, example="b-1"),
        "wave_height": decimal("Wave height", "浪高", unit="m", ge=0, le=30, decimals=2,
                               public=True, example=1.2),
        "keeper": text("Keeper", "管理人", example="港务局"),
    }, chinese="海洋浮标", domain="ocean", owner="city-ocean", personal="none", public=True)


@pytest.mark.live
def test_a_family_added_while_running_has_its_feed(
        client: httpx.Client, board: Ticking, reach: Reach, sink: Any, migrator: Any,
        monkeypatch: pytest.MonkeyPatch) -> None:
    family = dataclasses.replace(declare_buoy().family)
    address = "/v1/ocean-buoy.geojson"
    assert client.get(address).status_code == 404
    known = {**registry.families(), family.name: family}
    monkeypatch.setattr(registry, "families", lambda: known)
    reach.now += 10
    board.tick()
    assert client.get(address).status_code == 503  # its table is still to come
    migrator.execute(event_table(family))
    migrator.execute(event_view(family))
    at = moment(5)
    row = {name: at if name.endswith("_at") else 0 if name.startswith("raw_") else "x"
           for name in event_columns(family)} | {"wave_height": 1.2, "raw_topic": "t"}
    sink.insert(family.table, {name: [value] for name, value in row.items()})
    reach.now += 10
    board.tick()
    feature = client.get(address).json()["features"][0]
    assert (feature["id"], feature["geometry"]) == ("x", None)
    assert feature["properties"]["wave_height"] == 1.2
    assert "keeper" not in feature["properties"]
    assert address in client.get("/v1/openapi.json").json()["paths"]
    assert "浪高" in client.get("/v1/catalogue").text
    assert address in client.get("/").text
    migrator.execute(f"DROP VIEW city.{family.table}")
    migrator.execute(f"DROP TABLE store.{family.table}")
