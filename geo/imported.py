"""Keep a city's own townships and villages, which take the place of generated ones.

Villages (12 digits) stand as they are given; a township (9 digits) of which no village is given is
divided among its village codes. What two areas of a level both claim goes to the lower code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import shapely
from shapely import Geometry, STRtree

from geo.area_files import read_areas
from geo.divisions import Report, check_polygon, keep_polygons, to_wgs84_polygon
from schemas.errors import CityBrainError

DIGITS = (9, 12)
# of overlaps, what is below some ten square metres comes from rounding in the files (degrees²)
TOLD_OVERLAP = 1e-9
TOLD = 5

Tell = Callable[[str], None]


@dataclass(slots=True)
class Imported:
    """Hold imported areas by code (WGS-84), their names, and which had to be repaired."""

    polygons: dict[str, Geometry] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    repaired: list[str] = field(default_factory=list)

    @property
    def villages(self) -> dict[str, Geometry]:
        """Give the villages."""
        return {code: one for code, one in self.polygons.items() if len(code) == 12}

    @property
    def divided(self) -> dict[str, Geometry]:
        """Give the townships that must be divided: those of which no village is given."""
        filled = {code[:9] for code in self.polygons if len(code) == 12}
        return {code: one for code, one in self.polygons.items()
                if len(code) == 9 and code not in filled}

    def merge(self, newer: Imported) -> Imported:
        """Give these and the newer ones, which replace their level of the counties they are in."""
        replaced = {(code[:6], len(code)) for code in newer.polygons}
        kept = [code for code in self.polygons if (code[:6], len(code)) not in replaced]
        return Imported(
            dict(sorted(({c: self.polygons[c] for c in kept} | newer.polygons).items())),
            {c: self.names[c] for c in kept if c in self.names} | newer.names,
            sorted({*(c for c in self.repaired if c in kept), *newer.repaired}))


def read_import(file: Path, city: str, datum: str, tell: Tell, *, code: str = "",
                name: str = "") -> Imported:
    """Read a file of townships or villages of a city (4 digits); raise CityBrainError, codes named.

    `code` and `name` are properties; where they are not given, a property of that name is taken.
    """
    areas = read_areas(file, tell, id_property=code, preferred="code")
    if areas.duplicates:
        raise CityBrainError(f"{file}: two areas have the code {areas.duplicates[0]}")
    wrong = {one: "is not 9 or 12 digits" for one in areas.ids
             if not (one.isdigit() and one.isascii() and len(one) in DIGITS)}
    wrong |= {one: f"is not in {city}" for one in areas.ids
              if one not in wrong and not one.startswith(city)}
    report, found = Report(), {}
    for one, shape in zip(areas.ids, areas.shapes, strict=True):
        polygon = check_polygon(one, to_wgs84_polygon(shape, datum), report)
        if polygon is not None:
            found[one] = polygon
    if wrong := wrong | report.refused:
        raise CityBrainError(f"{file}: nothing is imported: {_say(wrong)}")
    chosen = name or ("name" if "name" in areas.properties else "")
    names = areas.texts(chosen) if chosen else [""] * len(areas.ids)
    found = _disjoint(dict(sorted(found.items())), tell)
    return Imported(found, {c: n for c, n in zip(areas.ids, names, strict=True) if n},
                    sorted({*areas.repaired, *report.repaired}))


def _say(wrong: dict[str, str]) -> str:
    """Name the first few of what is wrong."""
    told = "; ".join(f"{code} {reason}" for code, reason in list(wrong.items())[:TOLD])
    return told + (f"; and {len(wrong) - TOLD} more" if len(wrong) > TOLD else "")


def _disjoint(polygons: dict[str, Geometry], tell: Tell) -> dict[str, Geometry]:
    """Leave to the lower code what two areas of a level both claim; raise when one has nothing."""
    codes = sorted(polygons, key=lambda code: (len(code), code))
    shapes = np.array([polygons[code] for code in codes], dtype=object)
    low, high = STRtree(shapes).query(shapes, predicate="intersects")
    level = np.array([len(code) for code in codes])
    pair = (low < high) & (level[low] == level[high])
    low, high = low[pair], high[pair]
    shared = shapely.area(shapely.intersection(shapes[low], shapes[high]))
    claims: dict[int, list[int]] = {}
    for i in np.flatnonzero(shared > 0):
        claims.setdefault(int(high[i]), []).append(int(low[i]))
    for loser in sorted(claims):
        rest = shapes[loser].difference(shapely.union_all(shapes[claims[loser]]))
        shapes[loser] = keep_polygons(rest)
        if shapes[loser].is_empty:
            raise CityBrainError(f"{codes[loser]} lies wholly in {codes[claims[loser][0]]}")
    for i in np.flatnonzero(shared > TOLD_OVERLAP)[:TOLD]:
        tell(f"{codes[low[i]]} and {codes[high[i]]} overlap: the first keeps it")
    return dict(zip(codes, shapes.tolist(), strict=True))


def imported_file(directory: Path) -> Path:
    """Give the file in which a city's own areas are kept."""
    return directory / "imported.npz"


def write_imported(directory: Path, imported: Imported) -> None:
    """Keep a city's own areas for the next build."""
    directory.mkdir(parents=True, exist_ok=True)
    codes = list(imported.polygons)
    draft = imported_file(directory).with_suffix(".new.npz")
    np.savez(draft, codes=np.array(codes, str), repaired=np.array(imported.repaired, str),
             names=np.array([imported.names.get(code, "") for code in codes], str),
             wkb=shapely.to_wkb(np.array(list(imported.polygons.values()), dtype=object)))
    draft.replace(imported_file(directory))


def read_imported(directory: Path) -> Imported:
    """Read a city's own areas; none when nothing was imported."""
    if not imported_file(directory).exists():
        return Imported()
    stored = np.load(imported_file(directory), allow_pickle=True)
    codes = stored["codes"].tolist()
    names = dict(zip(codes, stored["names"].tolist(), strict=True))
    return Imported(dict(zip(codes, shapely.from_wkb(stored["wkb"]), strict=True)),
                    {code: name for code, name in names.items() if name},
                    stored["repaired"].tolist())
