"""Read rows from CSV, NDJSON, GeoJSON and Parquet files as a stream, each with its line number."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from schemas.errors import MappingError
from streams.mapping.declare import Source
from streams.mapping.parquet import ParquetRows

csv.field_size_limit(1 << 20)
_CHUNK = 1 << 16


@dataclass(slots=True)
class Row:
    """Hold one row: where it stands, its cells by column, and why it could not be read, if so."""

    line: int
    index: int
    cells: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


class Rows:
    """Iterate over the rows of one file; `position` and `size` are bytes, for progress."""

    def __init__(self, path: Path, source: Source) -> None:
        """Open the file; raise MappingError when it cannot be read or its header is wanting."""
        try:
            self._file = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise MappingError(f"{path}: {error.strerror}") from error
        try:
            self._text = io.TextIOWrapper(self._file, encoding=source.encoding,
                                          errors="surrogateescape", newline="")
        except LookupError:
            raise MappingError(f"source.encoding: {source.encoding!r} is unknown") from None
        self.path, self._source = path, source
        self.columns: tuple[str, ...] | None = None
        self._parquet = ParquetRows(path) if source.format == "parquet" else None
        if self._parquet:
            self.columns = self._parquet.columns
        self._csv = self._open_csv() if source.format == "csv" else None

    @property
    def position(self) -> int:
        """Tell how many bytes have been read; of a Parquet file, a share of them by rows."""
        if self._parquet:
            return round(self._parquet.share * self.size)
        return self._file.tell()

    def __enter__(self) -> Rows:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._text.close()
        if self._parquet:
            self._parquet.close()

    def __iter__(self) -> Iterator[Row]:
        """Give the rows in the order of the file; MappingError where its encoding breaks off."""
        try:
            yield from self._rows()
        except UnicodeDecodeError as error:
            raise self._undecodable(error) from error

    def _undecodable(self, error: UnicodeDecodeError) -> MappingError:
        """Tell that bytes make no text; UTF-16 has no way to go on after them."""
        return MappingError(f"{self.path}: is not {self._source.encoding}: {error.reason}")

    def _rows(self) -> Iterator[Row]:
        """Give the rows of whatever format."""
        if self._csv is not None:
            return self._csv_rows(self._csv)
        if self._parquet is not None:
            return (Row(number, number - 1, cells)
                    for number, cells in enumerate(self._parquet, 1))
        return self._ndjson() if self._source.format == "ndjson" else self._geojson()

    def _open_csv(self) -> Any:
        """Open the CSV reader and learn the columns."""
        reader = csv.reader(self._text, delimiter=self._source.delimiter)
        try:
            for _ in range(self._source.skip_rows):
                next(reader, None)
            names = ([name.strip() for name in next(reader, [])]
                     if self._source.header is True else list(self._source.header or ()))
        except csv.Error as error:
            raise MappingError(f"{self.path}: line {reader.line_num}: {error}") from error
        except UnicodeDecodeError as error:
            raise self._undecodable(error) from error
        doubled = {name for name in names if names.count(name) > 1}
        if doubled or not names:
            raise MappingError(f"{self.path}: the header names {sorted(doubled)} twice" if doubled
                               else f"{self.path}: the file is empty")
        self.columns = tuple(names)
        return reader

    def _csv_rows(self, reader: Any) -> Iterator[Row]:
        """Give CSV rows; blank lines are nothing."""
        names, index = self.columns or (), 0
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(reader.line_num, index, fault=str(error))
                index += 1
                continue
            if not cells:
                continue
            row = Row(reader.line_num, index, dict(zip(names, cells, strict=False)))
            if len(cells) != len(names):
                row.fault = f"{len(cells)} cells, the header has {len(names)}"
            yield row
            index += 1

    def _ndjson(self) -> Iterator[Row]:
        """Give the objects of an NDJSON file, nested ones flattened with dots."""
        index = 0
        for line, text in enumerate(self._text, 1):
            if not text.strip():
                continue
            row = Row(line, index)
            try:
                found = msgspec.json.decode(text.encode("utf-8", "surrogateescape"))
                row.cells = flatten(found)
            except (msgspec.DecodeError, TypeError, UnicodeDecodeError) as error:
                row.cells, row.fault = {"$text": text.strip()[:1000]}, f"not a JSON object: {error}"
            yield row
            index += 1

    def _geojson(self) -> Iterator[Row]:
        """Give the features of a collection; a point's place is `longitude` and `latitude`."""
        for index, (line, feature) in enumerate(self._features()):
            try:
                cells = flatten(feature.get("properties") or {})
                geometry = feature.get("geometry") or {}
                if geometry.get("type") == "Point":
                    cells["$longitude"], cells["$latitude"] = geometry["coordinates"][:2]
            except (AttributeError, KeyError, TypeError, ValueError):
                yield Row(line, index, {"$text": json.dumps(feature)[:1000]},
                          "not a GeoJSON feature")
                continue
            yield Row(line, index, cells)

    def _features(self) -> Iterator[tuple[int, Any]]:
        """Decode the array of features piece by piece, never the whole file."""
        decoder, buffer, line = json.JSONDecoder(), "", 1
        while '"features"' not in buffer or "[" not in buffer.split('"features"', 1)[1]:
            piece = self._text.read(_CHUNK)
            if not piece:
                raise MappingError(f"{self.path}: no GeoJSON feature collection")
            buffer += piece
        start = buffer.index("[", buffer.index('"features"')) + 1
        while True:
            skipped = len(buffer) - len(rest := buffer[start:].lstrip(" \t\r\n,"))
            line += buffer.count("\n", 0, skipped)
            buffer, start = rest, 0
            if buffer.startswith("]"):
                return
            try:
                feature, end = decoder.raw_decode(buffer)
            except json.JSONDecodeError as error:
                piece = self._text.read(_CHUNK)
                if not piece:
                    raise MappingError(f"{self.path}: line {line}: {error.msg}") from error
                buffer += piece
                continue
            yield line, feature
            line += buffer.count("\n", 0, end)
            buffer = buffer[end:]


def flatten(found: Any, prefix: str = "") -> dict[str, Any]:
    """Lay nested objects out as one, names joined by dots; raise TypeError on anything else."""
    if not isinstance(found, dict):
        raise TypeError(f"a {type(found).__name__}")
    flat: dict[str, Any] = {}
    for name, value in found.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
