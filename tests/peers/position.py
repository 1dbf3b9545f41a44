"""Check and place one record at a time, for those engines that hand over one at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import shapely

HORIZON_MS = 600_000
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class Position(msgspec.Struct, gc=False):
    """Hold one record, within its bounds."""

    id: Text
    observed_at: int
    vehicle_id: Text
    longitude: Annotated[float, msgspec.Meta(ge=-180, le=180)]
    latitude: Annotated[float, msgspec.Meta(ge=-90, le=90)]
    speed: Annotated[float, msgspec.Meta(ge=0, le=250)]
    heading: Annotated[float, msgspec.Meta(ge=0, le=360)]
    road_class: Literal["motorway", "trunk", "primary", "secondary", "residential"]
    vehicle_type: Literal["car", "taxi", "bus", "truck"]


class RefusedError(ValueError):
    """Say why a record is a dead letter, and of which class: `late` or `refused`."""

    def __init__(self, kind: str, reason: str) -> None:
        """Take the class and what is wrong."""
        super().__init__(reason)
        self.kind = kind


class Judge:
    """Know the areas and what a record must be."""

    def __init__(self, codes: Sequence[str], shapes: Sequence[shapely.Geometry]) -> None:
        """Take the areas."""
        self._codes, self._tree = codes, shapely.STRtree(shapes)
        shapely.prepare(self._tree.geometries)
        self._decode = msgspec.json.Decoder(Position).decode

    def check(self, body: bytes, appended_at: int) -> Position:
        """Decode a record that the broker took at a moment (epoch ms); raise RefusedError."""
        try:
            one = self._decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise RefusedError("refused", str(error)) from error
        if appended_at - one.observed_at > HORIZON_MS:
            raise RefusedError("late", "")
        return one

    def place(self, one: Position) -> str:
        """Give the first area that holds a record, "" where none does."""
        boxes = self._tree.query(shapely.Point(one.longitude, one.latitude))
        held = boxes[shapely.intersects_xy(
            self._tree.geometries[boxes], one.longitude, one.latitude)]
        return self._codes[held.min()] if len(held) else ""


def read_judge(areas: Path) -> Judge:
    """Read the areas from a file of GeoJSON."""
    features = json.loads(areas.read_text(encoding="utf-8"))["features"]
    return Judge([one["id"] for one in features],
                 list(shapely.from_geojson([json.dumps(one["geometry"]) for one in features])))
