"""Convert coordinates between WGS-84, GCJ-02 and BD-09.

GCJ-02 (the Chinese map datum) shifts WGS-84 by a few hundred metres through a published-by-practice
series of sines; BD-09 (Baidu) turns GCJ-02 by a small angle on top. The inverse of GCJ-02 is found
by fixed-point iteration to below 1e-9 degrees. Outside the box in which China applies the shift,
coordinates are left as they are.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

Degrees = NDArray[np.float64]
Datum = Literal["wgs84", "gcj02", "bd09"]
DATUMS: tuple[str, ...] = get_args(Datum)

# Krasovsky 1940, on which the GCJ-02 series is built
SEMI_MAJOR_M = 6_378_245.0
ECCENTRICITY_SQUARED = 0.006_693_421_622_965_943
CHINA = (72.004, 0.8293, 137.8347, 55.8271)
# each round divides the error by more than a hundred; after four, 2e-11 degrees are left
ROUNDS = 4
BAIDU_TURN = np.pi * 3000.0 / 180.0


def _in_china(lon: Degrees, lat: Degrees) -> NDArray[np.bool_]:
    """Tell which points lie in the box in which the shift applies."""
    west, south, east, north = CHINA
    inside: NDArray[np.bool_] = (lon > west) & (lon < east) & (lat > south) & (lat < north)
    return inside


def _waves(x: Degrees, first: float) -> Degrees:
    """Sum the two sine pairs that both axes share (metres)."""
    turn = np.pi
    short = 20.0 * np.sin(6.0 * x * turn) + 20.0 * np.sin(2.0 * x * turn)
    metres = (short + 20.0 * np.sin(x * turn) + first * np.sin(x / 3.0 * turn)) * 2.0 / 3.0
    return np.asarray(metres)


def _shift(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Give the shift of GCJ-02 against WGS-84 at WGS-84 points (degrees)."""
    x, y = lon - 105.0, lat - 35.0
    root, wide = np.sqrt(np.abs(x)), np.pi
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + _waves(x, 40.0)
    east += (150.0 * np.sin(x / 12.0 * wide) + 300.0 * np.sin(x / 30.0 * wide)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (20.0 * np.sin(6.0 * x * wide) + 20.0 * np.sin(2.0 * x * wide)) * 2.0 / 3.0
    north += (20.0 * np.sin(y * wide) + 40.0 * np.sin(y / 3.0 * wide)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * wide) + 320.0 * np.sin(y * wide / 30.0)) * 2.0 / 3.0
    sine = np.sin(np.radians(lat))
    curve = 1.0 - ECCENTRICITY_SQUARED * sine * sine
    meridian = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED) / (curve * np.sqrt(curve))
    parallel = SEMI_MAJOR_M / np.sqrt(curve) * np.cos(np.radians(lat))
    return np.degrees(east / parallel), np.degrees(north / meridian)


def wgs84_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Convert WGS-84 degrees to GCJ-02 degrees."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    east, north = _shift(lon, lat)
    inside = _in_china(lon, lat)
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def gcj02_to_wgs84(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Convert GCJ-02 degrees to WGS-84 degrees, by iteration."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    guess_lon, guess_lat = lon, lat
    for _ in range(ROUNDS):
        there_lon, there_lat = wgs84_to_gcj02(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - there_lon, guess_lat + lat - there_lat
    return guess_lon, guess_lat


def gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Convert GCJ-02 degrees to BD-09 degrees."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * BAIDU_TURN)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * BAIDU_TURN)
    inside = _in_china(lon, lat)
    return (np.where(inside, radius * np.cos(angle) + 0.0065, lon),
            np.where(inside, radius * np.sin(angle) + 0.006, lat))


def bd09_to_gcj02(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Convert BD-09 degrees to GCJ-02 degrees, by iteration."""
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    inside = _in_china(lon, lat)
    guess_lon, guess_lat = lon - np.where(inside, 0.0065, 0), lat - np.where(inside, 0.006, 0)
    for _ in range(ROUNDS):
        there_lon, there_lat = gcj02_to_bd09(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + lon - there_lon, guess_lat + lat - there_lat
    return guess_lon, guess_lat


def to_wgs84(datum: str, lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    """Convert degrees of a datum to WGS-84; raise ValueError for an unknown datum."""
    if datum == "wgs84":
        return np.asarray(lon, float), np.asarray(lat, float)
    if datum == "gcj02":
        return gcj02_to_wgs84(lon, lat)
    if datum == "bd09":
        return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))
    raise ValueError(f"datum {datum!r} is none of {', '.join(DATUMS)}")
