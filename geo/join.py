"""Join a file of points with a file of areas: which area holds each point, or why none does."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.area_files import Areas, read_areas
from geo.datum import to_wgs84
from geo.locate import OUTSIDE, Locator
from geo.point_files import Points, Why, read_points
from schemas.errors import CityBrainError

Tell = Callable[[str], None]
# a raster costs about a second; it pays for many points
SMALLEST_RASTER, LARGEST_RASTER = 64, 4096
CHUNK = 250_000


@dataclass(frozen=True, slots=True)
class Columns:
    """Name the columns or properties to read; "" leaves the choice to the reader."""

    lon: str = ""
    lat: str = ""
    point_id: str = ""
    area_id: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Count what a join did; `reasons` counts the points without area by reason."""

    points: int
    located: int
    reasons: dict[str, int]
    seconds: float


def join_files(points: Path, areas: Path, out: Path, tell: Tell, *,
               columns: Columns = Columns(), datum: str = "wgs84") -> Outcome:
    """Write for each point, in file order, its id, the id of its area and why it has none.

    Points are converted from `datum` to WGS-84; of several areas that hold a point the first in
    the file is given. The output is GeoJSON when its name ends in .geojson, else CSV. Raise
    CityBrainError naming the file and what is wrong in it.
    """
    begun = time.monotonic()
    if out.resolve() in (points.resolve(), areas.resolve()):
        raise CityBrainError(f"{out} would overwrite what is read")
    found_areas = read_areas(areas, tell, id_property=columns.area_id)
    found = read_points(points, tell, lon=columns.lon, lat=columns.lat, point_id=columns.point_id)
    index = locate_points(found, found_areas, datum, tell)
    held = np.array([*found_areas.ids, ""], dtype=object)[index]  # -1 is the last: ""
    with _replacing(out) as stream:
        if out.suffix.lower() == ".geojson":
            _write_geojson(stream, found, held)
        else:
            _write_csv(stream, found, held)
    reasons = Counter(found.why.tolist())
    located = reasons.pop("", 0)
    return Outcome(len(held), located, {str(why): n for why, n in sorted(reasons.items())},
                   time.monotonic() - begun)


def locate_points(points: Points, areas: Areas, datum: str, tell: Tell) -> NDArray[np.int64]:
    """Give the index of the area of each point, -1 for none; note why, and convert to WGS-84."""
    index = np.full(len(points.lon), OUTSIDE, dtype=np.int64)
    usable = np.flatnonzero(points.why == "")
    size = int(np.clip(2 * np.sqrt(len(usable)), SMALLEST_RASTER, LARGEST_RASTER))
    locator = Locator(list(areas.shapes), size=size)
    for start in range(0, len(usable), CHUNK):
        part = usable[start:start + CHUNK]
        lon, lat = to_wgs84(datum, points.lon[part], points.lat[part])
        points.lon[part], points.lat[part] = lon, lat
        index[part] = locator.locate(lon, lat)
        if len(usable) > CHUNK:
            tell(f"located {start + len(part):,} of {len(usable):,} points")
    points.why[usable[index[usable] == OUTSIDE]] = Why.OUTSIDE
    return index


@contextmanager
def _replacing(out: Path) -> Iterator[TextIO]:
    """Open a draft that takes the place of `out` when all is written; else nothing is left."""
    draft = out.with_name(out.name + ".part")
    try:
        with draft.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        draft.replace(out)
    except OSError as error:
        raise CityBrainError(f"{out} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def _write_csv(stream: TextIO, points: Points, held: NDArray[Any]) -> None:
    """Write one row a point."""
    table = pd.DataFrame({"id": points.ids, "area": held, "reason": points.why})
    table.to_csv(stream, index=False, lineterminator="\n")


def _write_geojson(stream: TextIO, points: Points, held: NDArray[Any]) -> None:
    """Write one feature a point; its geometry is null where it has no coordinates."""
    stream.write('{"type": "FeatureCollection", "features": [')
    rows = zip(points.ids.tolist(), points.lon.tolist(), points.lat.tolist(), held.tolist(),
               points.why.tolist(), strict=True)
    for number, (name, lon, lat, area, why) in enumerate(rows):
        placed = why in ("", Why.OUTSIDE)
        properties = json.dumps({"id": name, "area": area, "reason": why}, ensure_ascii=False)
        geometry = f'{{"type": "Point", "coordinates": [{lon!r}, {lat!r}]}}' if placed else "null"
        stream.write(f'{"," if number else ""}\n{{"type": "Feature", "geometry": {geometry}, '
                     f'"properties": {properties}}}')
    stream.write("\n]}\n")
