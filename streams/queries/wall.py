"""Read what the data-hall wall shows, in natural units, from the views of database `city`.

Moments are whole milliseconds since 1970 UTC; shares are per cent; a figure that nothing supports
is None, never 0. Days begin at midnight in Asia/Shanghai. Nothing here names a person or vehicle.
"""

from __future__ import annotations

from typing import Any

from schemas import registry
from schemas.declare import Family, Field, Kind
from streams.disk import measure
from streams.queries.ledger import AT_REST, list_balances
from streams.queries.names import list_names
from streams.queries.reader import Row, Store

TILED = frozenset({
    "vehicle-position", "traffic-flow", "parking-occupancy", "grid-case", "hotline-call",
    "service-item", "environment-reading", "alert"})

PULSE = """
SELECT toUnixTimestamp(window_start) * 1000 AS at,
    toUnixTimestamp64Milli(computed_at) AS computed,
    speed_samples, speed_sum / nullIf(speed_samples, 0) / 100 AS speed,
    flow_samples, flow_sum / nullIf(flow_samples, 0) / 100 AS flow,
    parking_samples, parking_occupied_sum AS occupied, parking_capacity_sum AS capacity,
    cases_reported, cases_closed, calls, items, items_online,
    pm2_5_samples, pm2_5_sum / nullIf(pm2_5_samples, 0) / 1000 AS pm2_5
FROM city.city_pulse
WHERE window_seconds = 60 AND area = %(city)s AND window_start > now() - INTERVAL 61 MINUTE
ORDER BY at"""

VEHICLES = """
SELECT toUnixTimestamp(window_start) * 1000 AS at, vehicles
FROM city.area_traffic
WHERE window_seconds = 60 AND area = %(city)s AND window_start > now() - INTERVAL 61 MINUTE
ORDER BY at"""

HOTLINE = """
SELECT 100 * sum(answered_in_15s) / nullIf(sum(events), 0) AS quick_share,
    100 * sum(satisfied) / nullIf(sum(rated), 0) AS liked_share
FROM city.hotline_pulse
WHERE window_seconds = 60 AND area = %(city)s
    AND window_start >= toDateTime(toStartOfDay(now('Asia/Shanghai')))"""

TODAY = """
SELECT count() AS minutes, sum(cases_reported) AS reported, sum(cases_closed) AS closed,
    sum(calls) AS called, sum(items) AS handled,
    100 * sum(items_online) / nullIf(sum(items), 0) AS online_share
FROM city.city_pulse
WHERE window_seconds = 60 AND area = %(city)s
    AND window_start >= toDateTime(toStartOfDay(now('Asia/Shanghai')))"""

OPEN_CASES = """
SELECT count() AS open FROM city.grid_case_last
WHERE startsWith(area, %(city)s) AND step NOT IN ('closed', 'voided')"""

PARKING = """
SELECT count() AS places, sum(spaces) AS capacity, sum(spaces - taken) AS vacant,
    100 * sum(taken) / nullIf(sum(spaces), 0) AS share
FROM (SELECT car_park_id, argMax(capacity, observed_at) AS spaces,
        argMax(occupied, observed_at) AS taken, argMax(status, observed_at) AS last_status
    FROM city.parking_occupancy
    WHERE observed_at > now() - INTERVAL 20 MINUTE AND startsWith(area, %(city)s)
    GROUP BY car_park_id)
WHERE last_status = 'open' AND taken IS NOT NULL"""

AIR = """
SELECT uniqExact(station_id) AS stations, avg(value) AS mean, max(value) AS highest
FROM city.environment_reading
WHERE observed_at > now() - INTERVAL 20 MINUTE AND quantity = 'pm2_5'
    AND startsWith(area, %(city)s)"""

PROGRESS = """
SELECT family, toUnixTimestamp64Milli(max(observed_at)) AS at
FROM city.publisher_progress GROUP BY family"""

ROADS = """
SELECT road_id, sum(speed_sum) / nullIf(sum(speed_samples), 0) / 100 AS speed,
    toUnixTimestamp64Milli(max(computed_at)) AS at
FROM city.road_state
WHERE window_seconds = 60 AND window_start > now() - INTERVAL 3 MINUTE
GROUP BY road_id HAVING speed IS NOT NULL"""

