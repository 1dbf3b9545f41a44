"""Read a bounded sample of any file, by the same reader as the mapper's."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from schemas.errors import MappingError
from streams.mapping.declare import Source
from streams.mapping.guess.encoding import find_encoding
from streams.mapping.guess.model import Column, Doubt
from streams.mapping.guess.shape import find_shape
from streams.mapping.source import Row, Rows

# cells that mean nothing is given, whatever the column; compared as they stand
MARKERS = frozenset({
    "", "-", "--", "---", "/", "\\N", "?", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "null",
    "NULL", "Null", "None", "none", "nil", "(null)", "k.A.", "无", "空", "暂无", "无数据"})
_COMMA = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+),\d+")
_POINT = re.compile(r"[-+]?\d+\.\d+")
_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d+)?")
_HEAD = 1 << 18


@dataclass(slots=True)
class Sample:
    """Hold the first rows of a file by column, and how the file is written.

    `keys` are those of [source] that differ from the defaults; `skips` are rows that are no rows.
    """

    source: Source
    keys: dict[str, Any]
    columns: dict[str, Column]
    rows: int
    doubts: list[Doubt] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    skips: list[dict[str, Any]] = field(default_factory=list)


def read_sample(path: Path, limit: int) -> Sample:
    """Read the first `limit` rows; raise MappingError when the file is no table."""
    keys, doubts, notes = _written(path)
    source = msgspec.convert(keys, Source)
    with Rows(path, source) as opened:
        rows = list(islice(opened, limit))
        names = opened.columns
    good = [row for row in rows if not row.fault]
    if names is None:
        names = tuple(dict.fromkeys(name for row in good for name in row.cells))
        if not names:
            raise MappingError(f"{path}: no row of it is a JSON object")
    _tell_faults(rows, doubts)
    skips = _repeated_headers(names, good)
    cells = [[row.cells.get(name) for name in names] for row in good
             if not skips or row.cells.get(names[0]) != names[0]]
    sample = Sample(source, keys, {}, len(cells), doubts, notes, skips)
    _lay_out(sample, names, cells)
    if not cells:
        notes.append("the file holds no rows: all is guessed from the names of its columns")
    return sample


def _written(path: Path) -> tuple[dict[str, Any], list[Doubt], list[str]]:
    """Find out how a file is written, as the keys of [source]."""
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror}") from error
    if magic == b"PAR1":
        return {"format": "parquet"}, [], []
    encoding = find_encoding(path)
    keys: dict[str, Any] = {} if encoding.name == "utf-8-sig" else {"encoding": encoding.name}
    doubts = [Doubt("source.encoding", "the bytes would also read in another encoding",
                    encoding.others, 0.7)] if encoding.others else []
    text = _head(path, encoding.name)
    form = _format(path, text.lstrip("\ufeff \t\r\n"))
    if form != "csv":
        return {**keys, "format": form}, doubts, []
    shape = find_shape(text, whole=path.stat().st_size <= _HEAD)
    return {**keys, **shape.keys}, doubts + shape.doubts, shape.notes


def _head(path: Path, encoding: str) -> str:
    """Decode the beginning of a file."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        return file.read(_HEAD)


def _format(path: Path, text: str) -> str:
    """Tell CSV, NDJSON and GeoJSON apart; raise MappingError for JSON and XML of other forms."""
    if text.startswith("<"):
        raise MappingError(f"{path}: no table: it is XML or HTML")
    if text.startswith("["):
        raise MappingError(f"{path}: it is one JSON array: write one object a line (NDJSON)")
    if not text.startswith("{"):
        return "csv"
    line = text.partition("\n")[0]
    single = _is_object(line)
    if re.search(r'"features"\s*:\s*\[', text) and not ("\n{" in text and single):
        return "geojson"
    # a broken first line does not make the rest another format
    if single or any(_is_object(one) for one in text.splitlines()[1:6]):
        return "ndjson"
    raise MappingError(f"{path}: it is one JSON object over several lines: write one object a line"
                       " (NDJSON), or a GeoJSON feature collection")


def _is_object(line: str) -> bool:
    """Tell whether a line is a JSON object by itself."""
    try:
        return isinstance(msgspec.json.decode(line.strip().encode("utf-8", "replace")), dict)
    except msgspec.DecodeError:
        return False


def _tell_faults(rows: list[Row], doubts: list[Doubt]) -> None:
    """Tell which rows of the sample could not be read."""
    faults = [row for row in rows if row.fault]
    if faults:
        told = "; ".join(f"line {row.line}: {row.fault}" for row in faults[:3])
        doubts.append(Doubt("source", f"{len(faults)} of the first {len(rows)} rows cannot be read"
                            f" and will be refused ({told})", (), 0.7))


def _repeated_headers(names: tuple[str, ...], rows: list[Row]) -> list[dict[str, Any]]:
    """Give the rule that skips headers that come again within the file."""
    again = [row for row in rows if row.cells.get(names[0]) == names[0]
             and sum(row.cells.get(name) == name for name in names) * 2 > len(names)]
    return [{"column": names[0], "values": [names[0]]}] if again else []


def _lay_out(sample: Sample, names: tuple[str, ...], cells: list[list[Any]]) -> None:
    """Find markers of missing values and the decimal sign, and fill the columns."""
    found = Counter(cell.strip() for row in cells for cell in row
                    if isinstance(cell, str) and cell.strip() in MARKERS)
    markers = sorted({"", *found})
    if markers != [""]:
        sample.keys["missing"] = markers
    comma = _decimal_comma(sample, cells)
    if comma:
        sample.keys["decimal"] = ","
    sample.source = msgspec.convert(sample.keys, Source)
    for i, name in enumerate(names):
        column = [row[i].strip() if isinstance(row[i], str) else row[i] for row in cells]
        sample.columns[name] = Column(
            name, [None if cell in markers or not _printable(cell) else cell
                   for cell in column], comma)


def _printable(cell: Any) -> bool:
    """Tell whether a cell is text that the encoding could read."""
    return not isinstance(cell, str) or not any("\ud800" <= char <= "\udfff" for char in cell)


def _decimal_comma(sample: Sample, cells: list[list[Any]]) -> bool:
    """Tell whether numbers are written with a decimal comma; say what contradicts it."""
    texts = [cell.strip() for row in cells for cell in row if isinstance(cell, str)]
    thousands = sum(bool(_THOUSANDS.fullmatch(text)) for text in texts)
    commas = sum(bool(_COMMA.fullmatch(text)) for text in texts) - thousands
    points = sum(bool(_POINT.fullmatch(text)) for text in texts)
    if thousands > commas:
        sample.doubts.append(Doubt(
            "source.decimal", f"{thousands} cells look like 1,234: the mapper takes no separators"
            " of thousands and will refuse them", (), 0.5))
        return False
    if commas and points:
        sample.doubts.append(Doubt(
            "source.decimal", f"{commas} numbers have a comma and {points} a point before their"
            " decimals", (".", ","), 0.5))
    return commas > points
