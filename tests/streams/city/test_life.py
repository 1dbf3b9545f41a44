"""Check the whole city: repeatable, fast enough, well-formed, and true about its incidents."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

import orjson
import pytest

from schemas import registry
from schemas.wire import check
from streams.city import rhythm
from streams.city.event import CityEvent
from streams.city.life import Plan
from streams.city.publishers import ACCOUNTS
from tests.streams.city.conftest import START, Lived, let_live


def _neutral(event: CityEvent, plan: Plan) -> CityEvent:
    """Take start time and run id out of an event."""
    text = orjson.dumps(event._asdict()).decode().replace(f"{plan.run}-", "RUN-")
    plain: dict[str, Any] = orjson.loads(text)
    if "due_at" in plain["payload"]:
        plain["payload"]["due_at"] -= plan.start
    plain["observed_at"] -= plan.start
    return CityEvent(**plain)


def test_same_seed_gives_same_events_apart_from_start_and_run(
        lived: Lived, city_home: Path, tmp_path: Path) -> None:
    (tmp_path / "city").symlink_to(city_home / "city")
    plan = replace(lived.plan, home=tmp_path, run="two", start=START + 86_400_123)
    again = let_live(plan, 30)
    for number, (first, second) in enumerate(zip(lived.seconds, again.seconds, strict=False)):
        assert [_neutral(event, lived.plan) for event in first] == [
            _neutral(event, plan) for event in second], f"second {number + 1}"
    assert again.events


def test_another_seed_gives_other_events(lived: Lived, city_home: Path, tmp_path: Path) -> None:
    (tmp_path / "city").symlink_to(city_home / "city")
    other = let_live(replace(lived.plan, home=tmp_path, seed=8), 3)
    assert [event.payload for event in other.seconds[2]] != [
        event.payload for event in lived.seconds[2]]


def test_every_event_passes_its_declaration_and_ids_are_unique(lived: Lived) -> None:
    events = lived.events
    for event in events:
        body = orjson.dumps({**event.payload, "id": event.event_id,
                             "observed_at": event.observed_at})
        refusal = check(registry.get_family(event.family), body)
        assert refusal is None, (event, refusal)
        assert event.key == event.payload[registry.get_family(event.family).key.name]
    assert len({(event.family, event.event_id) for event in events}) == len(events)


def test_every_family_is_published_by_its_owner(lived: Lived) -> None:
    assert {event.family for event in lived.events} == set(ACCOUNTS)
    for family, account in ACCOUNTS.items():
        assert registry.get_family(family).owner == account


def test_rate_is_kept_every_second(lived: Lived) -> None:
    counts = [len(second) for second in lived.seconds[10:]]
    assert min(counts) >= 1000
    assert abs(mean(counts) - lived.plan.rate) < 0.05 * lived.plan.rate


def test_incidents_slow_the_traffic_where_the_truth_says(lived: Lived) -> None:
    started = [line for line in lived.truth if line["state"] == "started"]
    assert started
    compared = 0
    for line in started:
        by_phase: dict[bool, list[float]] = defaultdict(list)
        for event in lived.events:
            if (event.family == "vehicle-position"
                    and event.payload["segment_id"] in line["segment_ids"]):
                since = event.observed_at - line["at"]
                if since <= 0 or since > 15_000:
                    by_phase[since > 0].append(event.payload["speed"])
        if by_phase[False] and by_phase[True]:
            compared += 1
            assert mean(by_phase[True]) < 0.6 * mean(by_phase[False])
            assert mean(by_phase[True]) < 1.3 * line["limit_kmh"]
    assert compared


def test_incidents_raise_cases_and_calls_nearby(lived: Lived) -> None:
    line = lived.truth[0]
    near = Counter(
        event.family for event in lived.events
        if event.family in ("grid-case", "hotline-call") and event.observed_at >= line["at"]
        and abs(event.payload["longitude"] - line["longitude"]) < 0.005
        and abs(event.payload["latitude"] - line["latitude"]) < 0.005
        and event.payload.get("category", event.payload.get("topic")) in (
            "突发事件/道路交通事故", "交通设施/信号灯故障", "突发事件/路面积水",
            "交通拥堵", "道路积水"))
    assert near["grid-case"] >= 1 and near["hotline-call"] >= 1


def test_everything_happens_in_jinan(lived: Lived) -> None:
    for event in lived.events:
        assert 116.2 < event.payload["longitude"] < 118.0, event
        assert 36.0 < event.payload["latitude"] < 37.6, event


@pytest.mark.parametrize(("hour", "busier"), [(3.0, 18.0), (13.0, 8.0)])
def test_days_have_their_rhythm(hour: float, busier: float) -> None:
    assert rhythm.population(hour, 1200) < rhythm.population(busier, 1200)
    assert rhythm.free_share("jingshi-road-5-e", hour, 1) > rhythm.free_share(
        "jingshi-road-5-e", busier, 1)
