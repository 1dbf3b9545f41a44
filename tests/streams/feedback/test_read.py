"""Test that what is read of events is what the gate wrote, for every family there is."""

from __future__ import annotations

import json
import math

import pytest

from schemas import registry
from schemas.declare import Kind
from streams.feedback.read import shape_of, split_topic
from tests.streams.feedback.streams import AT, clean


@pytest.mark.parametrize("name", sorted(registry.families()))
def test_an_event_is_read_as_it_was_written(name: str) -> None:
    family = registry.families()[name]
    shape, written = shape_of(family), clean("loops", name, 7, AT)
    event = shape.decode(json.dumps(written).encode())
    assert (event.id, event.received_at, event.observed_at) == ("loops-7", AT, AT - 300)
    assert (event.raw_topic, event.raw_offset, event.area) == (f"raw-loops--{name}", 7, "370102001")
    assert shape.identify(event) == "·".join(str(written[one]) for one in family.identity)
    if family.place:
        assert (event.longitude, event.latitude) == tuple(written[one] for one in family.place)
    assert shape.values(event) == tuple(written.get(one.name) for one in shape.checked)
    assert {one.name for one in shape.checked} == {
        one.name for one in family.kept if one.kind in (Kind.INTEGER, Kind.DECIMAL)
        and one.name not in (family.place or ())}


@pytest.mark.parametrize("name", sorted(registry.families()))
def test_optional_fields_may_be_missing_or_null(name: str) -> None:
    family = registry.families()[name]
    optional = [one.name for one in family.kept if not one.required]
    for spoiled in (dict.fromkeys(optional), dict[str, None]()):
        written = {key: value for key, value in clean("loops", name, 7, AT).items()
                   if key not in optional} | spoiled
        assert shape_of(family).decode(json.dumps(written).encode()).id == "loops-7"


def test_the_declaration_says_how_a_number_is_watched() -> None:
    flow = {one.name: one for one in shape_of(registry.get_family("traffic-flow")).checked}
    assert (flow["speed"].lowest, flow["speed"].highest) == (None, 250)
    assert flow["interval_seconds"].highest is None
    assert flow["interval_seconds"].stuck_events == 0
    car = shape_of(registry.get_family("vehicle-position"))
    assert {one.name: one.stuck_events > 0 for one in car.checked} == {
        "speed": True, "heading": False}
    assert math.isclose(car.top_speed, 250 / 3.6)
    park = {one.name: one for one in shape_of(registry.get_family("parking-occupancy")).checked}
    assert (park["occupied"].limit, park["capacity"].stuck_events) == ("capacity", 0)


@pytest.mark.parametrize(("topic", "named"), [
    ("raw-a--b", ("a", "b")), ("raw-my-loops--traffic-flow", ("my-loops", "traffic-flow")),
    ("event-traffic-flow", None), ("raw-a-b", None), ("", None)])
def test_a_raw_topic_names_publisher_and_family(topic: str, named: tuple[str, str] | None) -> None:
    assert split_topic(topic) == named
