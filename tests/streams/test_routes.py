"""Test what a raw topic's name says, and how a family's fields are carried behind the gate."""

from __future__ import annotations

import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from schemas import registry
from schemas.declare import NUMBER_SLOTS, TEXT_SLOTS, Family, Kind, Personal
from schemas.errors import Refusal
from schemas.wire import decode
from streams import routes
from streams.privacy import Pseudonyms
from streams.routes import Route, Routes

AT = 1_764_000_000_000
FAMILIES = sorted(registry.families().values(), key=lambda one: one.name)


@pytest.fixture
def pseudonyms() -> Pseudonyms:
    """Give pseudonyms under a known key."""
    return Pseudonyms(b"key")


@pytest.fixture
def found(pseudonyms: Pseudonyms) -> Routes:
    """Give routes that know no topic yet."""
    return Routes(pseudonyms)


def event_of(family: Family, **changed: Any) -> Any:
    """Decode a family's example with some fields changed."""
    event = decode(family, msgspec.json.encode({**family.example, "observed_at": AT, **changed}))
    assert not isinstance(event, Refusal), event
    return event


def values_of(route: Route, event: Any) -> dict[str, Any]:
    """Give the kept fields of one event."""
    return {name: column[0] for name, column in route.columns([event], [AT]).items()}


def slots_of(route: Route, values: dict[str, Any]) -> tuple[Any, Any]:
    """Give the slots of one event's values."""
    numbers, texts = route.slots({name: [value] for name, value in values.items()})
    return next(iter(numbers)), next(iter(texts))


@pytest.mark.parametrize(("topic", "publisher"), [
    ("raw-a--vehicle-position", "a"), ("raw-city-traffic--vehicle-position", "city-traffic"),
    ("raw-bus-12--vehicle-position", "bus-12")])
def test_a_topics_name_says_publisher_and_family(
        found: Routes, topic: str, publisher: str) -> None:
    route = found.find(topic)
    assert route is not None
    assert (route.publisher, route.family.name) == (publisher, "vehicle-position")
    assert found.find(topic) is route


@pytest.mark.parametrize("topic", [
    "raw-a-vehicle-position", "raw---vehicle-position", "raw-a--b--vehicle-position",
    "raw-A--vehicle-position", "raw-a---vehicle-position", "raw-a--vehicle-position\n",
    "event-vehicle-position", "raw-a--no-such-family", "raw-a--", ""])
def test_other_names_have_no_route(found: Routes, topic: str) -> None:
    assert found.find(topic) is None


def test_a_topic_without_route_is_looked_at_again_only_after_a_while(
        found: Routes, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    now = [100.0]
    monkeypatch.setattr(routes, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(registry, "refresh", lambda: asked.append(1))
    for _ in range(1000):
        assert found.find("raw-a--no-such-family") is None
    assert len(asked) == 1
    now[0] += 5.1
    found.find("raw-a--no-such-family")
    assert len(asked) == 2


def test_a_family_declared_while_running_gets_its_route(
        found: Routes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITYBRAIN_SCHEMAS", str(tmp_path))
    for name in ("_families", "_results", "_seen", "_faults"):
        monkeypatch.setattr(registry, name, dict(getattr(registry, name)))
    monkeypatch.setattr(registry, "_added", set(registry._added))
    (tmp_path / "broken.py").write_text("class (", encoding="utf-8")
    now = [100.0]
    monkeypatch.setattr(routes, "time", SimpleNamespace(monotonic=lambda: now[0]))
    assert found.find("raw-harbour--wave-height") is None
    (tmp_path / "waves.py").write_text(textwrap.dedent('''
        from schemas.declare import Event, decimal, text

        class WaveHeight(Event, chinese="浪高", domain="sea", owner="harbour", personal="none"):
            """The height of waves at one buoy."""

            buoy_id = text("Buoy", "浮标", key=True, example="b1")
            height = decimal("Height", "浪高", unit="m", ge=0, le=40, decimals=2, example=1.25)
    '''), encoding="utf-8")
    now[0] += 5.1
    route = found.find("raw-harbour--wave-height")
    assert route is not None
    assert slots_of(route, {"buoy_id": "b", "height": 1.005})[0][0] == 100


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_every_example_is_carried_in_all_slots(family: Family, pseudonyms: Pseudonyms) -> None:
    route = Route(family.owner, family, pseudonyms)
    values = values_of(route, event_of(family))
    numbers, texts = slots_of(route, values)
    assert set(values) == {field.name for field in family.kept}
    assert (len(numbers), len(texts)) == (NUMBER_SLOTS, TEXT_SLOTS)
    assert all(one is None or type(one) is int for one in numbers)
    assert all(one is None or type(one) is str for one in texts)
    for name, slot in family.slots().items():
        carried = (numbers if slot[0] == "n" else texts)[int(slot[1:])]
        field = next(one for one in family.fields if one.name == name)
        wanted = values[name]
        if wanted is not None and field.numeric:
            wanted = round(wanted * 10 ** field.decimals)
        assert carried == wanted, name


@pytest.mark.parametrize("family", FAMILIES, ids=lambda one: one.name)
def test_personal_data_does_not_get_past_the_route(
        family: Family, pseudonyms: Pseudonyms) -> None:
    fields = {one.name: one for one in family.fields if one.example is not None}
    secrets = {name: f"张三13812345678{name}"[:one.max_length] for name, one in fields.items()
               if one.personal is not Personal.NONE and one.kind is Kind.TEXT}
    values = values_of(Route(family.owner, family, pseudonyms), event_of(family, **secrets))
    for name, secret in secrets.items():
        personal = fields[name].personal
        assert values.get(name) != secret
        assert "13812345678" not in str(values.get(name))
        assert (name in values) == (personal is not Personal.REMOVED)
        if personal is Personal.PSEUDONYM:
            assert values[name] == pseudonyms.of(name, secret, Pseudonyms.day(AT))
        if personal is Personal.CASE_PSEUDONYM:
            assert values[name] != pseudonyms.of(name, secret, Pseudonyms.day(AT))


def test_a_callers_number_is_known_again_within_a_call_and_not_in_the_next(
        pseudonyms: Pseudonyms) -> None:
    family = registry.get_family("hotline-call")
    route = Route("city-hotline", family, pseudonyms)

    def told(call: str, phone: str = "13800001234") -> str:
        event = event_of(family, call_id=call, caller_phone=phone)
        return str(values_of(route, event)["caller_phone"])

    assert told("C1") == told("C1") and len(told("C1")) == 32
    assert len({told("C1"), told("C2"), told("C1", "13800001235")}) == 3


def test_instants_become_milliseconds_and_absent_fields_stay_absent(
        pseudonyms: Pseudonyms) -> None:
    family = registry.get_family("grid-case")
    route = Route("city-grid", family, pseudonyms)
    values = values_of(route, event_of(family, due_at="2026-11-24T12:00:00.5+08:00"))
    assert values["due_at"] == 1_795_492_800_500
    assert values_of(route, event_of(family, due_at=None))["due_at"] is None


def test_halves_are_rounded_to_even_and_absent_numbers_are_not_zero(
        pseudonyms: Pseudonyms) -> None:
    family = registry.get_family("vehicle-position")
    route = Route("a", family, pseudonyms)
    at = int(family.slots()["speed"][1:])
    values = values_of(route, event_of(family))
    scaled = [slots_of(route, {**values, "speed": one})[0][at] for one in (0.125, 0.375, None)]
    assert scaled == [12, 38, None]
