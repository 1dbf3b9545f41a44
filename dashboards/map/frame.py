"""Read everything the wall shows once for all viewers, and frame it for the browser.

One part that fails keeps its last good rows; the browser sees by their times that they age.
"""

from __future__ import annotations

import base64
import logging
import math
import threading
import time
from array import array
from collections.abc import Callable
from functools import cache
from typing import Any

from dashboards.look.theme import COLOURS, GRADES, SEVERITY
from dashboards.look.words import say_all, spell, value_title
from dashboards.map.geometry import Geometry, read_geometry
from dashboards.map.tiles import (
    FAMILIES,
    LIMITS,
    compose_operations,
    compose_tiles,
    compose_unplanned,
    newest,
)
from streams.queries import wall
from streams.queries.reader import Row, Store, open_store
from streams.settings import read_settings

NO_RATIO = 255
# every second time, though a refresh may come a little before its second is over
SOON_SECONDS = 1.5
SLOW_SECONDS = 10.0
# one reading serves all walls that ask so soon after it began
SHARED_SECONDS = 0.8

log = logging.getLogger(__name__)
_good: Row = {}
_read_at: dict[str, float] = {}
_lock = threading.Lock()


@cache
def _store() -> Store:
    """Give the one connection of this process; whoever uses it holds the lock."""
    return open_store()


def _readers(store: Store, city: str) -> dict[str, tuple[float, Callable[[], Any]]]:
    """Name each part with how often, in seconds, and by which query it is read."""
    return {
        "progress": (0, lambda: wall.read_progress(store)),
        "roads": (0, lambda: wall.read_roads(store)),
        "trends": (SOON_SECONDS, lambda: wall.read_trends(store, city)),
        "traffic": (SOON_SECONDS, lambda: wall.read_traffic(store, city)),
        "dots": (SOON_SECONDS, lambda: wall.list_dots(store)),
        "alerts": (SOON_SECONDS, lambda: wall.list_alerts(store)),
        "cases": (SOON_SECONDS, lambda: wall.list_cases(store)),
        "operations": (SOON_SECONDS, lambda: wall.read_operations(store)),
        "parking": (5, lambda: wall.read_parking(store, city)),
        "air": (5, lambda: wall.read_air(store, city)),
        "today": (SLOW_SECONDS, lambda: wall.read_today(store, city)),
        "unplanned": (5, lambda: _unplanned(store)),
    }


def _unplanned(store: Store) -> dict[str, Row]:
    """Read the families nobody planned; a table that is still being made gives nothing yet."""
    found = {}
    for family in wall.list_unplanned():
        try:
            found[family.name] = wall.read_unplanned(store, family)
        except Exception as error:  # the table of a new family follows within seconds
            log.info("%s: %s", family.name, str(error).partition("\n")[0])
    return found


def _read_due(now: float) -> bool:
    """Read the parts that are due into the last good ones; return whether the store answered."""
    store = _store()
    try:
        store.query("SELECT 1", {})
    except Exception as error:  # a wall goes on showing what it has, whatever is broken
        log.warning("store: %s", str(error).partition("\n")[0])
        return False
    for name, (period, read) in _readers(store, read_settings().city).items():
        if now - _read_at.get(name, 0.0) < period:
            continue
        try:
            _good[name] = read()
            _good[f"{name}_at"] = int(time.time() * 1000)
            _read_at[name] = now
        except Exception as error:  # one broken part leaves the others alive
            log.warning("%s: %s", name, str(error).partition("\n")[0])
    return True


def read_parts() -> Row:
    """Read all parts, about once a second however many walls watch.

    A reading counts from when it began: one that takes long must not stand for the next second too.
    """
    with _lock:
        now = time.monotonic()
        if now - _read_at.get("all", -math.inf) >= SHARED_SECONDS:
            _read_at["all"] = now
            _good["answered"] = _read_due(now)
            if _good["answered"]:
                _good["read_at"] = int(time.time() * 1000)
        return dict(_good)


