"""Compose the headline tiles from what the queries read; every figure may be missing (None)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from dashboards.look.words import field_title, say, title, unit
from schemas.declare import Family
from streams.queries.ledger import TERMS

Row = dict[str, Any]
# name, figures, trend, decimals of the trend
MakeTile = Callable[..., Row]

# Seconds after which a tile's data counts as out of date: several times its source's usual period.
LIMITS: dict[str, int] = {
    "traffic": 30, "parking": 300, "environment": 300, "governance": 900, "hotline": 900,
    "service": 900, "operations": 180, "map": 30, "alerts": 30, "cases": 30, "unplanned": 300,
}
FAMILIES: dict[str, tuple[str, ...]] = {
    "traffic": ("vehicle-position", "traffic-flow"), "map": ("vehicle-position",),
    "parking": ("parking-occupancy",), "environment": ("environment-reading",),
    "governance": ("grid-case",), "hotline": ("hotline-call",), "service": ("service-item",),
}


def _figure(label: str, value: float | None, unit: str = "", digits: int = 0) -> Row:
    """Describe one figure: its words, value, unit and decimals."""
    return {"label": label, "value": value, "unit": unit, "digits": digits}


def _weighted(rows: list[Row], value: str, weight: str) -> float | None:
    """Average the newest two minutes by their samples, so that a minute's start is no jump."""
    last = [row for row in rows[-2:] if row[value] is not None and row[weight]]
    total = sum(row[weight] for row in last)
    return sum(row[value] * row[weight] for row in last) / total if total else None


