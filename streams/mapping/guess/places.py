"""Find longitude and latitude: by name, by range, by the configured city; tell what is odd."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import permutations

import numpy as np

from schemas.declare import Family
from schemas.fields import Field
from streams.mapping.guess.ground import Ground, Numbers
from streams.mapping.guess.measures import SENTINELS
from streams.mapping.guess.model import Column, Proposal
from streams.mapping.guess.words import glue, score

_NAMED = 0.5
_PAIRED = (0.0, -1.0)
_DATUMS = {"gcj02": ("gcj", "amap", "gaode", "tencent", "火星", "高德", "腾讯"),
           "bd09": ("bd09", "bd", "baidu", "百度")}
Pair = tuple[Column, Column]


def find_place(family: Family, columns: dict[str, Column], proposal: Proposal, ground: Ground
               ) -> tuple[Numbers, Numbers]:
    """Propose longitude and latitude; give the points found (degrees), as good as they are."""
    fields = [next(f for f in family.fields if f.name == name) for name in family.place or ()]
    nothing = np.array([])
    if not fields:
        return nothing, nothing
    pair = _by_name(fields, columns)
    if pair is None:
        pair = _by_value(columns.values(), ground)
        if pair is None:
            _tell_joint(columns, proposal)
            return nothing, nothing
        proposal.doubt(f"fields.{fields[0].name}", f"no names tell the position; {pair[0].name!r}"
                       f" and {pair[1].name!r} are taken for it by their numbers", confidence=0.6)
    return place_pair(fields, pair, proposal, ground)


def _by_name(fields: list[Field], columns: dict[str, Column]) -> Pair | None:
    """Find the two columns whose names say so and that hold numbers."""
    found = []
    for field in fields:
        named = [(score(one.name, field), one) for one in columns.values()
                 if one.numeric > 0.5 or not one.texts]
        best = max(named, key=lambda pair: pair[0], default=None)
        if best is None or best[0] < _NAMED:
            return None
        found.append(best[1])
    return (found[0], found[1]) if found[0] is not found[1] else None


def _by_value(columns: Iterable[Column], ground: Ground) -> Pair | None:
    """Find two columns whose numbers lie in the city, or else in China."""
    likely = [one for one in columns if one.numeric > 0.8 and one.places >= 3][:12]
    best: tuple[float, Pair] | None = None
    for pair in permutations(likely, 2):
        lon, lat = points(pair)
        if not len(lon):
            continue
        share = ground.city_share(lon, lat)
        worth = share or 0.5 * ((lon > 73) & (lon < 135) & (lat > 18)
                                           & (lat < 54)).mean()
        if worth >= 0.4 and (best is None or worth > best[0]):
            best = (worth, pair)
    return best[1] if best else None


def points(pair: Pair, scale: float = 1.0) -> tuple[Numbers, Numbers]:
    """Give the rows in which both columns hold numbers, placeholders left out."""
    lon, lat = (np.array([np.nan if n is None else n * scale for n in one.numbers], float)
                for one in pair)
    good = ~(np.isnan(lon) | np.isnan(lat))
    for absent in (*_PAIRED, *(float(one) for one in SENTINELS)):
        good &= ~((lon == absent * scale) & (lat == absent * scale))
        if scale == 1.0 and abs(absent) > 180:
            good &= (lon != absent) & (lat != absent)
    return lon[good], lat[good]


def place_pair(fields: list[Field], pair: Pair, proposal: Proposal, ground: Ground
               ) -> tuple[Numbers, Numbers]:
    """Write the rules of two columns and tell what is odd in them."""
    name = f"fields.{fields[0].name}"
    scale = _scale(pair)
    lon, lat = points(pair, scale)
    if scale == 1.0 and len(lon) and np.median(np.abs(lon)) > 180:
        proposal.doubt(name, f"{pair[0].name!r} and {pair[1].name!r} are no degrees but look like"
                       " metres of a projection, which the mapper does not convert", confidence=0.2)
        return np.array([]), np.array([])
    if _exchanged(lon, lat, ground):
        pair, lon, lat = (pair[1], pair[0]), lat, lon
        proposal.doubt(name, f"the numbers of {pair[1].name!r} and {pair[0].name!r} are exchanged:"
                       " longitude stands under the name of latitude", confidence=0.8)
    absent = _placeholders(pair)
    for field, column in zip(fields, pair, strict=True):
        proposal.fields[field.name] = {"column": column.name}
        if scale != 1.0:
            proposal.fields[field.name]["unit"] = "udeg"
        if absent:
            proposal.fields[field.name]["missing"] = [f"{one:g}" for one in absent]
    if scale != 1.0:
        proposal.doubt(name, "whole numbers of this size are read as millionths of a degree",
                       confidence=0.8)
    _tell(name, pair, absent, lon, lat, proposal, ground)
    _choose_datum(pair, lon, lat, proposal, ground)
    return lon, lat


def _scale(pair: Pair) -> float:
    """Tell millionths of degrees from degrees."""
    lon, lat = points(pair)
    millions = len(lon) and pair[0].whole and pair[1].whole and bool(
        1e5 < np.median(np.abs(lon)) < 180e6 and 1e5 < np.median(np.abs(lat)) < 180e6)
    return 1e-6 if millions else 1.0


def _exchanged(lon: Numbers, lat: Numbers, ground: Ground) -> bool:
    """Tell whether longitude and latitude stand in each other's place in most rows."""
    if not len(lon):
        return False
    if (np.abs(lat) > 90).mean() > 0.5 and (np.abs(lon) <= 90).mean() > 0.5:
        return True
    straight, turned = ground.city_share(lon, lat), ground.city_share(lat, lon)
    return straight is not None and turned is not None and straight < 0.05 and turned > 0.5


