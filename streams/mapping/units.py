"""Convert numbers between the units that sources use and those that declarations ask for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from schemas.errors import MappingError

# International yard and pound agreement (1959): the mile is 1609.344 m, the foot 0.3048 m; the
# knot is 1852 m/h (ISO 80000-3). Temperatures: ISO 80000-5.
FACTORS: dict[tuple[str, str], float] = {
    ("mph", "km/h"): 1.609344, ("m/s", "km/h"): 3.6, ("kn", "km/h"): 1.852,
    ("km/h", "m/s"): 1 / 3.6, ("mph", "m/s"): 0.44704, ("kn", "m/s"): 1852 / 3600,
    ("ft", "m"): 0.3048, ("mi", "km"): 1.609344, ("in", "mm"): 25.4,
    ("mg/m3", "ug/m3"): 1000.0, ("g/m3", "ug/m3"): 1_000_000.0,
    ("Pa", "hPa"): 0.01, ("kPa", "hPa"): 10.0, ("inHg", "hPa"): 33.8638866667,
    ("share", "%"): 100.0, ("rad", "deg"): 57.29577951308232,
    # positions as JT/T 808 terminals send them: whole millionths of a degree
    ("udeg", "deg"): 1e-6,
    ("ms", "s"): 0.001, ("min", "s"): 60.0, ("h", "s"): 3600.0,
    ("veh/5min", "veh/h"): 12.0, ("veh/min", "veh/h"): 60.0, ("veh/15min", "veh/h"): 4.0,
}
TEMPERATURES: dict[tuple[str, str], Callable[[float], float]] = {
    ("degF", "degC"): lambda value: (value - 32) / 1.8,
    ("K", "degC"): lambda value: value - 273.15,
}


@dataclass(frozen=True, slots=True)
class Conversion:
    """Convert a number by a factor, or by a formula where a factor does not do."""

    factor: float = 1.0
    formula: Callable[[float], float] | None = None

    def __call__(self, value: float) -> float:
        """Give the converted number; one multiplication, so that it can be recomputed exactly."""
        return self.formula(value) if self.formula else value * self.factor


def get_conversion(unit: str, to: str) -> Conversion:
    """Get the conversion between two units; raise MappingError listing the known ones."""
    pair = (_plain(unit), _plain(to))
    if pair[0] == pair[1]:
        return Conversion()
    if pair in FACTORS:
        return Conversion(FACTORS[pair])
    if pair in TEMPERATURES:
        return Conversion(formula=TEMPERATURES[pair])
    known = ", ".join(f"{a}→{b}" for a, b in sorted([*FACTORS, *TEMPERATURES]))
    raise MappingError(f"no conversion from {unit!r} to {to!r}; known: {known}")


def _plain(unit: str) -> str:
    """Spell a unit without the signs that keyboards lack."""
    for sign, plain in (("µ", "u"), ("μ", "u"), ("³", "3"), ("°", "deg"), ("℃", "degC")):
        unit = unit.replace(sign, plain)
    return unit