def _five_minutes(rows: list[Row], column: str) -> list[float]:
    """Sum a count over whole five-minute steps of the last hour."""
    sums: dict[int, float] = {}
    for row in rows:
        sums[row["at"] // 300_000] = sums.get(row["at"] // 300_000, 0) + (row[column] or 0)
    return [sums[key] for key in sorted(sums)][1:-1]


def _share(rows: list[Row]) -> list[float | None]:
    """Give the taken share of car parks for each minute, in per cent."""
    return [100 * row["occupied"] / row["capacity"] if row["capacity"] else None for row in rows]


def newest(progress: dict[str, int], families: Iterable[str]) -> int | None:
    """Give the newest observed time among some families, or None."""
    return max((progress[one] for one in families if one in progress), default=None)


def _tile(name: str, language: str, at: int | None, figures: list[Row],
          trend: list[Any], digits: int = 0) -> Row:
    """Put one tile together: the first figure is its headline."""
    return {"id": name, "title": say(name, language), "at": at, "limit": LIMITS[name],
            "head": figures[0], "more": figures[1:], "trend": trend, "trend_digits": digits,
            "trend_label": say(f"trend.{name}", language)}


def compose_tiles(parts: Row, language: str) -> list[Row]:
    """Compose the six headline tiles in the order in which they stand."""
    trends = parts.get("trends") or {"pulse": [], "vehicles": []}
    progress = parts.get("progress") or {}

    def tile(name: str, figures: list[Row], trend: list[Any], digits: int = 0) -> Row:
        """Put a tile together, as old as the newest of its families."""
        return _tile(name, language, newest(progress, FAMILIES[name]), figures, trend, digits)

    return [*_measured_tiles(parts, trends, tile, language),
            *_worked_tiles(parts.get("today") or {}, trends["pulse"], tile, language)]


def _measured_tiles(parts: Row, trends: Row, tile: MakeTile, language: str) -> list[Row]:
    """Compose the tiles of what sensors measure: traffic, parking, environment."""
    pulse, parking, air = trends["pulse"], parts.get("parking") or {}, parts.get("air") or {}
    seen = [row["vehicles"] for row in trends["vehicles"][-2:] if row["vehicles"] is not None]
    words, hour = partial(say, language=language), pulse[:-1]
    return [
        tile("traffic", [
            _figure(words("traffic.speed"), _weighted(pulse, "speed", "speed_samples"), "km/h", 1),
            _figure(words("traffic.flow"), _weighted(pulse, "flow", "flow_samples"),
                    unit("veh/h", language)),
            _figure(words("traffic.vehicles"), max(seen, default=None))],
            [row["speed"] for row in hour], 1),
        tile("parking", [
            _figure(words("parking.share"), parking.get("share"), "%", 1),
            _figure(words("parking.vacant"), parking.get("vacant")),
            _figure(words("parking.places"), parking.get("places") or None)], _share(hour), 1),
        tile("environment", [
            _figure(words("environment.pm2_5"), air.get("mean"), "µg/m³"),
            _figure(words("environment.highest"), air.get("highest")),
            _figure(words("environment.stations"), air.get("stations") or None)],
            [row["pm2_5"] for row in hour])]


def _worked_tiles(day: Row, pulse: list[Row], tile: MakeTile, language: str) -> list[Row]:
    """Compose the tiles of what people work on: governance, hotline, services."""
    words = partial(say, language=language)
    return [
        tile("governance", [
            _figure(words("governance.reported"), day.get("reported")),
            _figure(words("governance.closed"), day.get("closed")),
            _figure(words("governance.open"), day.get("open") if day.get("minutes") else None)],
            _five_minutes(pulse, "cases_reported")),
        tile("hotline", [
            _figure(words("hotline.calls"), day.get("called")),
            _figure(words("hotline.quick"), day.get("quick_share"), "%", 1),
            _figure(words("hotline.satisfied"), day.get("liked_share"), "%", 1)],
            _five_minutes(pulse, "calls")),
        tile("service", [
            _figure(words("service.online"), day.get("online_share"), "%", 1),
            _figure(words("service.items"), day.get("handled"))],
            _five_minutes(pulse, "items"))]


def compose_unplanned(family: Family, data: Row | None, language: str) -> Row:
    """Compose the tile of a family nobody planned, all words from its declaration."""
    data = data or {"events": None, "at": None, "fields": [], "rows": []}
    units = {one.name: one.unit for one in family.fields}
    return {
        "id": f"unplanned-{family.name}", "title": title(family, language),
        "at": data["at"], "limit": LIMITS["unplanned"],
        "head": _figure(say("unplanned.events", language), data["events"]),
        "columns": [field_title(family, family.key.name, language)] + [
            field_title(family, one, language)
            + (f" {unit(units[one], language)}" if units[one] else "")
            for one in data["fields"]],
        "rows": data["rows"],
    }


def compose_operations(data: Row | None, language: str) -> Row:
    """Compose the operations tile; its first figure must be 0."""
    data = data or {}
    delay = data.get("delay")
    title = ["operations", *(["state.disk"] if data.get("disk_full") else [])]

    def figure(key: str, value: float | None, unit_name: str = "", digits: int = 0) -> Row:
        """Make one figure of the tile."""
        return _figure(say(f"operations.{key}", language), value, unit_name, digits)

    return {
        "id": "operations", "title": " · ".join(say(one, language) for one in title),
        "at": data.get("at"), "limit": LIMITS["operations"], "gap": data.get("gap"),
        "disk_full": bool(data.get("disk_full")),
        "figures": [
            figure("residual", data.get("gap")),
            figure("rate", data.get("rate"), unit("/s", language)),
            figure("delay", delay / 1000 if delay is not None else None, unit("s", language), 2),
            figure("refused", data.get("refused"), "%", 2),
            figure("late", data.get("late")), figure("duplicates", data.get("duplicates"))],
        "trend": data.get("rates") or [], "trend_digits": 0,
        "trend_label": say("trend.operations", language),
        "balances": _balances(data.get("publishers") or [], language),
    }


def _balances(rows: list[Row], language: str) -> list[Row]:
    """Compose the equation of each publisher; only the wrong ones where there are any."""
    wrong = [row for row in rows if row["residual"]]
    terms = [(name, say(f"balance.{name}", language)) for name in TERMS]
    return [{"publisher": row["publisher"], "wrong": bool(row["residual"]),
             "received": [say("balance.received", language), row["received"]],
             "terms": [[label, row[name]] for name, label in terms],
             "residual": [say("operations.residual", language), row["residual"]]}
            for row in wrong or rows]
