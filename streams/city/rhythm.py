"""Shape the city's day: how busy traffic, offices and households are at each hour (Asia/Shanghai).

The curves are drawn by hand to look like a Chinese provincial capital's weekday; they are not
measured. Traffic too numerous to be driven car by car slows each road by its own share.
"""

from __future__ import annotations

import hashlib
import math
from functools import lru_cache
from itertools import pairwise

from geo.roads import get_segment, to_plane

# hour of day → level 0..1, joined by straight lines; the day closes on itself
TRAFFIC = ((0, .12), (3, .04), (5, .12), (6.5, .5), (7.7, 1), (9, .75), (11, .6), (13, .52),
           (15, .58), (16.5, .78), (18, 1), (19.5, .7), (21, .42), (24, .12))
OFFICE = ((0, .03), (6, .04), (8, .3), (9.5, 1), (11.5, .9), (12.5, .45), (14.5, .95), (16.5, .85),
          (17.5, .4), (20, .15), (24, .03))
VOICE = ((0, .18), (4, .08), (7, .4), (9, .95), (11, 1), (13, .6), (15, .9), (18, .75), (20, .7),
         (22, .45), (24, .18))
LEISURE = ((0, .1), (5, .05), (9, .25), (11, .65), (13, .75), (16, .8), (19, 1), (21, .75),
           (24, .1))
HOME = ((0, .93), (6, .9), (8, .5), (10, .36), (15, .34), (18, .62), (21, .88), (24, .93))
HOSPITAL = ((0, .22), (5, .2), (7.5, .75), (9, .98), (11, .97), (13, .72), (15, .88), (18, .5),
            (24, .22))

Curve = tuple[tuple[float, float], ...]
_SENSITIVITY = {"expressway": .7, "arterial": .8, "secondary": .65, "branch": .35, "ramp": .3}
_CENTRE_M = 4500.0


def level(curve: Curve, hour: float) -> float:
    """Read a curve at an hour of day, 0 to 24."""
    hour %= 24
    for (a, low), (b, high) in pairwise(curve):
        if a <= hour <= b:
            return low + (high - low) * (hour - a) / (b - a)
    return curve[-1][1]


def population(hour: float, rate: int) -> int:
    """Give how many vehicles are driven at an hour, enough for `rate` reports a second."""
    return max(round(1260 + 420 * level(TRAFFIC, hour)), round(rate * 1.04))


def _draw(*parts: object) -> float:
    """Draw a number in 0..1 that depends on the parts only."""
    digest = hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


@lru_cache(maxsize=4096)
def _nature(segment_id: str, seed: int) -> tuple[float, float, float, float]:
    """Give what sets a segment apart: sensitivity, nearness to the centre, two draws."""
    segment = get_segment(segment_id)
    x, y = (float(part) for part in to_plane(*segment.middle))
    return (_SENSITIVITY[segment.road_class], math.exp(-(x * x + y * y) / _CENTRE_M**2),
            _draw(seed, segment.road_id), _draw(seed, segment_id))


def free_share(segment_id: str, hour: float, seed: int) -> float:
    """Give the share of the speed limit that unseen traffic leaves on a segment at an hour.

    Nearer the centre and on busier classes more is lost; each road and segment differs by the
    seed, and the share swings slowly by some tenths within the hour.
    """
    sensitivity, centre, road, own = _nature(segment_id, seed)
    swing = math.sin(2 * math.pi * (hour * (1 + own) + road))
    busy = level(TRAFFIC, hour) * (.35 + .65 * centre) * (.3 + .6 * road + .6 * own + .2 * swing)
    return max(.16, 1 - sensitivity * busy)
