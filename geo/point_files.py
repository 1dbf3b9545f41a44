"""Read points from CSV or GeoJSON once: ids, coordinates, and why a point has none.

CSV may be UTF-8, with or without byte-order mark, UTF-16 with one, or GB 18030; its columns are
found by name, and commas, semicolons and tabs divide fields.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geo.area_files import Row, parse_geojson
from schemas.errors import CityBrainError

Tell = Callable[[str], None]
LONGITUDES = ("lon", "lng", "long", "longitude", "x", "经度")
LATITUDES = ("lat", "latitude", "y", "纬度")
DELIMITERS = ",;\t"


class Why(StrEnum):
    """Name why a point got no area."""

    MISSING = "missing-coordinate"
    NOT_A_NUMBER = "not-a-number"
    NOT_A_POINT = "not-a-point"
    OUT_OF_RANGE = "out-of-range"
    OUTSIDE = "outside-every-area"


@dataclass(slots=True)
class Points:
    """Hold points in file order: ids, degrees (NaN where there are none), and why ("": none)."""

    ids: NDArray[Any]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    why: NDArray[Any]


def read_points(file: Path, tell: Tell, *, lon: str = "", lat: str = "",
                point_id: str = "") -> Points:
    """Read points; raise CityBrainError naming the file and the column or property at fault."""
    data = file.read_bytes()
    if not data.strip():
        raise CityBrainError(f"{file} is empty")
    if data.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"{", b"["):
        if lon or lat:
            raise CityBrainError(f"{file} is GeoJSON: --lon and --lat name columns of CSV")
        del data
        points = _read_geojson(file, point_id, tell)
    else:
        points = _read_csv(file, data, (lon, lat, point_id), tell)
    beyond = (points.why == "") & ((np.abs(points.lon) > 180) | (np.abs(points.lat) > 90))
    points.why[beyond] = Why.OUT_OF_RANGE
    if len(beyond) and beyond.all() and (np.abs(points.lon) <= 90).all():
        tell(f"{file}: every latitude is out of range: are longitude and latitude exchanged?")
    return points


def _decode(file: Path, data: bytes) -> tuple[str, str]:
    """Give the encoding of the text and its first line; raise when it is none of those known."""
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text[:10_000]:
            lines = text[:100_000].lstrip("\r\n").splitlines()
            if not lines:  # nothing but the mark of its encoding
                raise CityBrainError(f"{file} is empty")
            return encoding, lines[0]
    raise CityBrainError(f"{file} is neither UTF-8 nor GB 18030 text, nor GeoJSON")


def _read_csv(file: Path, data: bytes, wanted: tuple[str, str, str], tell: Tell) -> Points:
    """Read the two or three columns that matter, as text first, so that faults can be told."""
    encoding, first = _decode(file, data)
    delimiter = max(DELIMITERS, key=first.count)
    header = next(csv.reader([first], delimiter=delimiter))
    lon = _column(file, header, wanted[0], LONGITUDES, "longitude (--lon)")
    lat = _column(file, header, wanted[1], LATITUDES, "latitude (--lat)")
    named = wanted[2] or next((one for one in header if one.strip().lower() == "id"), "")
    chosen = [lon, lat, *([_column(file, header, named, (), "id (--id)")] if named else [])]
    tell(f"{file}: longitude is {header[lon]!r}, latitude {header[lat]!r}, "
         f"id {named or 'the number of the row'!r}")
    order = sorted(set(chosen))
    try:
        table = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False, usecols=order,
                            encoding=encoding, sep=delimiter, index_col=False, header=0)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise CityBrainError(f"{file}: {str(error).strip()[:200]}") from error
    columns = [table.iloc[:, order.index(one)] for one in chosen]
    why = np.full(len(table), "", dtype=object)
    x, y = (_numbers(column, why) for column in columns[:2])
    ids = columns[2].to_numpy(object) if named else np.arange(1, len(table) + 1).astype(str)
    return Points(ids, x, y, why)


def _column(file: Path, header: Sequence[str], wanted: str, guesses: Sequence[str],
            what: str) -> int:
    """Find the place of a column by its name, or by the names it usually has."""
    there = f"{file} has the columns {', '.join(header)}"
    if wanted:
        if header.count(wanted) == 1:
            return header.index(wanted)
        near = difflib.get_close_matches(wanted, header, 1)
        hint = f"; is it {near[0]!r}?" if near and near[0] != wanted else ""
        number = "two columns" if wanted in header else "no column"
        raise CityBrainError(f"{number} {wanted!r} for the {what}: {there}{hint}")
    plain = [name.strip().lower() for name in header]
    for guess in guesses:
        if plain.count(guess) == 1:
            return plain.index(guess)
    raise CityBrainError(f"no column is plainly the {what}: {there}")


def _numbers(column: pd.Series[str], why: NDArray[Any]) -> NDArray[np.float64]:
    """Turn text into numbers; note in `why` which are missing or none."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(np.float64, copy=True)
    bad = ~np.isfinite(values)
    values[bad] = np.nan
    empty = np.zeros(len(values), dtype=bool)
    empty[bad] = (column[bad].isna() | (column[bad].str.strip() == "")).to_numpy()
    why[bad & ~empty & (why == "")] = Why.NOT_A_NUMBER
    why[empty] = Why.MISSING
    return values


def _read_geojson(file: Path, point_id: str, tell: Tell) -> Points:
    """Read point features; another geometry is a reason, not an error."""
    features, root = parse_geojson(file)
    if root.get("crs") is not None and "CRS84" not in str(root["crs"]):
        raise CityBrainError(f"{file}: points must be in WGS-84, not {str(root['crs'])[:100]}")
    why = np.full(len(features), "", dtype=object)
    places = np.full((len(features), 2), np.nan)
    for number, one in enumerate(features):
        why[number] = _place(one.get("geometry"), places[number])
    ids = np.array(_point_ids(file, features, point_id, tell), dtype=object)
    return Points(ids, places[:, 0].copy(), places[:, 1].copy(), why)


def _place(geometry: Any, place: NDArray[np.float64]) -> str:
    """Write a geometry's coordinates to `place`; give why there are none, else ""."""
    if geometry is None:
        return Why.MISSING
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return Why.NOT_A_POINT
    given = geometry.get("coordinates")
    if not isinstance(given, list) or len(given) < 2 or None in given[:2]:
        return Why.MISSING
    if not all(isinstance(one, int | float) and abs(one) < 1e300 for one in given[:2]):
        return Why.NOT_A_NUMBER
    place[:] = given[:2]
    return ""


def _point_ids(file: Path, features: list[Row], wanted: str, tell: Tell) -> list[str]:
    """Give each point's id: the property asked for, else the feature's, else `id`, else its row."""
    rows = [row if isinstance(row := one.get("properties"), dict) else {} for one in features]
    if wanted or (rows and all("id" in row for row in rows)):
        name = wanted or "id"
        known = list(dict.fromkeys(key for row in rows for key in row))
        if rows and name not in known:
            raise CityBrainError(f"{file}: no property {name!r} among {', '.join(known)}")
        return [str(row.get(name, "")) for row in rows]
    if rows and all("id" in one for one in features):
        return [str(one["id"]) for one in features]
    tell(f"{file}: points are named by their number")
    return [str(number) for number in range(1, len(features) + 1)]
