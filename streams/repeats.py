"""Count ids that come more than once in a file of any length, exactly, in bounded memory."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128_digest

# ids held in memory before they are laid out on disk, 24 bytes each, and the files they go to
_HELD, _FILES = 1 << 18, 64
_ENTRY = np.dtype([("bucket", "u1"), ("digest", "S16"), ("line", "<i8")])


class Repeats:
    """Enter ids with their lines, then count the repeats once; digests of 128 bits stand for ids.

    Equal ids meet in the same of 64 temporary files, each of which is sorted on its own.
    """

    def __init__(self, held: int = _HELD) -> None:
        """Start empty; `held` ids stay in memory."""
        self._limit, self._held = held, list[tuple[int, bytes, int]]()
        self._files: list[IO[bytes]] = []
        self._stack = ExitStack()

    def add(self, event_id: str, line: int) -> None:
        """Enter one id."""
        digest = xxh3_128_digest(event_id.encode())
        # S16 ends at trailing zero bytes: equal digests stay equal, and no others become so
        self._held.append((digest[0] % _FILES, digest, line))
        if len(self._held) == self._limit:
            self._spill()

    def _spill(self) -> None:
        """Lay out on disk what is held."""
        if not self._files:
            self._files = [self._stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115
                           for _ in range(_FILES)]
        entries = np.array(self._held, dtype=_ENTRY)
        self._held.clear()
        for bucket, file in enumerate(self._files):
            file.write(entries[entries["bucket"] == bucket].tobytes())

    def count(self, examples: int = 100) -> tuple[int, list[int]]:
        """Count the ids that an earlier line had, and give the first lines that repeat one."""
        if not self._files:
            repeated = _repeated(np.array(self._held, dtype=_ENTRY))
            return len(repeated), sorted(repeated.tolist())[:examples]
        self._spill()
        total, lines = 0, list[int]()
        with self._stack:
            for file in self._files:
                file.seek(0)
                repeated = _repeated(np.frombuffer(file.read(), dtype=_ENTRY))
                total += len(repeated)
                lines = sorted([*lines, *repeated.tolist()])[:examples]
        return total, lines


def _repeated(entries: NDArray[Any]) -> NDArray[np.int64]:
    """Give the lines of entries whose digest an earlier one has."""
    order = np.argsort(entries["digest"], kind="stable")
    digests = entries["digest"][order]
    again = np.zeros(len(order), dtype=bool)
    again[1:] = digests[1:] == digests[:-1]
    lines: NDArray[np.int64] = entries["line"][order][again]
    return lines
