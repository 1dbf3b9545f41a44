"""Give the addresses at which feeds publish what is declared public."""

from __future__ import annotations

from schemas.declare import Family, ResultTable

# feeds that are made of a declaration and of something more, usually a geometry
SPECIAL: dict[str, str] = {
    "road-state": "/v1/traffic/roads.geojson",
    "area-traffic": "/v1/traffic/areas.geojson",
    "parking-occupancy": "/v1/parking.geojson",
    "air-quality": "/v1/air.geojson",
}


def schema_address(name: str) -> str:
    """Give the address of the JSON Schema of a family or result."""
    return f"/v1/schemas/{name}.json"


def feed_addresses(declared: Family | ResultTable) -> tuple[str, ...]:
    """List the addresses of a family's or result's feeds; none unless it is declared public."""
    if not declared.public:
        return ()
    suffix = "geojson" if isinstance(declared, Family) else "json"
    more = (SPECIAL[declared.name],) if declared.name in SPECIAL else ()
    return (f"/v1/{declared.name}.{suffix}", *more)
