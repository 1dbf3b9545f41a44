"""Hold the area tree: province 2, city 4, county 6, township 9, village 12, cell 15 digits.

`build_tree` (geo.build) writes it to a directory once; `AreaTree.load` maps it in a fraction of a
second, light enough for every gate worker. A point in the configured city gets its 15-digit cell,
one elsewhere in the nation its county (its city where that has no counties, its province where only
that is drawn), one outside "".
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

from geo.cells import Cells
from geo.divisions import LEVELS
from geo.locate import Locator
from schemas.errors import ComponentError

RASTER_SIZE = 4096


def read_meta(directory: Path) -> dict[str, Any] | None:
    """Read what `meta.json` says of the built tree; None when no tree of this form is there."""
    try:
        meta = json.loads((directory / "meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    whole = isinstance(meta, dict) and (directory / str(meta.get("tables"))).is_dir()
    return meta if whole else None


class AreaTree:
    """Answer which area holds a point, and what an area is called and looks like."""

    def __init__(self, directory: Path, meta: dict[str, Any]) -> None:
        """Open the tables that `meta` names; see `load`."""
        self._directory, self._meta = directory / meta["tables"], meta
        self.city: str = meta["city"]
        self.names: dict[str, str] = meta["names"]
        self.english: dict[str, str] = meta["english"]
        self._villages: list[str] = meta["villages"]
        self._codes_beyond: list[str] = meta["outer"]
        self._inner = Locator.load(self._directory / "city", size=RASTER_SIZE)
        self._cells = Cells.load(self._directory / "cells")
        self._serials = [f"{i:03d}" for i in range(1000)]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Load a built tree; raise ComponentError when there is none."""
        meta = read_meta(directory)
        if meta is None:
            raise ComponentError(f"no area tree in {directory}: run `citybrain areas build`")
        return cls(directory, meta)

    @cached_property
    def _outer(self) -> Locator:
        """Hold the locator of the nation's counties, which most workers never need."""
        return Locator.load(self._directory / "nation", size=RASTER_SIZE)

    def locate_codes(self, lon: Any, lat: Any) -> list[str]:
        """Give the deepest area code of each point (WGS-84 degrees); "" outside or at NaN."""
        lon, lat = np.asarray(lon, float), np.asarray(lat, float)
        village = self._inner.locate(lon, lat)
        codes = [""] * len(lon)
        inside = np.flatnonzero(village >= 0)
        if len(inside):
            serials = self._cells.serial(village[inside], lon[inside], lat[inside])
            for i, one, serial in zip(inside.tolist(), village[inside].tolist(),
                                      serials.tolist(), strict=True):
                codes[i] = self._villages[one] + self._serials[serial]
        beyond = np.flatnonzero((village < 0) & ~np.isnan(lon))
        if len(beyond):
            county = self._outer.locate(lon[beyond], lat[beyond])
            for i, one in zip(beyond.tolist(), county.tolist(), strict=True):
                if one >= 0:
                    codes[i] = self._codes_beyond[one]
        return codes

    def is_synthetic(self, code: str) -> bool:
        """Tell whether an area's borders were generated rather than surveyed."""
        return len(code) > 6 and code[:12] not in self._surveyed

    @cached_property
    def _surveyed(self) -> set[str]:
        """Hold the codes whose borders a city imported."""
        imported: list[str] = self._meta["imported"]
        return {code[:depth] for code in imported for depth in (9, 12)}

    @property
    def report(self) -> dict[str, Any]:
        """Give what did not fit together: see `geo.divisions.Report`; and what was imported."""
        return {**self._meta["report"], "imported": self._meta["imported"]}

    @cached_property
    def _polygons(self) -> dict[str, Geometry]:
        """Hold the polygons of city, counties, townships and villages of the configured city."""
        stored = np.load(self._directory / "polygons.npz", allow_pickle=True)
        shapes = shapely.from_wkb(stored["wkb"])
        return dict(zip(stored["codes"].tolist(), shapes, strict=True))

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Hold the place of each village in the tables."""
        return {code: number for number, code in enumerate(self._villages)}

    @cached_property
    def _cell_counts(self) -> dict[str, int]:
        """Hold the number of cells of each village."""
        return dict(zip(self._villages, self._cells.counts(), strict=True))

    def find_polygon(self, code: str) -> Geometry | None:
        """Find an area's polygon (WGS-84), cells included; None where there is none."""
        if len(code) == 15:
            border = self._polygons.get(code[:12])
            if border is None:
                return None
            return self._cells.polygon(self._numbers[code[:12]], int(code[12:]), border)
        return self._polygons.get(code)

    def name(self, code: str) -> str:
        """Give an area's Chinese name; a cell is named by its village and serial."""
        if len(code) == 15:
            return f"{self.names.get(code[:12], code[:12])} {code[12:]}"
        return self.names.get(code, code)

    def list_children(self, code: str) -> list[str]:
        """List the areas one level below, within the configured city for township and deeper."""
        depths = list(LEVELS)
        if len(code) == 15:
            return []
        depth = depths[depths.index(len(code)) + 1] if code else depths[0]
        if depth == 15:
            return [f"{code}{i:03d}" for i in range(1, self._cell_counts.get(code, 0) + 1)]
        return sorted(one for one in self.names if len(one) == depth and one.startswith(code))

    def count(self, under: str = "") -> dict[str, int]:
        """Count the areas of each level at or below a code.

        Codes count, with a polygon or without, in the nation down to counties and in the city down
        to villages; cells are those of the city's drawn villages.
        """
        counts = dict.fromkeys(LEVELS.values(), 0)
        if len(under) > 6:
            deep = Counter(len(code) for code in self.names if code.startswith(under))
            counts |= {"township": deep[9], "village": deep[12]}
        else:
            for code, depths in self._meta["counts"].items():
                if code.startswith(under):
                    for depth, number in depths.items():
                        counts[LEVELS[int(depth)]] += number
        counts["cell"] = sum(n for v, n in self._cell_counts.items() if v.startswith(under))
        if len(under) == 15:
            counts["cell"] = int(under in self.list_children(under[:12]))
        return counts

    def to_geojson(self, level: str, under: str = "", simplify_m: float = 0.0) -> dict[str, Any]:
        """Give the polygons of a level as GeoJSON, simplified to so many metres, borders shared."""
        depth = {name: digits for digits, name in LEVELS.items()}[level]
        chosen = [c for c in self._polygons if len(c) == depth and c.startswith(under)]
        shapes: NDArray[Any] = np.array([self._polygons[c] for c in chosen], dtype=object)
        if simplify_m and len(chosen):
            shapes = shapely.coverage_simplify(shapes, simplify_m / 111_195.0)
        return {"type": "FeatureCollection", "features": [
            {"type": "Feature", "id": code, "geometry": json.loads(shapely.to_geojson(shape)),
             "properties": {"code": code, "name_zh": self.name(code),
                            "name_en": self.english.get(code, self.name(code)),
                            "synthetic": self.is_synthetic(code)}}
            for code, shape in zip(chosen, shapes, strict=True)]}
