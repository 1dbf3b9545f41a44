"""Name the publishing systems of the living city and what each of them publishes."""

from __future__ import annotations

from streams.publishers import Registration

REGISTRATIONS: tuple[Registration, ...] = tuple(
    Registration(name, title_en, title_zh, "wgs84", list(families))
    for name, title_en, title_zh, *families in (
        ("city-traffic", "Living city: traffic", "模拟城市·交通",
         "vehicle-position", "traffic-flow"),
        ("city-parking", "Living city: parking", "模拟城市·停车", "parking-occupancy"),
        ("city-air", "Living city: air", "模拟城市·环境", "environment-reading"),
        ("city-grid", "Living city: grid cases", "模拟城市·网格", "grid-case"),
        ("city-hotline", "Living city: hotline", "模拟城市·热线", "hotline-call"),
        ("city-service", "Living city: services", "模拟城市·政务", "service-item"),
    ))

ACCOUNTS: dict[str, str] = {family: one.name for one in REGISTRATIONS for family in one.families}
