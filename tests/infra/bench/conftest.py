"""Give the benchmark's tests a small country of four areas and a stream in it."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from infra.bench.stream import Stream

# four areas around a middle, with a gap in the south-east, where nobody is at home
AREAS = {
    "370102001001": shapely.box(117.0, 36.5, 117.1, 36.6),
    "370102001002": shapely.Polygon([(117.1, 36.5), (117.2, 36.5), (117.15, 36.55),
                                     (117.2, 36.6), (117.1, 36.6)]),
    "370103001001": shapely.box(117.0, 36.4, 117.1, 36.5),
    "370103001002": shapely.box(117.1, 36.4, 117.15, 36.45),
}
START_MS = 1_795_000_000_000


@pytest.fixture
def areas() -> dict[str, shapely.Polygon]:
    """Give the areas by code."""
    return AREAS


@pytest.fixture
def stream() -> Stream:
    """Give a stream of a few thousand records, some outside every area."""
    return Stream(6_000, 7, START_MS, np.array([[117.1, 36.5, 0.1, 0.1]]))
