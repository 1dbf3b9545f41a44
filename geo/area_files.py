"""Read areas from GeoJSON or GeoPackage: ids, WGS-84 polygons, and what had to be mended.

GeoJSON is WGS-84 unless its `crs` member (of the 2008 draft) says otherwise; a GeoPackage must name
its coordinate system. Other systems are converted.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from geo.divisions import keep_polygons, repair
from schemas.errors import CityBrainError

Tell = Callable[[str], None]
Row = dict[str, Any]
WGS84 = "EPSG:4326"
SQLITE = b"SQLite format 3\0"
TOLD = 5


@dataclass(slots=True)
class Areas:
    """Hold areas in file order: ids, polygons (WGS-84), properties, and what was mended."""

    file: Path
    ids: list[str]
    shapes: NDArray[Any]
    rows: list[Row]
    repaired: list[str]
    duplicates: list[str]

    @property
    def properties(self) -> list[str]:
        """List the properties that any area has."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def texts(self, name: str) -> list[str]:
        """Give a property of each area as text, "" where there is none; raise when none has it."""
        if name not in self.properties:
            raise CityBrainError(
                f"{self.file}: no property {name!r} among {', '.join(self.properties)}")
        return [_text(row.get(name)) for row in self.rows]


@dataclass(slots=True)
class _Features:
    """Hold features as read: ids and whether their author gave them, properties, shapes, system."""

    ids: list[str]
    ids_given: bool
    rows: list[Row]
    shapes: NDArray[Any]
    system: pyproj.CRS


def read_areas(file: Path, tell: Tell, *, id_property: str = "", preferred: str = "") -> Areas:
    """Read a file of polygons; raise CityBrainError naming the file and the area at fault.

    Without `id_property` the ids are the property `preferred` if there is one, else the features'
    own, else the first property of which no two areas have the same value.
    """
    with file.open("rb") as stream:
        packed = stream.read(len(SQLITE)) == SQLITE
    found = _read_geopackage(file, tell) if packed else _read_geojson(file)
    if not found.rows:
        raise CityBrainError(f"{file} holds no areas")
    ids = _ids(file, found, id_property, preferred, tell)
    shapes = _to_wgs84(file, found)
    repaired = _check(file, ids, shapes)
    areas = Areas(file, ids, shapes, found.rows, repaired,
                  [one for one, number in Counter(ids).items() if number > 1])
    if repaired:
        tell(f"{file}: {len(repaired)} self-intersecting areas are repaired: {_some(repaired)}")
    if areas.duplicates:
        tell(f"{file}: several areas have the same id: {_some(areas.duplicates)}")
    return areas


def _some(names: Sequence[str]) -> str:
    """Name the first few, and how many more there are."""
    more = f" and {len(names) - TOLD} more" if len(names) > TOLD else ""
    return ", ".join(names[:TOLD]) + more


