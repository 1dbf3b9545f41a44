"""Test the arithmetic of the sizing by figures that can be reckoned in the head."""

from __future__ import annotations

from typing import Any

import pytest

from infra.bench import sizing
from infra.bench.sizing import Figures, Need, Straight, city_needs
from schemas import registry

FAMILY = registry.families()["vehicle-position"]


def load(rate: float, factor: float) -> dict[str, Any]:
    """Give a measurement: a part that stands, and a part that goes with the factor."""
    return {
        "events_per_second": rate,
        "cores": {"kafka": 0.1 + 0.1 * factor, "clickhouse": 0.2 * factor, "sink": 0.05 * factor,
                  "taskmanager": 0.5, "python-workers": 0.1 * factor},
        "records_per_second": {"raw": rate},
        "topic_bytes_per_second": {"raw": 200.0 * rate, "event": 300.0 * rate, "result": 1000.0},
        "bytes_per_row": {"event": 40.0, "result": 20.0},
        "groups": 1000, "groups_per_second": 10.0 * factor, "state_bytes": 100_000,
    }


def figures(**given: float) -> Figures:
    """Give figures of two loads, 1,000 and 2,000 events a second, the greater one first."""
    assumptions = {
        "busy_share": 0.5, "replication": 3.0, "state_hours": 3.0, "bytes_of_an_id": 100.0,
        "disk_share": 0.5, "cores_of_a_broker": 8.0, "cores_of_a_flink_machine": 8.0,
        "cores_of_a_store_node": 16.0, "events_per_second_of_a_city": 10_000.0,
        "cities_of_a_province": 16.0, "cities_of_the_nation": 342.0} | given
    return Figures({"load": [load(2000.0, 2.0), load(1000.0, 1.0)], "assumptions": assumptions,
                    "machine": {"note": "a machine"}})


def amount(needs: list[Need], name: str) -> float:
    """Get one amount by the beginning of its name."""
    found, = (need.amount for need in needs if need.name.startswith(name))
    return found


def test_line_splits_what_stands_from_what_each_event_adds() -> None:
    kafka = figures().line_of("kafka")
    assert kafka.fixed == pytest.approx(0.1)
    assert kafka.each == pytest.approx(0.0001)
    assert kafka.at(10_000) == pytest.approx(1.1)
    assert kafka.reaches(0.7) == pytest.approx(6_000)


def test_what_does_not_grow_reaches_no_limit_and_noise_adds_nothing() -> None:
    assert Straight(0.5, 0.0).reaches(0.7) == float("inf")
    falling = figures().line(lambda one: 3.0 - one["events_per_second"] / 1000)
    assert falling == Straight(2.0, 0.0)


def test_a_city_of_ten_thousand_events_a_second() -> None:
    needs, days = city_needs(figures(), 10_000.0), FAMILY.lifetime.store_days
    # five times the load of 2,000: workers 1.0 core, JVM 2.5
    assert amount(needs, "Flink: cores busy") == pytest.approx(3.5)
    assert amount(needs, "Flink: slots") == 2
    assert amount(needs, "Flink: machines") == 2
    horizon = FAMILY.horizon_seconds + 60
    assert amount(needs, "Flink: ids") == pytest.approx(10_000 * 2 * horizon * 100 / 1e9)
    # 100 groups a second for three hours, 100 bytes each
    assert amount(needs, "Flink: state") == pytest.approx(100 * 10_800 * 100 / 1e9)
    assert amount(needs, "Kafka: cores") == pytest.approx(5 * 0.3 * 3)
    assert amount(needs, "Kafka: brokers") == 3
    assert amount(needs, "Kafka: written") == pytest.approx((5_000_000 + 5_000) * 3 / 1e6)
    assert amount(needs, "Store: cores") == pytest.approx(2.0)
    assert amount(needs, "Store: nodes") == 3
    assert amount(needs, "Store: rows of events") == pytest.approx(
        10_000 * 86_400 * days * 40 / 0.5 / 1e9)


def test_disks_of_the_brokers_hold_each_kind_for_its_hours() -> None:
    life = FAMILY.lifetime
    results = max(one.lifetime.topic_hours for one in registry.results().values())
    kept = 3600 * (2e6 * life.raw_hours + 3e6 * life.topic_hours + 5000 * results)
    assert amount(city_needs(figures(), 10_000.0), "Kafka: disks") == pytest.approx(
        kept * 3 / 0.5 / 1e9)


@pytest.mark.parametrize(("cores", "wanted"), [(0.1, 3), (12.0, 3), (12.1, 4), (40.0, 10)])
def test_machines_are_whole_half_busy_and_never_too_few(cores: float, wanted: int) -> None:
    assert sizing._machines(cores, 8.0, 0.5, 3) == wanted


def test_proportion_is_never_less_than_the_line() -> None:
    known = figures()
    for name in known.components():
        assert known.cores(name).at(10_000) >= known.line_of(name).at(10_000) - 1e-9


def test_lifetime_of_state_is_that_of_the_jobs() -> None:
    from jobs.plan import STATE_TTL_HOURS
    assert Figures.read().given["state_hours"] == STATE_TTL_HOURS


def test_more_events_never_need_less() -> None:
    known = figures()
    few, many = city_needs(known, 1_000.0), city_needs(known, 50_000.0)
    assert all(small.amount <= large.amount for small, large in zip(few, many, strict=True))