def _ratios(geometry: Geometry, speeds: dict[str, float], by_road: dict[str, float]) -> str:
    """Encode each segment's speed ÷ limit in per cent as one byte; 255 says no data."""
    found = bytearray()
    for name, road, limit in zip(geometry.segments, geometry.segment_roads,
                                 geometry.segment_limits, strict=True):
        speed = speeds.get(name, by_road.get(road))
        found.append(NO_RATIO if speed is None else min(NO_RATIO - 1, round(100 * speed / limit)))
    return base64.b64encode(found).decode()


def _dots(dots: list[tuple[float, float, float, float]]) -> str:
    """Encode dots as float32: longitude, latitude, and eastward and northward speed in m/s."""
    flat = array("f")
    for longitude, latitude, speed, heading in dots:
        angle, metres = math.radians(heading), speed / 3.6
        flat.extend((longitude, latitude, metres * math.sin(angle), metres * math.cos(angle)))
    return base64.b64encode(flat.tobytes()).decode()


def _map(parts: Row, geometry: Geometry) -> Row:
    """Frame what moves on the map."""
    traffic = parts.get("traffic") or {"segments": {}, "areas": {}}
    roads = parts.get("roads") or {"at": None, "speeds": {}}
    areas = {code: round(100 * speed / geometry.area_limits[code])
             for code, speed in traffic["areas"].items() if code in geometry.area_limits}
    at = newest(parts.get("progress") or {}, FAMILIES["map"])
    return {"id": "map", "at": at, "limit": LIMITS["map"], "state": roads["at"],
            "geometry": geometry.version,
            "ratios": _ratios(geometry, traffic["segments"], roads["speeds"]),
            "areas": areas, "dots": _dots(parts.get("dots") or [])}


def _alerts(parts: Row, language: str) -> Row:
    """Frame the alerts with their words in one language."""
    rows = [{"id": row["alert_id"], "at": row["at"], "raised": row["last_state"] == "raised",
             "level": row["level"], "place": row["last_place"], "name": row["name"],
             "word": value_title("alert", "severity", row["level"], language),
             "state": value_title("alert", "state", row["last_state"], language),
             "title": row["en"] if language == "en" else row["zh"]}
            for row in parts.get("alerts") or []]
    return {"id": "alerts", "at": parts.get("alerts_at"), "limit": LIMITS["alerts"], "rows": rows}


def _cases(parts: Row, language: str) -> Row:
    """Frame the newest cases; free text of a case never reaches the wall."""
    rows = [{"id": row["case_id"], "at": row["at"], "area": row["last_area"],
             "step": row["last_step"], "due": row["due"],
             "kind": value_title("grid-case", "category", row["kind"], language),
             "word": value_title("grid-case", "step", row["last_step"], language)}
            for row in parts.get("cases") or []]
    return {"id": "cases", "at": parts.get("cases_at"), "limit": LIMITS["cases"], "rows": rows}


def compose_look(language: str) -> Row:
    """Give the browser its words, grades and colours."""
    return {
        "language": language, "words": say_all(language), "colours": COLOURS,
        "severity": SEVERITY,
        "grades": [{"above": round(one.above * 100), "colour": one.colour,
                    "title": spell(one.title, language)} for one in GRADES],
    }


def compose_frame(parts: Row, language: str) -> Row:
    """Frame all parts for one language."""
    unplanned = parts.get("unplanned") or {}
    return {
        "now": int(time.time() * 1000), "answered": parts["answered"],
        "read_at": parts.get("read_at"), "map": _map(parts, read_geometry()),
        "tiles": compose_tiles(parts, language),
        "alerts": _alerts(parts, language), "cases": _cases(parts, language),
        "operations": compose_operations(parts.get("operations"), language),
        "unplanned": [compose_unplanned(family, unplanned.get(family.name), language)
                      for family in wall.list_unplanned()],
        **compose_look(language),
    }
