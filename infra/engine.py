"""Load the ClickHouse engine so that a client that fails to log in cannot end it.

The library was built for one local user: it installs an error handler that ends the process when a
connection fails before its login is complete, and a wrong password is such a failure. A normal
server only drops that connection. The handler's virtual methods are replaced by those of its base
class, which do nothing, before the engine starts. Layout: Itanium C++ ABI, section 2.9.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from pathlib import Path

from schemas.errors import ComponentError

POINTER = 8
METHODS = slice(4, 7)  # after offset-to-top, type and two destructors: exception() three times
READ, WRITE = 1, 2


def _regions(path: Path) -> list[tuple[int, int, str]]:
    """List start, end and permissions of the regions where the library is mapped."""
    rows = []
    for line in Path("/proc/self/maps").read_text().splitlines():
        span, permissions, *_, name = line.split(maxsplit=5)
        if name == str(path.resolve()):
            start, end = (int(part, 16) for part in span.split("-"))
            rows.append((start, end, permissions))
    return rows


def _find(regions: list[tuple[int, int, str]], word: int, after: int = 0) -> int:
    """Find the address of a pointer-sized word in data regions beyond `after`; 0 when absent."""
    wanted = struct.pack("<Q", word)
    for start, end, permissions in regions:
        if "x" in permissions or start == regions[0][0] or end <= after:
            continue
        begin = max(start, after)
        at = ctypes.string_at(begin, end - begin).find(wanted)
        if at >= 0:
            return begin + at
    return 0


def _methods_address(path: Path, regions: list[tuple[int, int, str]], name: bytes) -> int:
    """Find the table of virtual methods of the class with a mangled name."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        text = data.find(b"\0" + name + b"\0") + 1
    kind = _find(regions, regions[0][0] + text) - POINTER if text else 0
    entry = _find(regions, kind) if kind > 0 else 0
    while entry and ctypes.c_uint64.from_address(entry - POINTER).value:
        entry = _find(regions, kind, entry + POINTER)  # a derived class names it too
    if not entry:
        raise ComponentError(f"this build of the ClickHouse engine has no {name.decode()}")
    return entry - POINTER


def _replace_methods(target: int, source: int) -> None:
    """Copy the three methods that take an exception from one class's table to another's."""
    page, libc = mmap.PAGESIZE, ctypes.CDLL(None, use_errno=True)
    first = target & -page
    length = 2 * page if (target + METHODS.stop * POINTER) & -page != first else page
    span = (ctypes.c_void_p(first), ctypes.c_size_t(length))
    if libc.mprotect(*span, READ | WRITE):
        raise ComponentError("the ClickHouse engine's error handler cannot be replaced")
    for slot in range(METHODS.start, METHODS.stop):
        address = slot * POINTER
        ctypes.c_uint64.from_address(target + address).value = (
            ctypes.c_uint64.from_address(source + address).value)
    libc.mprotect(*span, READ)


def load_engine(path: Path) -> ctypes.CDLL:
    """Load the library at `path` with the error handler of a server."""
    library = ctypes.CDLL(str(path))
    regions = _regions(path)
    _replace_methods(_methods_address(path, regions, b"19KillingErrorHandler"),
                     _methods_address(path, regions, b"N4Poco12ErrorHandlerE"))
    return library
