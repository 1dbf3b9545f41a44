"""Read rows from Parquet files, row group by row group, in bounded memory."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.errors import MappingError

# rows held as Python objects at a time, and the pages of one column read ahead, bytes
_BATCH, _BUFFER = 4096, 1 << 20


class ParquetRows:
    """Iterate over the rows of one Parquet file; nested columns are laid out with dots."""

    def __init__(self, path: Path) -> None:
        """Open the file and learn the columns; raise MappingError when it is none."""
        try:
            self._file = pq.ParquetFile(path, buffer_size=_BUFFER, pre_buffer=False)
        except (pa.ArrowException, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise MappingError(f"{path}: not a Parquet file: {reason}") from error
        self._path = path
        self.columns = tuple(name for one in self._file.schema_arrow for name in _names(one))
        self.share = 0.0

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Give the cells of each row; null and NaN are None."""
        total, given = max(1, self._file.metadata.num_rows), 0
        for group in range(self._file.num_row_groups):
            try:
                for batch in self._file.iter_batches(_BATCH, row_groups=[group],
                                                     use_threads=False):
                    for row in _exact(batch).to_pylist():
                        given += 1
                        yield _flat(row)
                    self.share = given / total
            except (pa.ArrowException, OSError) as error:
                raise MappingError(f"{self._path}: row group {group}: {error}") from error


def _names(field: Any, prefix: str = "") -> list[str]:
    """List the columns that a field is laid out as."""
    name = prefix + field.name
    if not pa.types.is_struct(field.type):
        return [name]
    return [one for i in range(field.type.num_fields)
            for one in _names(field.type.field(i), f"{name}.")]


def _exact(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Cut nanoseconds to microseconds, which is what Python's instants hold."""
    arrays = [
        column.cast(pa.timestamp("us", column.type.tz), safe=False)
        if pa.types.is_timestamp(column.type) and column.type.unit == "ns" else column
        for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, names=batch.schema.names)


def _flat(row: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Lay the cells of a row out as one dictionary."""
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = _plain(value)
    return flat


def _plain(value: Any) -> Any:
    """Give a cell as CSV or JSON would: a number, a text, or None."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    if isinstance(value, list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
