"""Find out how a CSV file is laid out: delimiter, rows before the table, header or none."""

from __future__ import annotations

import csv
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from streams.mapping.guess.model import Doubt
from streams.mapping.guess.times import is_moment

_DELIMITERS = ",;\t|"
_ROWS, _PREAMBLE = 200, 20
_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*([eE][-+]?[0-9]+)?%?")
# what a name may not hold that stands in a template
_UNFIT = re.compile(r"[{}:!]|^\$")


@dataclass(slots=True)
class Shape:
    """Hold the layout as the keys of [source] say it."""

    keys: dict[str, Any]
    names: list[str]
    doubts: list[Doubt] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find_shape(text: str, *, whole: bool) -> Shape:
    """Find the layout of a CSV file from its beginning; `whole` tells that it is all of it."""
    lines = text.splitlines(keepends=True)
    if not whole and len(lines) > 1:
        # the last line may be cut
        lines = lines[:-1]
    delimiter, rows = max(((mark, _parse(lines, mark)) for mark in _DELIMITERS),
                          key=lambda pair: _evenness(pair[1]))
    width = _usual_width(rows)
    first = _preamble(rows, width)
    shape = Shape({"delimiter": delimiter} if delimiter != "," else {}, [])
    if first:
        shape.keys["skip_rows"] = first
        shape.doubts.append(Doubt("source.skip_rows", f"the first {first} row(s) have fewer cells"
                                  " than the table below", (), 0.8))
    _name_columns(shape, rows[first:], first, width)
    return shape


def _parse(lines: list[str], delimiter: str) -> list[list[str]]:
    """Read the first rows with one delimiter."""
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(lines, delimiter=delimiter):
            rows.append(cells)
            if len(rows) == _ROWS:
                break
    except csv.Error:
        return rows
    return rows


def _evenness(rows: list[list[str]]) -> float:
    """Score a delimiter: many rows of one width above one."""
    width = _usual_width(rows)
    if width < 2:
        return 0.0
    share = sum(len(row) == width for row in rows) / len(rows)
    return share * (1 + width / 1000)


def _usual_width(rows: list[list[str]]) -> int:
    """Give the number of cells that most rows have."""
    widths = Counter(len(row) for row in rows if row)
    return widths.most_common(1)[0][0] if widths else 0


def _preamble(rows: list[list[str]], width: int) -> int:
    """Count the rows before the table: titles and remarks are narrower than it."""
    for number, row in enumerate(rows[:_PREAMBLE]):
        filled = sum(bool(cell.strip()) for cell in row)
        if len(row) >= width and (filled > 1 or width == 1):
            return number
    return 0


def _name_columns(shape: Shape, rows: list[list[str]], before: int, width: int) -> None:
    """Name the columns, by the header where there is one and where its names will do."""
    top = [cell.strip() for cell in rows[0]] if rows else []
    if not _is_header(top, rows[1:]):
        names = [f"column_{number}" for number in range(1, max(width, len(top)) + 1)]
        shape.names, shape.keys["header"] = names, names
        shape.doubts.append(Doubt(
            "source.header", "the first row looks like the rows below it, so the file seems to have"
            " no header; the columns are numbered", ("header = true",), 0.7))
        return
    names = _distinct(top, max(width, len(top)))
    shape.names = names
    if names == top:
        return
    changed = [f"{new} (was {old!r})" for old, new in zip(top, names, strict=False) if old != new]
    changed += names[len(top):]
    shape.keys["header"], shape.keys["skip_rows"] = names, before + 1
    shape.doubts.append(Doubt(
        "source.header", "names in the header are empty, doubled, too few, or unfit for templates;"
        f" named anew: {', '.join(changed)}", (), 0.7))


def _distinct(names: list[str], width: int) -> list[str]:
    """Give every column a name of its own that a template can hold."""
    found: list[str] = []
    for number in range(width):
        name = names[number] if number < len(names) else ""
        plain = _UNFIT.sub("_", name) or f"column_{number + 1}"
        unique, turn = plain, 2
        while unique in found:
            unique, turn = f"{plain}_{turn}", turn + 1
        found.append(unique)
    return found


def _is_header(top: list[str], below: list[list[str]]) -> bool:
    """Tell a header from a row of values."""
    values = [cell for cell in top if _NUMBER.fullmatch(cell) or is_moment(cell)]
    if not values:
        return not _repeats_below(top, below)
    # sensor numbers as names: whole, distinct and long, above columns of other numbers
    return (len(values) == len(top) == len(set(top)) > 3
            and all(re.fullmatch(r"[0-9]{4,}", cell) for cell in top)
            and not _repeats_below(top, below))


def _repeats_below(top: list[str], below: list[list[str]]) -> bool:
    """Tell whether cells of the first row come again in their columns: then they are values.

    A row that is all the same is the header once more, as in files laid end to end.
    """
    others = [row for row in ([cell.strip() for cell in cells] for cells in below) if row != top]
    again = sum(any(cell and len(row) > i and row[i] == cell for row in others)
                for i, cell in enumerate(top))
    return again * 2 > len(top)