def _text(value: Any) -> str:
    """Give a property as text: whole numbers without a point, "" for what is missing."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def parse_geojson(file: Path) -> tuple[list[Row], Row]:
    """Give the features of a GeoJSON file and the root; raise CityBrainError if it is none."""
    try:
        root = json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        raise CityBrainError(f"{file} is not GeoJSON: {str(error)[:200]}") from error
    kind = root.get("type") if isinstance(root, dict) else type(root).__name__
    if kind == "Feature":
        features = [root]
    elif kind == "FeatureCollection" and isinstance(root.get("features"), list):
        features = root["features"]
    else:
        raise CityBrainError(f"{file} is not GeoJSON features, but {str(kind)[:40]!r}")
    for number, one in enumerate(features, 1):
        if not isinstance(one, dict) or one.get("type") != "Feature":
            raise CityBrainError(f"{file}: entry {number} is not a Feature")
    return features, root


def _read_geojson(file: Path) -> _Features:
    """Read GeoJSON; a geometry that cannot be read is refused with its feature named."""
    features, root = parse_geojson(file)
    texts = [json.dumps(one.get("geometry")) for one in features]
    shapes = shapely.from_geojson(texts, on_invalid="ignore")
    ids = [_text(one.get("id")) for one in features]
    rows = [row if isinstance(row := one.get("properties"), dict) else {} for one in features]
    for number in np.flatnonzero([shape is None for shape in shapes]):
        if texts[number] == "null":
            continue
        try:
            shapely.from_geojson(texts[number])
            reason = "not a geometry"
        except shapely.errors.GEOSException as error:
            reason = str(error)
        named = ids[number] or ", ".join(f"{k}={v}" for k, v in list(rows[number].items())[:3])
        raise CityBrainError(f"{file}: feature {number + 1} ({named}): {reason[:200]}")
    return _Features(ids, True, rows, np.array(shapes, dtype=object), _geojson_system(file, root))


def _geojson_system(file: Path, root: Row) -> pyproj.CRS:
    """Give the coordinate system that a `crs` member names, else WGS-84."""
    member = root.get("crs")
    if member is None:
        return pyproj.CRS(WGS84)
    try:
        return pyproj.CRS(member["properties"]["name"])
    except (KeyError, TypeError, pyproj.exceptions.CRSError) as error:
        raise CityBrainError(f"{file}: crs {json.dumps(member)[:100]} is not known") from error


def _read_geopackage(file: Path, tell: Tell) -> _Features:
    """Read the first layer of a GeoPackage that has geometries."""
    try:
        layers = [name for name, kind in pyogrio.list_layers(file).tolist() if kind]
        if not layers:
            raise CityBrainError(f"{file} has no layer with geometries")
        if len(layers) > 1:
            tell(f"{file}: layer {layers[0]} is read, of {', '.join(layers)}")
        meta, fids, shapes, columns = pyogrio.raw.read(file, layer=layers[0], return_fids=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        raise CityBrainError(f"{file} is not a GeoPackage: {str(error)[:200]}") from error
    # GDAL calls the two "undefined" systems of the standard (0 and -1) so
    if not meta["crs"] or "undefined" in meta["crs"].lower():
        raise CityBrainError(f"{file}: layer {layers[0]} names no coordinate system (srs_id)")
    names = meta["fields"].tolist()
    rows = [dict(zip(names, values, strict=True)) for values in zip(*(
        column.tolist() for column in columns), strict=True)] or [{} for _ in fids]
    return _Features([str(fid) for fid in fids], False, rows,
                     np.asarray(shapely.from_wkb(shapes), dtype=object), pyproj.CRS(meta["crs"]))


def _ids(file: Path, found: _Features, wanted: str, preferred: str, tell: Tell) -> list[str]:
    """Choose what identifies areas; raise when a property is missing, as a whole or of an area."""
    names = list(dict.fromkeys(name for row in found.rows for name in row))
    columns = {name: [_text(row.get(name)) for row in found.rows] for name in names}
    if wanted or preferred in columns:
        name = wanted or preferred
        if name not in columns:
            raise CityBrainError(f"{file}: no property {name!r} among {', '.join(names)}")
        if "" in columns[name]:
            number = columns[name].index("") + 1
            raise CityBrainError(f"{file}: feature {number} has no {name!r}")
        return columns[name]
    unique = [name for name in names if _distinct(columns[name])]
    if _distinct(found.ids) and (found.ids_given or not unique):
        tell(f"{file}: areas are named by their feature id")
        return found.ids
    if not unique:
        raise CityBrainError(f"{file}: nothing identifies each area: no ids, and no property"
                             f" without repetition among {', '.join(names) or 'none'}")
    tell(f"{file}: areas are named by the property {unique[0]!r}")
    return columns[unique[0]]


def _distinct(texts: list[str]) -> bool:
    """Tell whether every text is there, and only once."""
    return "" not in texts and len(set(texts)) == len(texts)


def _to_wgs84(file: Path, found: _Features) -> NDArray[Any]:
    """Give the shapes in longitude and latitude of WGS-84."""
    flat = shapely.force_2d(found.shapes)
    if found.system.equals(pyproj.CRS(WGS84), ignore_axis_order=True):
        return np.asarray(flat)
    try:
        convert = pyproj.Transformer.from_crs(found.system, WGS84, always_xy=True)
        return np.asarray(shapely.transform(
            flat, lambda points: np.column_stack(convert.transform(*points.T))))
    except pyproj.exceptions.ProjError as error:
        raise CityBrainError(f"{file}: {found.system.name}: {error}") from error


def _check(file: Path, ids: list[str], shapes: NDArray[Any]) -> list[str]:
    """Repair what intersects itself, in place, and name it; raise on what is no polygon."""
    repaired = []
    for number, (one, shape) in enumerate(zip(ids, shapes, strict=True)):
        if reason := _fault(shape):
            raise CityBrainError(f"{file}: area {one} (feature {number + 1}): {reason}")
        if shape.is_valid:
            shapes[number] = keep_polygons(shape)
            continue
        mended = repair(shape)
        if mended is None:
            raise CityBrainError(f"{file}: area {one}: nothing is left of it when repaired")
        shapes[number] = mended
        repaired.append(one)
    return repaired


def _fault(shape: Geometry | None) -> str:
    """Say what makes a shape useless as an area, "" if nothing does."""
    if shape is None or shape.is_empty:
        return "the geometry is empty"
    if shapely.get_dimensions(shape) < 2:
        return f"a {shape.geom_type} is not an area"
    west, south, east, north = shape.bounds
    if not (west >= -180 and south >= -90 and east <= 180 and north <= 90):
        bounds = ", ".join(f"{value:g}" for value in shape.bounds)
        return f"bounds {bounds} are not degrees; is it in another coordinate system?"
    return ""