SEGMENTS = """
SELECT assumeNotNull(segment_id) AS segment, avg(speed) AS mean
FROM city.vehicle_position
WHERE observed_at > now() - INTERVAL 90 SECOND AND segment_id IS NOT NULL
GROUP BY segment HAVING mean IS NOT NULL"""

AREAS = """
SELECT area, sum(speed_sum) / nullIf(sum(speed_samples), 0) / 100 AS speed
FROM city.area_traffic
WHERE window_seconds = 60 AND window_start > now() - INTERVAL 3 MINUTE
    AND startsWith(area, %(city)s) AND length(area) IN (6, 9)
GROUP BY area HAVING speed IS NOT NULL"""

DOTS = """
SELECT longitude, latitude, speed, heading FROM city.vehicle_position
WHERE observed_at > now() - INTERVAL 12 SECOND
ORDER BY cityHash64(vehicle_id), observed_at DESC LIMIT 1 BY vehicle_id LIMIT 3000"""

ALERTS = """
SELECT alert_id, argMax(state, observed_at) AS last_state, argMax(severity, observed_at) AS level,
    argMax(place, observed_at) AS last_place, argMax(title_zh, observed_at) AS zh,
    argMax(title_en, observed_at) AS en, toUnixTimestamp64Milli(max(observed_at)) AS at
FROM city.alert WHERE observed_at > now() - INTERVAL 24 HOUR
GROUP BY alert_id ORDER BY last_state = 'raised' DESC, at DESC LIMIT 12"""

CASES = """
SELECT case_id, argMax(step, observed_at) AS last_step, argMax(category, observed_at) AS kind,
    argMax(area, observed_at) AS last_area, toUnixTimestamp64Milli(max(observed_at)) AS at,
    toUnixTimestamp64Milli(argMax(due_at, observed_at)) AS due
FROM city.grid_case WHERE observed_at > now() - INTERVAL 24 HOUR
GROUP BY case_id ORDER BY at DESC LIMIT 12"""

LEDGER = f"""
SELECT toUnixTimestamp(minute) * 1000 AS at, sum(received) AS total, sum(refused) AS refusals,
    sum(late) AS lates, sum(duplicates) AS repeats,
    sumIf(abs(residual), in_flight = 0 AND {AT_REST}) AS gap,
    toUnixTimestamp64Milli(max(computed_at)) AS computed
FROM city.ledger WHERE minute > now() - INTERVAL 61 MINUTE GROUP BY at ORDER BY at"""

DELAY = """
SELECT count() AS n,
    quantile(0.99)(toUnixTimestamp64Milli(published_at) - toUnixTimestamp64Milli(received_at))
        AS p99
FROM city.vehicle_position
WHERE observed_at > now() - INTERVAL 60 SECOND"""


def _rounded(row: Row) -> Row:
    """Shorten floating-point figures to three places, so that a refresh stays small."""
    return {k: round(v, 3) if isinstance(v, float) else v for k, v in row.items()}


def _rows(store: Store, sql: str, **params: Any) -> list[Row]:
    """Run one query and list its rows."""
    return [_rounded(row) for row in store.query(sql, params)]


def read_trends(store: Store, city: str) -> dict[str, list[Row]]:
    """Read the last hour, minute by minute: `pulse` of all domains and `vehicles` seen."""
    return {"pulse": _rows(store, PULSE, city=city), "vehicles": _rows(store, VEHICLES, city=city)}


def read_today(store: Store, city: str) -> Row:
    """Read the day's counts and shares of cases, calls and items, and the cases still open."""
    day = _rows(store, TODAY, city=city)[0]
    return {**day, **_rows(store, HOTLINE, city=city)[0], **_rows(store, OPEN_CASES, city=city)[0]}


def read_parking(store: Store, city: str) -> Row:
    """Read the open car parks that reported within 20 minutes: places, capacity, vacant, share."""
    return _rows(store, PARKING, city=city)[0]


def read_air(store: Store, city: str) -> Row:
    """Read PM2.5 (µg/m³) over the stations that reported within 20 minutes."""
    row = _rows(store, AIR, city=city)[0]
    return row if row["stations"] else {"stations": 0, "mean": None, "highest": None}


