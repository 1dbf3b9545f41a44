"""Check that car parks stay within their capacity and follow arrivals."""

from __future__ import annotations

from streams.city.parking import CAR_PARKS, PERIOD_SECONDS, Parking, _serving


def test_counts_stay_within_capacity_through_a_day() -> None:
    parking = Parking(1, "r", 0.0)
    states = set()
    for minute in range(24 * 60):
        for step in range(PERIOD_SECONDS):
            for event in parking.events(0, step, minute / 60):
                assert 0 <= event.payload["occupied"] <= event.payload["capacity"]
                states.add(event.payload["status"])
    assert states == {"open", "closed"}


def test_arrivals_nearby_fill_a_car_park() -> None:
    serving = _serving()
    segment, number = next((s, n) for s, n in serving.items() if CAR_PARKS[n].use == "office")
    full, calm = Parking(1, "r", 10.0), Parking(1, "r", 10.0)
    full.arrive([segment] * 50)
    turn = (PERIOD_SECONDS - number) % PERIOD_SECONDS
    one, other = (next(e for e in p.events(0, turn, 10.0)
                       if e.key == CAR_PARKS[number].id).payload["occupied"] for p in (full, calm))
    assert one > other
