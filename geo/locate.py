"""Find which area holds each of many points: by raster, and exactly on borders.

A raster over the areas holds, for each of its cells that no border touches, the area it lies in;
only points in the other cells take the exact polygon test. Rule for points on borders and in
overlaps: of the areas that a point touches or lies in, the one that comes first wins. The answer is
that of the exact test for every point.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry, STRtree

OUTSIDE = -1
BORDER = -2
DEFAULT_SIZE = 2048


class Locator:
    """Locate points in a list of areas (polygons in degrees, in order of precedence)."""

    def __init__(self, areas: Sequence[Geometry], *, size: int = DEFAULT_SIZE,
                 raster: NDArray[np.int32] | None = None) -> None:
        """Build the raster, `size` cells along its longer side, unless one is given."""
        self._areas = np.array(list(areas), dtype=object)
        shapely.prepare(self._areas)
        self._tree = STRtree(self._areas)
        west, south, east, north = shapely.total_bounds(self._areas) if len(areas) else (0,) * 4
        self._cell = max(float(max(east - west, north - south)) / (size - 2), 1e-9)
        self._west, self._south = float(west) - self._cell, float(south) - self._cell
        self._columns = int((float(east) - self._west) / self._cell) + 2
        self._rows = int((float(north) - self._south) / self._cell) + 2
        self._raster = self._build() if raster is None else raster
        if self._raster.shape != (self._rows, self._columns):
            raise ValueError(f"a raster of {self._raster.shape} does not fit areas that need "
                             f"{(self._rows, self._columns)}")

    def locate(self, lon: Any, lat: Any) -> NDArray[np.int64]:
        """Give the index of the area of each point (degrees), -1 where there is none."""
        lon, lat = np.asarray(lon, float), np.asarray(lat, float)
        with np.errstate(invalid="ignore"):
            x = np.floor((lon - self._west) / self._cell)
            y = np.floor((lat - self._south) / self._cell)
            inside = (x >= 0) & (x < self._columns) & (y >= 0) & (y < self._rows)
        found = np.full(lon.shape, OUTSIDE, dtype=np.int64)
        found[inside] = self._raster[y[inside].astype(np.int64), x[inside].astype(np.int64)]
        near = np.flatnonzero(found == BORDER)
        if len(near):
            found[near] = self.locate_exactly(lon[near], lat[near])
        return found

    def locate_exactly(self, lon: NDArray[np.float64],
                       lat: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give the same by the exact test alone."""
        found = np.full(len(lon), len(self._areas), dtype=np.int64)
        # boxes first, then the test of prepared areas: the tree itself would prepare the points
        points, areas = self._tree.query(shapely.points(lon, lat))
        held = shapely.intersects_xy(self._areas[areas], lon[points], lat[points])
        np.minimum.at(found, points[held], areas[held])
        found[found == len(self._areas)] = OUTSIDE
        return found

    def _build(self) -> NDArray[np.int32]:
        """Mark cells near borders, then fill each run of other cells by testing its first one."""
        raster = np.zeros((self._rows, self._columns), dtype=np.int32)
        self._mark_borders(raster)
        free = raster != BORDER
        first = free.copy()
        first[:, 1:] &= ~free[:, :-1]
        y, x = np.nonzero(first)
        areas = self.locate_exactly(self._west + (x + 0.5) * self._cell,
                                    self._south + (y + 0.5) * self._cell)
        run = np.cumsum(first.ravel()).reshape(raster.shape) - 1
        raster[free] = areas[run[free]].astype(np.int32)
        return raster

    def _mark_borders(self, raster: NDArray[np.int32]) -> None:
        """Mark every cell that a border may touch: those around points half a cell apart on it."""
        for area in self._areas:
            for ring in shapely.get_parts(shapely.boundary(area)):
                spaced = shapely.get_coordinates(shapely.segmentize(ring, self._cell / 2))
                x = ((spaced[:, 0] - self._west) / self._cell).astype(np.int64)
                y = ((spaced[:, 1] - self._south) / self._cell).astype(np.int64)
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        raster[np.clip(y + dy, 0, self._rows - 1),
                               np.clip(x + dx, 0, self._columns - 1)] = BORDER

    def save(self, directory: Path) -> None:
        """Write areas and raster to a directory."""
        directory.mkdir(parents=True, exist_ok=True)
        np.save(directory / "raster.npy", self._raster)
        np.save(directory / "areas.npy", shapely.to_wkb(self._areas), allow_pickle=True)

    @classmethod
    def load(cls, directory: Path, *, size: int = DEFAULT_SIZE) -> Self:
        """Read what was saved; the raster is mapped, so that processes share its memory."""
        areas = shapely.from_wkb(np.load(directory / "areas.npy", allow_pickle=True))
        return cls(list(areas), size=size, raster=np.load(directory / "raster.npy", mmap_mode="r"))
