"""Declare what ocean buoys publish: an example of a family that nobody planned.

Copied to `.citybrain/schemas/` of a running city, this file alone gives the family its topics,
gate, table, console page, catalogue entry, wall tile and feed.
"""

from __future__ import annotations

from schemas.declare import Event, decimal, text


class OceanBuoy(
    Event, chinese="海洋浮标", domain="ocean", owner="ocean-bureau", personal="none", public=True,
    place=("longitude", "latitude"),
):
    """Sea state at one buoy at one moment."""

    buoy_id = text("Buoy", "浮标", key=True, public=True, example="qd-01")
    longitude = decimal("Longitude", "经度", unit="deg", ge=-180, le=180, decimals=7,
                        stream=False, public=True, example=120.5)
    latitude = decimal("Latitude", "纬度", unit="deg", ge=-90, le=90, decimals=7, stream=False,
                       public=True, example=36.0)
    wave_height = decimal("Wave height", "波高", unit="m", ge=0, le=40, decimals=2, public=True,
                          example=1.4)
