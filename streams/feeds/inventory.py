"""List the feeds: one for each public declaration, and those that join a geometry to one.

A family or result that is declared public while the city runs has its feed from the next tick on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Any

from schemas import registry
from schemas.declare import Family, ResultTable, Text
from schemas.errors import DeclarationError
from schemas.render.addresses import SPECIAL, feed_addresses
from streams.feeds import documents, geometry
from streams.feeds.documents import Content, Record
from streams.queries.feed import list_latest, list_windows, published_windows
from streams.queries.reader import Store

_LOG = logging.getLogger(__name__)
PERIOD_SECONDS = 5
GEOJSON = "application/geo+json"
JSON = "application/json"
Values = Mapping[str, str]
Read = Callable[[Store, Values], Content]


@dataclass(frozen=True, slots=True)
class Parameter:
    """Describe a query parameter: what it may be; the first value is the default."""

    name: str
    values: tuple[str, ...]
    meaning: Text


@dataclass(frozen=True, slots=True)
class Feed:
    """Describe a feed; `declared` is the declaration whose records it carries."""

    path: str
    media: str
    title: Text
    declared: Family | ResultTable
    read: Read
    parameters: tuple[Parameter, ...] = ()
    period_seconds: int = PERIOD_SECONDS

    def variants(self) -> Iterator[dict[str, str]]:
        """List every combination of parameter values."""
        for values in product(*(one.values for one in self.parameters)):
            yield {p.name: v for p, v in zip(self.parameters, values, strict=True)}

    def defaults(self) -> dict[str, str]:
        """Give the default value of each parameter."""
        return {one.name: one.values[0] for one in self.parameters}


def _window(result: ResultTable, first: int | None = None) -> Parameter:
    """Describe the choice of window length; `first` is the default where it is published."""
    lengths = published_windows(result)
    ordered = sorted(lengths, key=lambda one: (one != first, one))
    return Parameter("window", tuple(map(str, ordered)),
                     Text("Length of the window in seconds", "窗口长度（秒）"))


LEVEL = Parameter("level", tuple(geometry.LEVELS), Text("Level of the area tree", "区划层级"))


def _read_family(family: Family, store: Store, _: Values) -> Content:
    """Read the latest event of each thing."""
    return documents.event_features(family, list_latest(store, family))


def _read_result(result: ResultTable, store: Store, values: Values) -> Content:
    """Read the latest window of each key."""
    return documents.window_records(result, list_windows(store, result, int(values["window"])))


def _read_roads(result: ResultTable, store: Store, values: Values) -> Content:
    """Read the latest window of each road, with the road's line where it is known."""
    rows = list_windows(store, result, int(values["window"]))
    return documents.window_features(
        result, rows, lambda row: geometry.find_road(row["road_id"]),
        lambda row: geometry.road_names(row["road_id"]))


def _read_areas(result: ResultTable, store: Store, values: Values) -> Content:
    """Read the latest window of each area of one level, with the area's polygon."""
    geometry.areas().refresh()
    digits = geometry.LEVELS[values["level"]]
    rows = [row for row in list_windows(store, result, int(values["window"]))
            if len(row["area"]) == digits]
    return documents.window_features(
        result, rows, lambda row: geometry.find_area(row["area"]),
        lambda row: geometry.area_names(row["area"]))


def _vacancy(properties: Record) -> Record:
    """Say how many spaces are free; closed and unknown car parks are neither vacant nor full."""
    known = properties["status"] == "open" and properties["occupied"] is not None
    vacant = properties["capacity"] - properties["occupied"] if known else None
    return {"vacant": vacant, "full": vacant == 0 if known else None}


def _read_parking(family: Family, store: Store, _: Values) -> Content:
    """Read the latest count of each car park."""
    return documents.event_features(family, list_latest(store, family), _vacancy)


def _read_air(result: ResultTable, store: Store, values: Values) -> Content:
    """Read the latest window of each quantity, gathered by station."""
    readings = registry.get_family("environment-reading")
    position = {row["station_id"]: documents.event_position(readings, row)
                for row in list_latest(store, readings)}
    rows = list_windows(store, result, int(values["window"]))
    stations: dict[str, list[Record]] = {}
    for row in rows:
        stations.setdefault(row["station_id"], []).append(documents.window_record(result, row))
    features = [documents.feature(name, position.get(name), {
        "station_id": name, "observed_at": max(one["observed_at"] for one in found),
        "computed_at": max(one["computed_at"] for one in found), "basis": "measured",
        "readings": found}) for name, found in stations.items()]
    return Content(features, max(map(documents.window_end, rows), default=None))


def _special(declared: Family | ResultTable) -> tuple[Read, tuple[Parameter, ...]] | None:
    """Give how a feed beyond the general one is read, where the declaration has one."""
    if isinstance(declared, Family):
        found: dict[str, Any] = {"parking-occupancy": _read_parking}
        read = found.get(declared.name)
        return (partial(read, declared), ()) if read else None
    window = _window(declared, first=300 if declared.name == "air-quality" else None)
    table: dict[str, tuple[Any, tuple[Parameter, ...]]] = {
        "road-state": (_read_roads, (window,)),
        "area-traffic": (_read_areas, (LEVEL, window)),
        "air-quality": (_read_air, (window,)),
    }
    chosen = table.get(declared.name)
    return (partial(chosen[0], declared), chosen[1]) if chosen else None


def _feeds_of(declared: Family | ResultTable) -> Iterator[Feed]:
    """List the feeds of one public declaration."""
    special = _special(declared)
    for path in feed_addresses(declared):
        if path == SPECIAL.get(declared.name) and special is not None:
            read, parameters = special
            yield Feed(path, GEOJSON, declared.meaning, declared, read, parameters)
        elif isinstance(declared, Family):
            yield Feed(path, GEOJSON, declared.meaning, declared, partial(_read_family, declared))
        else:
            yield Feed(path, JSON, declared.meaning, declared, partial(_read_result, declared),
                       (_window(declared),))


def list_feeds() -> dict[str, Feed]:
    """List every feed by its path, the joined ones first."""
    declared: list[Family | ResultTable] = [
        *(registry.results().values()), *(registry.families().values())]
    found = {feed.path: feed for one in declared if one.public for feed in _feeds_of(one)}
    special = set(SPECIAL.values())
    return dict(sorted(found.items(), key=lambda item: (item[0] not in special, item[0])))


def renew_feeds() -> dict[str, Feed]:
    """Take in new declarations, and list every feed; a faulty declaration is logged."""
    try:
        registry.refresh()
    except DeclarationError:
        _LOG.exception("declarations not refreshed")
    return list_feeds()
