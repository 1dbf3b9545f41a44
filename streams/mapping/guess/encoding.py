"""Find out in which encoding a file is written, or why it is no text."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from schemas.errors import MappingError

_HEAD, _PIECES, _PIECE = 1 << 18, 8, 1 << 14
_MARKS: tuple[tuple[bytes, str], ...] = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"))
# the first bytes of files that hold no rows as text
_BINARIES: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a zip archive (an Excel workbook is one): export the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: export the sheet as CSV"),
    (b"\x1f\x8b", "compressed with gzip: unpack it first"),
    (b"SQLite format 3", "an SQLite database: export a table as CSV"),
    (b"%PDF", "a PDF document"), (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"),
    (b"(\xb5/\xfd", "compressed with zstd: unpack it first"))
# what files of cities are written in where they are not UTF-8, the likeliest first
_LEGACY = ("gb18030", "cp1252", "big5")


@dataclass(frozen=True, slots=True)
class Encoding:
    """Name an encoding, with others that would read the file too."""

    name: str
    others: tuple[str, ...] = ()


def find_encoding(path: Path) -> Encoding:
    """Find the encoding from the head and pieces of the file; raise MappingError for binaries."""
    head, pieces = _read(path)
    if not head.strip():
        raise MappingError(f"{path}: the file is empty")
    for magic, told in _BINARIES:
        if head.startswith(magic):
            raise MappingError(f"{path}: no table of text: it is {told}")
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name)
    if b"\0" in head:
        return Encoding(_wide(path, head))
    if all(_reads(piece, "utf-8") for piece in (head, *pieces)):
        return Encoding("utf-8-sig")
    return _legacy(path, b"\n".join((head, *pieces)))


def _read(path: Path) -> tuple[bytes, list[bytes]]:
    """Read the head of a file, and whole lines from places spread over the rest."""
    try:
        with path.open("rb") as file:
            head, size = file.read(_HEAD), path.stat().st_size
            pieces = []
            for number in range(1, _PIECES + 1) if size > _HEAD else ():
                file.seek(_HEAD + (size - _HEAD) * (number - 1) // _PIECES)
                pieces.append(b"\n".join(file.read(_PIECE).split(b"\n")[1:-1]))
    except OSError as error:
        raise MappingError(f"{path}: {error.strerror}") from error
    return head, pieces


def _wide(path: Path, head: bytes) -> str:
    """Tell which UTF-16 without a mark has these zero bytes; raise MappingError for none."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    name = "utf-16-le" if odd > even else "utf-16-be"
    if min(even, odd) * 10 > max(even, odd) or not _reads(head, name) or _garbled(
            head.decode(name, "replace")):
        raise MappingError(f"{path}: no table of text: it holds binary data")
    return name


def _legacy(path: Path, data: bytes) -> Encoding:
    """Choose among the encodings that came before UTF-8."""
    if len(re.findall(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]", data)) * 100 > len(data):
        raise MappingError(f"{path}: no table of text: it holds binary data")
    found = [one.encoding for one in from_bytes(data, cp_isolation=list(_LEGACY), threshold=0.3)]
    # high bytes that stand alone between Latin letters are no halves of Chinese characters
    alone = len(re.findall(rb"(?<![\x80-\xff])[\xc0-\xff](?![\x80-\xff])", data))
    paired = len(re.findall(rb"[\x81-\xfe][\x80-\xfe]", data))
    if alone > paired:
        found = [one for one in found if one == "cp1252"] or ["latin-1"]
    elif "gb18030" in found:
        found.sort(key=lambda name: name != "gb18030")
    names = found or ["latin-1"]
    return Encoding(names[0], tuple(names[1:]))


def _reads(data: bytes, name: str) -> bool:
    """Tell whether an encoding reads the data, which may end within a character."""
    try:
        codecs.getincrementaldecoder(name)("strict").decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _garbled(text: str) -> bool:
    """Tell whether a text holds control characters that no table has."""
    strange = sum(1 for char in text if char < " " and char not in "\t\r\n")
    return strange * 100 > len(text)
