"""Hold the colours of wall and console, and the five grades of traffic (GB/T 33171-2016, 8.1).

Contrast on the darkest ground is at least 7:1 for text and 4.5:1 for state marks.
"""

from __future__ import annotations

from dataclasses import dataclass

from schemas.declare import Text


@dataclass(frozen=True, slots=True)
class Grade:
    """Describe one grade of traffic; it holds where speed ÷ reference is above `above`."""

    code: str
    above: float
    title: Text
    colour: str


GRADES: tuple[Grade, ...] = (
    Grade("free", 0.7, Text("Free", "畅通"), "#2fbf71"),
    Grade("mostly-free", 0.5, Text("Mostly free", "基本畅通"), "#a6d854"),
    Grade("light", 0.4, Text("Light", "轻度拥堵"), "#f2c230"),
    Grade("moderate", 0.3, Text("Moderate", "中度拥堵"), "#ff8a30"),
    Grade("severe", -1.0, Text("Severe", "严重拥堵"), "#ff5a52"),
)

COLOURS: dict[str, str] = {
    "ground": "#07111f", "panel": "#0c1a2c", "edge": "#1c3350", "text": "#e8f1ff",
    "soft": "#a9bdd8", "faint": "#6f87a8", "accent": "#57c7ff", "good": "#3ddc97",
    "amber": "#ffc043", "bad": "#ff6b62", "stale": "#7d8897", "water": "#123a5c",
    "land": "#0f2036", "road": "#2b4463",
}

SEVERITY: dict[str, str] = {
    "red": "#ff5a52", "orange": "#ff8a30", "yellow": "#f2c230", "blue": "#57a5ff",
}

FONTS = '"Source Sans", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif'


def find_grade(ratio: float | None) -> Grade | None:
    """Find the grade of a speed ÷ reference ratio; None where nothing is measured.

    The standard's lower bounds are open (畅通 is r > 70 %); ratios come in whole per cent, so that
    binary fractions cannot move an edge.
    """
    if ratio is None:
        return None
    percent = round(ratio * 100)
    return next(one for one in GRADES if percent > round(one.above * 100))
