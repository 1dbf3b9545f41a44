"""Guess in which zone local times are told, from where the points lie."""

from __future__ import annotations

import math
import re
from functools import cache
from importlib import resources

HOME = "Asia/Shanghai"
_POSITION = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?$")


@cache
def _principal_places() -> tuple[tuple[str, float, float], ...]:
    """Read the principal place of each zone (name, longitude, latitude) from the zone database."""
    table = resources.files("tzdata.zoneinfo").joinpath("zone1970.tab").read_text("utf-8")
    found = []
    for line in table.splitlines():
        parts = line.split("\t")
        position = _POSITION.match(parts[1]) if len(parts) > 2 else None
        if position:
            lat, lon = (_degrees(*position.group(i, i + 1, i + 2, i + 3)) for i in (1, 5))
            found.append((parts[2], lon, lat))
    return tuple(found)


def _degrees(sign: str, whole: str, minutes: str, seconds: str | None) -> float:
    """Read degrees, minutes and seconds."""
    value = int(whole) + int(minutes) / 60 + int(seconds or 0) / 3600
    return -value if sign == "-" else value


def nearest_zones(longitude: float, latitude: float) -> tuple[str, str]:
    """Give the two zones whose principal places lie nearest to a point (degrees, WGS-84)."""
    def distance(place: tuple[str, float, float]) -> float:
        """Measure the angle between the point and a place."""
        _, lon, lat = place
        a, b = math.radians(lat), math.radians(latitude)
        return math.acos(min(1.0, math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b)
                             * math.cos(math.radians(lon - longitude))))

    first, second = sorted(_principal_places(), key=distance)[:2]
    return first[0], second[0]
