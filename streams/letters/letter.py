"""Hold a dead letter with its original, and read and write files of them: one a line, JSON."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from schemas.errors import CityBrainError

NO_RAW_TOPIC = "not of a raw topic"
EXPIRED = "no longer in its topic"


class LetterError(CityBrainError):
    """Tell that a file holds no dead letters, or a repair cannot be read."""


class Base64(msgspec.Struct, frozen=True):
    """Hold bytes that are no UTF-8."""

    base64: str


Blob = str | Base64


def to_blob(value: bytes) -> Blob:
    """Write bytes as text where they are UTF-8, else in base64."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return Base64(base64.b64encode(value).decode())


def to_bytes(blob: Blob) -> bytes:
    """Give the bytes again; raise LetterError on what is no base64."""
    if isinstance(blob, str):
        return blob.encode(errors="surrogatepass")
    try:
        return base64.b64decode(blob.base64, validate=True)
    except binascii.Error as error:
        raise LetterError(f"no base64: {error}") from error


class Letter(msgspec.Struct, omit_defaults=True, rename={"class_": "class"}):
    """Hold a dead letter, its original, and what was done to it; times are epoch ms.

    `gone` says why the original is not there. `repairs` are kept with the original, and `repaired`
    with the header `repaired_time` is what follows from both.
    """

    raw_topic: str
    raw_partition: int
    raw_offset: int
    received_at: int
    source: str = ""
    family: str = ""
    reason: str = ""
    field: str = ""
    value: str = ""
    detail: str = ""
    class_: str = ""
    event_id: str = ""
    observed_at: int | None = None
    gone: str = ""
    key: Blob | None = None
    headers: dict[str, Blob] = {}
    body: Blob | None = None
    repairs: list[str] = []
    repaired: Blob | None = None
    repaired_time: str | None = None

    @property
    def coordinates(self) -> str:
        """Name the original by topic, partition and offset."""
        return f"{self.raw_topic}/{self.raw_partition}/{self.raw_offset}"

    @property
    def original(self) -> bytes:
        """Give the body as it was published."""
        return b"" if self.body is None else to_bytes(self.body)


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Letter).decode


def read_letters(path: Path) -> Iterator[Letter]:
    """Read a file of dead letters line by line; raise LetterError naming the line."""
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _read_line(path, number, line)
    except OSError as error:
        raise LetterError(f"{path}: {error.strerror}") from error


def _read_line(path: Path, number: int, line: bytes) -> Letter:
    """Read one line."""
    try:
        return _decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LetterError(f"{path}, line {number}: no dead letter: {error}") from error


@contextmanager
def writing(path: Path) -> Iterator[Callable[[Letter], None]]:
    """Write a file of dead letters, for its owner only; it is there when the block ends well."""
    try:
        descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    except OSError as error:
        raise LetterError(f"{path} cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "wb") as stream:
            yield lambda letter: _write_line(stream.write, letter)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def _write_line(write: Callable[[bytes], object], letter: Letter) -> None:
    """Write one line."""
    write(_encode(letter) + b"\n")
