"""Tell where points lie: inside the configured city, the nation, or elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.datum import CHINA
from geo.tree import AreaTree
from streams.mapping.guess.zones import HOME, nearest_zones

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ground:
    """Answer for points (WGS-84 degrees); without an area tree only the box of China is known."""

    tree: AreaTree | None

    def city_share(self, lon: Numbers, lat: Numbers) -> float | None:
        """Give the share of the points inside the configured city; None when nobody knows."""
        if self.tree is None or not len(lon):
            return None
        codes = self.tree.locate_codes(lon, lat)
        return sum(code.startswith(self.tree.city) for code in codes) / len(codes)

    def in_china(self, lon: Numbers, lat: Numbers) -> bool:
        """Tell whether most of the points lie in China, by its areas or roughly."""
        if not len(lon):
            return False
        if self.tree is not None:
            codes = self.tree.locate_codes(lon, lat)
            return sum(code != "" for code in codes) * 2 > len(codes)
        west, south, east, north = CHINA
        inside = (lon > west) & (lon < east) & (lat > south) & (lat < north)
        return bool(inside.mean() > 0.5)

    def zones(self, lon: Numbers, lat: Numbers) -> tuple[str, tuple[str, ...]]:
        """Give the likely zone of local times, and others; the home zone where nothing tells."""
        if not len(lon) or (self.tree is not None and self.in_china(lon, lat)):
            return HOME, ("UTC",)
        first, second = nearest_zones(float(np.median(lon)), float(np.median(lat)))
        return first, (second, "UTC")