def _placeholders(pair: Pair) -> list[float]:
    """List the numbers that stand for no position: pairs of them, or what no angle can be."""
    found: set[float] = set()
    for x, y in zip(pair[0].numbers, pair[1].numbers, strict=True):
        if x is not None and x == y and x in (*_PAIRED, *SENTINELS):
            found.add(x)
        found |= {n for n in (x, y) if n is not None and n in SENTINELS and abs(n) > 180}
    return sorted(found)


def _tell(name: str, pair: Pair, absent: list[float], lon: Numbers, lat: Numbers,
          proposal: Proposal, ground: Ground) -> None:
    """Tell placeholders, exchanged rows, rounding, and how many points lie in the city."""
    if absent:
        told = ", ".join(f"{one:g}" for one in absent)
        proposal.doubt(name, f"{told} stands where there is no position; read as not given",
                       confidence=0.85)
    if not len(lon):
        return
    odd = int((np.abs(lat) > 90).sum())
    if odd:
        proposal.doubt(name, f"{odd} of {len(lat)} rows of the sample have a latitude beyond 90,"
                       " perhaps exchanged; they are refused", confidence=0.7)
    finest = max(one.places for one in pair)
    if finest <= 2 and not pair[0].whole:
        proposal.doubt(name, f"no coordinate has more than {finest} decimals: rounded to a"
                       " kilometre or more, cells and townships will be wrong", confidence=0.6)
    share = ground.city_share(lon, lat)
    if share is not None and ground.tree is not None:
        proposal.notes.append(f"{share:.0%} of the points of the sample lie inside the configured"
                              f" city ({ground.tree.city})")


def _choose_datum(pair: Pair, lon: Numbers, lat: Numbers, proposal: Proposal, ground: Ground
                  ) -> None:
    """Name the datum where a name tells it; in China say that numbers do not show it."""
    names = glue(pair[0].name + " " + pair[1].name)
    told = next((datum for datum, words in _DATUMS.items()
                 if any(glue(word) in names for word in words)), "")
    proposal.head["datum"] = told or "wgs84"
    if told:
        proposal.doubt("datum", "the names of the coordinates say so", confidence=0.8)
    elif ground.in_china(lon, lat):
        proposal.doubt("datum", "numbers do not show it; Chinese maps and telephones often give"
                       " GCJ-02 or BD-09, some 500 m off: ask the publisher", "gcj02", "bd09",
                       confidence=0.5)


def _tell_joint(columns: dict[str, Column], proposal: Proposal) -> None:
    """Tell of a column that holds both coordinates in one text."""
    for column in columns.values():
        few = column.texts[:20]
        if few and all(_is_joint(text) for text in few):
            proposal.doubt("fields", f"{column.name!r} holds both coordinates in one text, which"
                           " the mapper does not split: write two columns", confidence=0.2)
            return


def _is_joint(text: str) -> bool:
    """Tell whether a text is a pair of coordinates, as 36.6,117.0 or POINT (117.0 36.6)."""
    bare = text.upper().removeprefix("POINT").strip(" ()[]").replace(",", " ").split()
    try:
        return len(bare) == 2 and all(abs(float(one)) <= 180 and "." in one for one in bare)
    except ValueError:
        return False