def read_progress(store: Store) -> dict[str, int]:
    """Read how far the observed time of each family has come."""
    return {row["family"]: row["at"] for row in _rows(store, PROGRESS)}


def read_roads(store: Store) -> Row:
    """Read mean speeds now (km/h) by road as `speeds`, and when the newest was computed, `at`."""
    rows = _rows(store, ROADS)
    return {"at": max((row["at"] for row in rows), default=None),
            "speeds": {row["road_id"]: row["speed"] for row in rows}}


def read_traffic(store: Store, city: str) -> Row:
    """Read mean speeds now (km/h) by `segments` and `areas`."""
    return {"segments": {row["segment"]: row["mean"] for row in _rows(store, SEGMENTS)},
            "areas": {row["area"]: row["speed"] for row in _rows(store, AREAS, city=city)}}


def list_dots(store: Store) -> list[tuple[float, float, float, float]]:
    """List where probe vehicles are now: longitude, latitude, speed, heading; no identity."""
    rows = store.query(DOTS, {})
    return [(row["longitude"], row["latitude"], row["speed"] or 0.0, row["heading"] or 0.0)
            for row in rows]


def list_alerts(store: Store) -> list[Row]:
    """List the newest alerts of 24 hours, those still raised first; `name` is of their places."""
    rows = _rows(store, ALERTS)
    names = list_names(store, [row["last_place"] for row in rows])
    return [row | {"name": names.get(row["last_place"], "")} for row in rows]


def list_cases(store: Store) -> list[Row]:
    """List the cases that moved last within 24 hours, each with its last step and deadline."""
    return _rows(store, CASES)


def read_operations(store: Store) -> Row:
    """Read the last hour's ledger and the delay: `rate` of its newest whole minute, `gap` at rest.

    `gap` sums the residuals' magnitudes, so that a loss and a surplus cannot hide each other.
    """
    rows = _rows(store, LEDGER)
    total = sum(row["total"] for row in rows)
    whole = rows[-2] if len(rows) > 1 else None
    return {
        "gap": sum(row["gap"] for row in rows) if rows else None,
        "rate": whole["total"] / 60 if whole else None,
        "refused": 100 * sum(row["refusals"] for row in rows) / total if total else None,
        "late": sum(row["lates"] for row in rows) if rows else None,
        "duplicates": sum(row["repeats"] for row in rows) if rows else None,
        "rates": [round(row["total"] / 60, 1) for row in rows[:-1]],
        "at": max((row["computed"] for row in rows), default=None),
        "disk_full": measure().is_full, "publishers": list_balances(store), **_delay(store),
    }


def _delay(store: Store) -> Row:
    """Read the 99th percentile, ms, of broker append to store insert over the last minute."""
    row = _rows(store, DELAY)[0]
    return {"delay": row["p99"] if row["n"] else None}


def _shown(family: Family) -> list[Field]:
    """List the first three measuring fields of a family; a position is no measurement."""
    place = family.place or ()
    return [f for f in family.kept if f.kind in (Kind.INTEGER, Kind.DECIMAL)
            and f.name not in place][:3]


def list_unplanned() -> list[Family]:
    """List the registered families that no tile was designed for."""
    registry.refresh()
    return [family for name, family in sorted(registry.families().items()) if name not in TILED]


def read_unplanned(store: Store, family: Family) -> Row:
    """Read the last five minutes of a family: events, and means of its first numbers by key."""
    fields = _shown(family)
    means = "".join(f", avg({f.name}) AS mean_{i}" for i, f in enumerate(fields))
    recent = f"FROM city.{family.table} WHERE observed_at > now() - INTERVAL 5 MINUTE"
    rows = _rows(store, f"SELECT toString({family.key.name}) AS name, count() AS n{means} {recent}"
                 " GROUP BY name ORDER BY n DESC, name LIMIT 4")
    return {
        "events": _rows(store, f"SELECT count() AS n {recent}")[0]["n"],
        "at": read_progress(store).get(family.name), "fields": [f.name for f in fields],
        "rows": [(row["name"], [row[f"mean_{i}"] for i in range(len(fields))]) for row in rows]}
