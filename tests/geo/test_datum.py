"""Check conversions between datums against published values, and that they undo each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from geo.datum import (
    CHINA,
    bd09_to_gcj02,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_gcj02,
)

# values that several public converters publish as their examples (longitude, latitude)
SHANGHAI = ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597))
SHENZHEN = ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766))
BEIJING = ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069))
BAIDU = ((116.404, 39.915), (116.41036949371029, 39.92133699351021))

LONGITUDES = st.floats(CHINA[0] + 0.1, CHINA[2] - 0.1)
LATITUDES = st.floats(CHINA[1] + 0.1, CHINA[3] - 0.1)


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Give the distance of two near points."""
    east = (one[0] - other[0]) * np.cos(np.radians(one[1]))
    return float(np.hypot(east, one[1] - other[1]) * 111_195)


@pytest.mark.parametrize(("wgs84", "gcj02"), [SHANGHAI, SHENZHEN, BEIJING])
def test_gcj02_has_the_published_values(
        wgs84: tuple[float, float], gcj02: tuple[float, float]) -> None:
    there = wgs84_to_gcj02(np.array([wgs84[0]]), np.array([wgs84[1]]))
    assert_allclose(np.ravel(there), gcj02, atol=1e-9)
    back = to_wgs84("gcj02", *there)
    assert_allclose(np.ravel(back), wgs84, atol=1e-10)


def test_bd09_has_the_published_value() -> None:
    there = gcj02_to_bd09(np.array([BAIDU[0][0]]), np.array([BAIDU[0][1]]))
    assert_allclose(np.ravel(there), BAIDU[1], atol=1e-9)
    assert_allclose(np.ravel(bd09_to_gcj02(*there)), BAIDU[0], atol=1e-10)


def test_an_unconverted_point_at_jinan_is_half_a_kilometre_off() -> None:
    jinan = (117.000923, 36.675807)
    there = np.ravel(wgs84_to_gcj02(np.array([jinan[0]]), np.array([jinan[1]])))
    assert metres(jinan, (there[0], there[1])) == pytest.approx(522, abs=1)


@given(LONGITUDES, LATITUDES)
@settings(max_examples=300, deadline=None)
def test_each_datum_is_undone(lon: float, lat: float) -> None:
    here = np.array([lon]), np.array([lat])
    gcj02 = wgs84_to_gcj02(*here)
    assert_allclose(gcj02_to_wgs84(*gcj02), here, rtol=0, atol=1e-9)
    assert_allclose(bd09_to_gcj02(*gcj02_to_bd09(*here)), here, rtol=0, atol=1e-9)
    assert_allclose(to_wgs84("bd09", *gcj02_to_bd09(*gcj02)), here, rtol=0, atol=1e-9)


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_points_outside_china_stay(datum: str) -> None:
    abroad = np.array([-0.1276, 151.2, -74.0]), np.array([51.5, -33.87, 40.71])
    assert_allclose(to_wgs84(datum, *abroad), abroad, rtol=0, atol=0)
    assert_allclose(wgs84_to_gcj02(*abroad), abroad, rtol=0, atol=0)


def test_a_point_without_coordinates_stays_without() -> None:
    lon, lat = to_wgs84("bd09", np.array([np.nan, 117.0]), np.array([36.6, np.nan]))
    assert np.isnan(lon[0]) and np.isnan(lat[1])


def test_an_unknown_datum_is_refused() -> None:
    with pytest.raises(ValueError, match="'cgcs' is none of wgs84, gcj02, bd09"):
        to_wgs84("cgcs", np.array([117.0]), np.array([36.6]))
