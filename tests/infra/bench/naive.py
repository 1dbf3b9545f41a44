"""Do the benchmark's job one record after the other, in plain Python, for a few thousand."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

import shapely

LIMITS = {"longitude": (-180, 180), "latitude": (-90, 90), "speed": (0, 250), "heading": (0, 360)}
ROAD_CLASSES = {"motorway", "trunk", "primary", "secondary", "residential"}
HORIZON_MS = 600_000
Key = tuple[int, int, str, str]
Row = tuple[int, int, int, int, int]


def read(body: bytes) -> dict[str, object] | None:
    """Read a record; None when it is malformed."""
    try:
        told = json.loads(body)
    except ValueError:
        return None
    for name, (least, most) in LIMITS.items():
        if not isinstance(told.get(name), int | float) or not least <= told[name] <= most:
            return None
    return told if told["road_class"] in ROAD_CLASSES else None


def percentile(bins: list[int]) -> int:
    """Give the 85th percentile in hundredths, between the two nearest ranks."""
    bins, rank = sorted(bins), (len(bins) - 1) * 85
    low = bins[rank // 100]
    high = bins[min(rank // 100 + 1, len(bins) - 1)]
    return low * 100 + (high - low) * (rank % 100)


def compute(bodies: Iterable[bytes], appended_at: int, areas: dict[str, shapely.Polygon]
            ) -> tuple[dict[Key, Row], dict[str, int]]:
    """Give the windows by key, and how many records had each fate."""
    speeds: dict[Key, list[int]] = defaultdict(list)
    fates, seen = dict.fromkeys(("good", "duplicate", "late", "malformed"), 0), set()
    for body in bodies:
        told = read(body)
        if told is None:
            fates["malformed"] += 1
        elif appended_at - int(str(told["observed_at"])) > HORIZON_MS:
            fates["late"] += 1
        elif told["id"] in seen:
            fates["duplicate"] += 1
        else:
            fates["good"] += 1
            seen.add(told["id"])
            _count(told, areas, speeds)
    return {key: (len(many), sum(many), percentile([one // 100 for one in many]), min(many),
                  max(many)) for key, many in speeds.items()}, fates


def _count(told: dict[str, object], areas: dict[str, shapely.Polygon],
           speeds: dict[Key, list[int]]) -> None:
    """Count one good record in its windows."""
    point = shapely.Point(float(str(told["longitude"])), float(str(told["latitude"])))
    area = next((code for code, shape in areas.items() if shape.intersects(point)), None)
    if area is None:
        return
    for seconds in (10, 60):
        start = int(str(told["observed_at"])) // 1000 // seconds * seconds
        speeds[seconds, start, area, str(told["road_class"])].append(
            round(float(str(told["speed"])) * 100))
