"""Choose where things happen: beside the roads of the centre, or around a county's seat."""

from __future__ import annotations

import random
from itertools import accumulate

from geo import roads

# seats of Jinan's outer counties and districts, approximate, WGS-84
SEATS: tuple[tuple[str, float, float], ...] = (
    ("章丘", 117.526, 36.681), ("长清", 116.752, 36.554), ("济阳", 117.174, 36.979),
    ("平阴", 116.456, 36.289), ("商河", 117.157, 37.310), ("莱芜", 117.660, 36.214),
    ("钢城", 117.811, 36.059),
)
_OUTSIDE = 0.24
_SPREAD_DEGREES = 0.014


class Places:
    """Draw places with a source of chance of one's own."""

    def __init__(self, chance: random.Random) -> None:
        """Weigh the roads by length."""
        self._chance = chance
        self._segments = [one for one in roads.list_segments() if not one.ramp]
        self._weights = list(accumulate(one.length_m * (3 if one.road_class == "branch" else 1)
                                        for one in self._segments))

    def draw(self) -> tuple[float, float, str]:
        """Draw longitude, latitude and the Chinese name of a road or county seat."""
        if self._chance.random() < _OUTSIDE:
            name, longitude, latitude = self._chance.choice(SEATS)
            return (round(self._chance.gauss(longitude, _SPREAD_DEGREES), 6),
                    round(self._chance.gauss(latitude, _SPREAD_DEGREES), 6), f"{name}城区")
        segment = self._chance.choices(self._segments, cum_weights=self._weights)[0]
        longitude, latitude = segment.middle
        return (*self.near(longitude, latitude, 0.0025), segment.name)

    def near(self, longitude: float, latitude: float, spread: float = 0.0012
             ) -> tuple[float, float]:
        """Draw a place around a point; `spread` is the standard deviation in degrees."""
        return (round(self._chance.gauss(longitude, spread), 6),
                round(self._chance.gauss(latitude, spread), 6))
