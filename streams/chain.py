"""Chain audit records by hashes under a key, and find the first place where a chain was touched.

Each writer has a chain of its own: h_n = HMAC-SHA256(key, h_(n-1) ‖ canonical JSON of record n).
A record names its number, the hash before it and when that one was written, so that what retention
took from the front of a chain is told apart from what somebody took. The end of a chain is known by
heads that are kept elsewhere. The order of different writers among each other is not promised.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import msgspec

START = "0" * 64
Kind = Literal["edited", "missing", "reordered", "inserted", "truncated"]


class Head(msgspec.Struct, frozen=True):
    """Name the last record of a writer's chain; `at` is epoch ms, `mac` 64 hexadecimal digits."""

    writer: str
    seq: int = 0
    mac: str = START
    at: int = 0


class Entry(msgspec.Struct, frozen=True):
    """Say what was done, by whom, to what, when (epoch ms) and with what success."""

    at: int
    action: str
    subject: str
    user: str
    detail: dict[str, Any]
    success: bool


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hold one audit record; `seq` counts from 1, times are epoch ms, hashes hexadecimal."""

    writer: str
    seq: int
    at: int
    action: str
    subject: str
    user: str
    detail: dict[str, Any]
    success: bool
    previous: str
    previous_at: int
    mac: str = ""

    @property
    def head(self) -> Head:
        """Give the head of a chain that ends with this record."""
        return Head(self.writer, self.seq, self.mac, self.at)


@dataclass(frozen=True, slots=True)
class Break:
    """Say where a chain was touched first: how, at which record of the log, of whose chain."""

    kind: Kind
    position: int
    writer: str
    seq: int
    detail: str


def canonical(record: Sealed) -> bytes:
    """Write a record as the one JSON text that stands for it."""
    return msgspec.json.encode(record, order="deterministic")


def _mac(key: bytes, record: Sealed) -> str:
    """Give the hash of a record and the hash before it."""
    bare = canonical(msgspec.structs.replace(record, mac=""))
    return hmac.digest(key, record.previous.encode() + bare, "sha256").hex()


def seal(key: bytes, head: Head, entry: Entry) -> Sealed:
    """Make the record that follows a head; the same of the same, however often."""
    bare = Sealed(writer=head.writer, seq=head.seq + 1, previous=head.mac, previous_at=head.at,
                  **msgspec.structs.asdict(entry))
    return msgspec.structs.replace(bare, mac=_mac(key, bare))


def read_sealed(key: bytes, value: bytes) -> Sealed | None:
    """Read a record as it was sealed; None when any of its bytes is not as it was."""
    try:
        record = msgspec.json.decode(value, type=Sealed)
        good = canonical(record) == value and hmac.compare_digest(record.mac, _mac(key, record))
    except (msgspec.DecodeError, UnicodeError, RecursionError, TypeError):
        return None
    return record if good else None


class _Walk:
    """Walk a log of records, chain by chain."""

    def __init__(self, key: bytes, heads: Iterable[Head], oldest: int) -> None:
        """Take the heads; what was written before `oldest` (epoch ms) may be gone."""
        self._key, self._oldest = key, oldest
        self.last: dict[str, Sealed] = {}
        self._anchored: dict[tuple[str, int], set[str]] = {}
        self.heads: dict[str, Head] = {}
        for head in sorted(heads, key=lambda one: one.seq):
            self._anchored.setdefault((head.writer, head.seq), set()).add(head.mac)
            self.heads[head.writer] = head

    def find(self, records: Iterable[bytes]) -> Break | None:
        """Give the first break, or None; `last` holds the last good record of each writer."""
        left = enumerate(records)
        for position, value in left:
            record = read_sealed(self._key, value)
            rest = (one for _, one in left)
            broken = (self._unreadable(position, rest) if record is None
                      else self._out_of_place(position, record, rest))
            if broken is not None or record is None:
                return broken
            self.last[record.writer] = record
        return self._truncated()

    def _later(self, rest: Iterable[bytes]) -> set[tuple[str, int]]:
        """List writer and number of the good records that follow."""
        found = (read_sealed(self._key, value) for value in rest)
        return {(one.writer, one.seq) for one in found if one is not None}

    def _unreadable(self, position: int, rest: Iterable[bytes]) -> Break:
        """Judge a record that is not as any was sealed: it replaces one, or was put in."""
        later = self._later(rest)
        for writer in sorted({*self.last, *self.heads, *(name for name, _ in later)}):
            last = self.last.get(writer)
            after = {seq for name, seq in later if name == writer}
            head = self.heads.get(writer)
            wanted = last.seq + 1 if last else min(after, default=2) - 1 or 1
            if wanted not in after and (after or (head and head.seq >= wanted)):
                return Break("edited", position, writer, wanted, "is not as it was sealed")
        return Break("inserted", position, "", 0, "was sealed by no writer")

    def _out_of_place(self, position: int, record: Sealed, rest: Iterable[bytes]) -> Break | None:
        """Judge a good record by its place in its writer's chain."""
        last, writer, seq = self.last.get(record.writer), record.writer, record.seq
        if self._anchored.get((writer, seq), set()) - {record.mac}:
            return Break("edited", position, writer, seq, "is not the record that was anchored")
        if last is not None and seq <= last.seq:
            return Break("inserted", position, writer, seq, f"stands again, after {last.seq}")
        if last is None and (seq == 1 or record.previous_at < self._oldest):
            return None
        wanted = last.seq + 1 if last else seq - 1
        if last is not None and seq == wanted:
            follows = record.previous == last.mac
            return None if follows else Break(
                "inserted", position, writer, seq, f"does not follow record {last.seq}")
        if (writer, wanted) in self._later(rest):
            return Break("reordered", position, writer, seq, f"stands before record {wanted}")
        return Break("missing", position, writer, wanted, f"record {wanted} is not there")

    def _truncated(self) -> Break | None:
        """Compare the ends of the chains with the heads."""
        for writer, head in sorted(self.heads.items()):
            last = self.last.get(writer)
            gone = last is None and head.at < self._oldest
            if not gone and head.seq > (last.seq if last else 0):
                return Break("truncated", -1, writer, head.seq,
                             f"the chain ends with record {last.seq if last else 0},"
                             f" and {head.seq} is anchored")
        return None


def verify_chain(records: Iterable[bytes], heads: Iterable[Head], key: bytes,
                 oldest: int = 0) -> Break | None:
    """Find the first break of the chains in a log, or None where all is as it was written.

    `records` are the log's values in their order, read once and never held; `heads` are anchored
    ends of chains, several of a writer or none. Records written before `oldest` (epoch ms) may have
    left the front of the log.
    """
    return _Walk(key, heads, oldest).find(records)


def count_chain(records: Iterable[bytes], heads: Iterable[Head], key: bytes, oldest: int = 0
                ) -> tuple[Break | None, dict[str, int]]:
    """Find the first break, and give the number of the last good record of each writer."""
    walk = _Walk(key, heads, oldest)
    broken = walk.find(records)
    writers = chain(walk.heads, walk.last)
    return broken, {name: walk.last[name].seq if name in walk.last else 0 for name in writers}
