"""Draw the rates of a report as bars (SVG), with the processor time of a record beside them."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

WIDTH, ROW, TOP, NAMES, BARS = 900, 34, 64, 230, 420
INK, QUIET, OURS, OTHERS = "#1b2733", "#5b6b7a", "#0b6fd3", "#9fb2c4"


def draw(told: dict[str, Any]) -> str:
    """Draw the contenders of a report's JSON, fastest first; who was wrong has no bar."""
    rows = sorted(told["summary"].items(), key=lambda one: -_rate(one[1]))
    height = TOP + ROW * len(rows) + 40
    page = Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {height}",
                   role="img", attrib={"font-family": "sans-serif", "font-size": "14"})
    SubElement(page, "rect", width=str(WIDTH), height=str(height), fill="#ffffff")
    _write(page, 16, 28, "Records a second, from first read to last row; the answer right row by"
           " row", size=17)
    _write(page, 16, 48, f"{told['settings']['events']:,} records, median of"
           f" {told['settings']['runs']}, {told['machine'].get('processor', '')},"
           f" {told['machine'].get('cores', '?')} cores; right: processor time, µs a record"
           + ("" if told["quotable"] else "; quick run, not to be quoted"), colour=QUIET)
    most = max((_rate(one) for _, one in rows), default=0) or 1.0
    for number, (name, one) in enumerate(rows):
        _bar(page, TOP + ROW * number, name, one, most)
    return tostring(page, encoding="unicode") + "\n"


def _rate(summary: dict[str, Any]) -> float:
    """Give a contender's median rate, 0 where it has none."""
    return float(summary["rate"]["median"]) if summary["rate"] else 0.0


def _bar(page: Element, top: int, name: str, summary: dict[str, Any], most: float) -> None:
    """Draw one contender."""
    rate, middle = _rate(summary), top + 21
    _write(page, 16, middle, "City Brain" if name == "ours" else name.replace("_", " "))
    length = BARS * rate / most
    SubElement(page, "rect", x=str(NAMES), y=str(top + 5), width=f"{length:.1f}",
               height=str(ROW - 12), fill=OURS if name == "ours" else OTHERS)
    _write(page, NAMES + length + 8, middle, f"{rate:,.0f}" if rate else "wrong: no figure")
    cost = summary["cpu_microseconds_all"]
    if cost:
        _write(page, WIDTH - 90, middle, f"{cost['median']:.1f} µs", colour=QUIET)


def _write(page: Element, x: float, y: float, words: str, *, size: int = 14,
           colour: str = INK) -> None:
    """Write a line."""
    SubElement(page, "text", x=f"{x:.1f}", y=f"{y:.1f}", fill=colour,
               attrib={"font-size": str(size)}).text = words
