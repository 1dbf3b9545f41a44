"""Number the cells (单元网格) of villages: squares of about 10,000 m², cut by the village's border.

A village's squares stand on a grid of its own; those that hold a part of the village are numbered
row by row from the south-west, three digits. Where 999 would not do the squares are larger. Cells
are never stored as polygons: a point's cell follows by arithmetic from its village's small table
(GB/T 30428.1: cells never cross a village, overlap or leave a gap).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import Geometry

METRES_A_DEGREE = 111_195.0
MOST_CELLS = 999
DEFAULT_SIDE_M = 100.0


@dataclass(slots=True)
class Grid:
    """Hold one village's grid: origin and steps in degrees, serials row by row (0: no cell)."""

    west: float
    south: float
    step_lon: float
    step_lat: float
    serials: NDArray[np.int16]


def make_grid(village: Geometry, side_m: float = DEFAULT_SIDE_M) -> Grid:
    """Lay squares over a village, larger ones until there are at most 999."""
    west, south, east, north = village.bounds
    shapely.prepare(village)
    side = max(side_m, float(np.sqrt(_square_metres(village) / MOST_CELLS)))
    while True:
        step_lat = side / METRES_A_DEGREE
        step_lon = step_lat / float(np.cos(np.radians((south + north) / 2)))
        columns = int((east - west) / step_lon) + 1
        rows = int((north - south) / step_lat) + 1
        x, y = np.meshgrid(np.arange(columns), np.arange(rows))
        squares = shapely.box(west + x * step_lon, south + y * step_lat,
                              west + (x + 1) * step_lon, south + (y + 1) * step_lat)
        held = shapely.intersects(village, squares)
        held[held] = ~shapely.touches(village, squares[held])  # a cell has an area
        if held.sum() <= MOST_CELLS:
            serials = np.where(held, np.cumsum(held).reshape(held.shape), 0).astype(np.int16)
            return Grid(west, south, step_lon, step_lat, serials)
        side *= 1.05


def _square_metres(polygon: Geometry) -> float:
    """Estimate the area of a small polygon in degrees."""
    shrink = float(np.cos(np.radians(polygon.centroid.y)))
    return float(polygon.area) * METRES_A_DEGREE**2 * shrink


class Cells:
    """Hold the grids of all villages in flat tables that processes can share."""

    def __init__(self, frames: NDArray[np.float64], shapes: NDArray[np.int64],
                 serials: NDArray[np.int16]) -> None:
        """Take one row a village: origin and steps; start, rows and columns in the flat serials."""
        self._frames, self._shapes, self._serials = frames, shapes, serials

    @classmethod
    def build(cls, grids: Iterable[Grid]) -> Self:
        """Join grids, in the order of the villages."""
        frames, shapes, serials, start = [], [], [], 0
        for grid in grids:
            frames.append((grid.west, grid.south, grid.step_lon, grid.step_lat))
            shapes.append((start, *grid.serials.shape))
            serials.append(grid.serials.ravel())
            start += grid.serials.size
        return cls(np.array(frames).reshape(-1, 4), np.array(shapes).reshape(-1, 3),
                   np.concatenate(serials) if serials else np.zeros(0, np.int16))

    def serial(self, village: NDArray[np.int64], lon: NDArray[np.float64],
               lat: NDArray[np.float64]) -> NDArray[np.int16]:
        """Give the serial of the cell of points that lie in the given villages (indices)."""
        west, south, step_lon, step_lat = self._frames[village].T
        start, rows, columns = self._shapes[village].T
        east, north = (lon - west) / step_lon, (lat - south) / step_lat
        x = np.clip(np.floor(east).astype(np.int64), 0, columns - 1)
        y = np.clip(np.floor(north).astype(np.int64), 0, rows - 1)
        found = self._serials[start + y * columns + x]
        for i in np.flatnonzero(found == 0):  # on the village's very border: the nearest cell
            found[i] = self._nearest(int(village[i]), float(east[i]), float(north[i]))
        return np.asarray(found)

    def _nearest(self, village: int, east: float, north: float) -> int:
        """Give the serial of the cell whose square is nearest to a point (in squares)."""
        table = self._table(village)
        rows, columns = np.nonzero(table)
        beyond = np.abs(columns + 0.5 - east), np.abs(rows + 0.5 - north)
        nearest = int(np.argmin(sum(np.maximum(one - 0.5, 0) ** 2 for one in beyond)))
        return int(table[rows[nearest], columns[nearest]])

    def _table(self, village: int) -> NDArray[np.int16]:
        """Give one village's serials as rows and columns."""
        start, rows, columns = self._shapes[village]
        return self._serials[start:start + rows * columns].reshape(rows, columns)

    def counts(self) -> list[int]:
        """Count the cells of each village."""
        return [int(self._table(i).max()) for i in range(len(self._shapes))]

    def polygon(self, village: int, serial: int, border: Geometry) -> Geometry | None:
        """Cut the polygon of one cell out of its village; None when there is no such serial."""
        rows, columns = np.nonzero(self._table(village) == serial)
        if not len(rows):
            return None
        west, south, step_lon, step_lat = self._frames[village]
        x, y = west + columns[0] * step_lon, south + rows[0] * step_lat
        cut: Geometry = border.intersection(shapely.box(x, y, x + step_lon, y + step_lat))
        return cut

    def save(self, directory: Path) -> None:
        """Write the tables to a directory."""
        directory.mkdir(parents=True, exist_ok=True)
        for name in ("frames", "shapes", "serials"):
            np.save(directory / f"{name}.npy", getattr(self, f"_{name}"))

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read the tables, mapped so that processes share their memory."""
        tables: Sequence[NDArray[np.float64]] = [
            np.load(directory / f"{name}.npy", mmap_mode="r")
            for name in ("frames", "shapes", "serials")]
        return cls(*tables)  # type: ignore[arg-type]
