"""Judge one record: decode, check, place."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path

import msgspec
import shapely
from pyflink.table import DataTypes, Row
from pyflink.table.udf import udf

from tests.peers.position import Position

HORIZON_SECONDS = 600


@cache
def areas() -> tuple[shapely.STRtree, list[str]]:
    """Read the areas."""
    features = json.loads(Path(os.environ["BENCH_AREAS"]).read_text())["features"]
    shapes = shapely.from_geojson([json.dumps(one["geometry"]) for one in features])
    shapely.prepare(shapes)
    return shapely.STRtree(shapes), [one["id"] for one in features]


@cache
def decoder() -> msgspec.json.Decoder[Position]:
    """Give the decoder."""
    return msgspec.json.Decoder(Position)


def place(longitude: float, latitude: float) -> str:
    """Give the first area that holds a point, "" where none does."""
    tree, codes = areas()
    boxes = tree.query(shapely.Point(longitude, latitude))
    held = boxes[shapely.intersects_xy(tree.geometries[boxes], longitude, latitude)]
    return codes[held.min()] if len(held) else ""


def judge_one(body: bytes, received_seconds: int) -> Row:
    """Judge one record; `received_seconds` is the broker's time of it, epoch seconds."""
    try:
        one = decoder().decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Row(1, "", 0, "", "", 0, str(error), body.decode("utf-8", "replace"))
    if received_seconds - one.observed_at // 1000 > HORIZON_SECONDS:
        return Row(2, one.id, one.observed_at, "", "", 0, "late", body.decode())
    return Row(0, one.id, one.observed_at, place(one.longitude, one.latitude), one.road_class,
               round(one.speed * 100), "", "")


RESULT = DataTypes.ROW([
    DataTypes.FIELD("verdict", DataTypes.INT()), DataTypes.FIELD("id", DataTypes.STRING()),
    DataTypes.FIELD("observed_at", DataTypes.BIGINT()),
    DataTypes.FIELD("area", DataTypes.STRING()), DataTypes.FIELD("road_class", DataTypes.STRING()),
    DataTypes.FIELD("speed", DataTypes.BIGINT()), DataTypes.FIELD("reason", DataTypes.STRING()),
    DataTypes.FIELD("letter", DataTypes.STRING())])
judge = udf(judge_one, input_types=[DataTypes.BYTES(), DataTypes.BIGINT()], result_type=RESULT,
            deterministic=False)
