"""Serve the wall over a road network of any size: `python -m infra.bench.network run …`.

It is the city's own wall, started as any; only, each drawn segment is cut into so many pieces that
there are as many segments as asked for, and each piece stands as a road of its own, so that its
state is a row of road-state. Their ids are numbers, so that the store can make their rows.
"""

from __future__ import annotations

import os
import runpy
import sys
from typing import Any

from shapely import LineString
from shapely.ops import substring

from dashboards.map import geometry
from geo import roads

SEGMENTS = "CITYBRAIN_BENCH_SEGMENTS"
Feature = dict[str, Any]


def segment_id(number: int | str) -> str:
    """Name a segment by its number."""
    return f"bench-{number}"


def cut(features: list[Feature], number: int) -> list[Feature]:
    """Cut segments into pieces until there are so many; the name of a road is written once."""
    each = -(-number // len(features))
    found: list[Feature] = []
    for feature in features:
        line = LineString(feature["geometry"]["coordinates"])
        for i in range(each):
            piece = substring(line, i / each, (i + 1) / each, normalized=True)
            found.append({"geometry": {"coordinates": [list(one) for one in piece.coords]},
                          "properties": feature["properties"]})
    named: set[str] = set()
    for i, one in enumerate(found):
        properties, new = one["properties"], one["properties"]["road_id"] not in named
        named.add(properties["road_id"])
        one["properties"] = properties | {"segment_id": segment_id(i), "road_id": segment_id(i)} | (
            {} if new else {"name": "", "name_en": ""})
    return found[:number]


def main() -> None:
    """Become Streamlit, with the roads replaced."""
    features = cut(roads.to_geojson()["features"], int(os.environ[SEGMENTS]))
    geometry.list_features = lambda: features
    sys.argv[0] = "streamlit"
    runpy.run_module("streamlit", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
