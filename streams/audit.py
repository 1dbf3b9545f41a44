"""Keep the audit trail: who did what, to what, with what success, in a chain that shows tampering.

Three accounts share the work, so that none can both write and cover its tracks: `audit` appends to
the topic and cannot read it, `anchor` keeps the head of each chain in a topic of its own, and
`auditor` reads both. A second anchor is a file beside the broker's data, which also holds what the
broker has not confirmed: such a record is sent again with the next one, and is never lost.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import KafkaError, KafkaException, Message

from schemas.errors import ComponentError
from schemas.render.kafka import HOUR_MS, SYSTEM_TOPICS
from streams.agents.history import open_reader, read_back
from streams.broker import open_producer
from streams.chain import (
    Break,
    Entry,
    Head,
    Sealed,
    canonical,
    count_chain,
    read_sealed,
    seal,
)
from streams.kept import read_kept, write_kept
from streams.secrets import get_key
from streams.settings import read_settings

TOPIC, HEADS = "audit", "audit-heads"
WRITER, ANCHOR, AUDITOR = "audit", "anchor", "auditor"
KEY = "audit"
CONFIRM_SECONDS = 8.0
# the writer's clock and the broker's may differ by so much where retention begins
CLOCK_MS = HOUR_MS
KEPT_MS = next(int(one.settings["retention.ms"]) for one in SYSTEM_TOPICS if one.name == TOPIC)


class State(msgspec.Struct):
    """Hold the head of a chain (None: unknown), its place in the topic, and what is unconfirmed."""

    writer: str
    head: Head | None = None
    offset: int = -1
    pending: list[Entry] = []

    @property
    def next(self) -> Sealed | None:
        """Give the record that is to be confirmed next."""
        if self.head is None or not self.pending:
            return None
        return seal(get_key(KEY), self.head, self.pending[0])

    def confirm(self, message: Message) -> None:
        """Move the head when a message is the record that is to be confirmed next."""
        record = self.next
        if record is not None and message.value() == canonical(record):
            self.head, self.offset = record.head, message.offset() or 0
            self.pending = self.pending[1:]


def directory() -> Path:
    """Give the directory of the anchored heads, made with mode 0700."""
    path = read_settings().home / "audit"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def head_file(writer: str) -> Path:
    """Give the file of a writer's head."""
    return directory() / f"head-{writer}.json"


def _save(state: State) -> None:
    """Replace a writer's file atomically, for its owner only, on the disk when this returns."""
    descriptor, draft = tempfile.mkstemp(dir=directory())
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(msgspec.json.encode(state))
        stream.flush()
        os.fsync(stream.fileno())
    Path(draft).replace(head_file(state.writer))


def _load(path: Path) -> State:
    """Read a writer's file; raise ComponentError when it is no such file."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=State)
    except (msgspec.DecodeError, OSError) as error:
        raise ComponentError(f"{path} holds no head of an audit chain: {error}") from error


@contextmanager
def _alone(writer: str) -> Iterator[None]:
    """Keep other processes from appending to the same chain."""
    with (directory() / f".lock-{writer}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_log(since: int = 0) -> Iterator[Message]:
    """Give the records of the topic, from an offset on, as the auditor."""
    consumer = open_reader(AUDITOR, f"{AUDITOR}-audit")
    try:
        for message in read_back(consumer, TOPIC, 1, None, {}):
            if (message.offset() or 0) >= since:
                yield message
    finally:
        consumer.close()


def _find_head(writer: str) -> tuple[Head, int]:
    """Read from the topics where a writer's chain ends, and its offset."""
    head, offset, key = Head(writer), -1, get_key(KEY)
    for message in read_log():
        record = read_sealed(key, message.value() or b"")
        if record is not None and record.writer == writer and record.seq > head.seq:
            head, offset = record.head, message.offset() or 0
    anchored = read_kept(AUDITOR, HEADS).get(writer)
    if anchored is not None:
        kept = msgspec.json.decode(anchored, type=Head)
        if kept.seq > head.seq:  # cut off: the gap must show, not be written over
            head = kept
    return head, offset


def _send(state: State) -> None:
    """Send what is not confirmed, in order, and move the head as it is confirmed."""
    failures: list[str] = []

    def confirmed(error: KafkaError | None, message: Message) -> None:
        """Move the head, or keep why a record was refused."""
        if error is not None:
            failures.append(error.str())
        else:
            state.confirm(message)

    producer, head = open_producer(WRITER), state.head
    for entry in state.pending:
        if head is not None:
            record = seal(get_key(KEY), head, entry)
            producer.produce(TOPIC, value=canonical(record), on_delivery=confirmed)
            head = record.head
    producer.flush(CONFIRM_SECONDS)
    producer.purge()
    if state.pending:
        raise ComponentError(failures[0] if failures
                             else f"not confirmed after {CONFIRM_SECONDS:g} s")


def _deliver(state: State, waited: bool) -> None:
    """Bring everything that is not confirmed to the topic, and anchor the head."""
    if state.head is None:
        state.head, state.offset = _find_head(state.writer)
    if waited:  # it may have reached the topic before this process knew
        for message in read_log(state.offset + 1):
            state.confirm(message)
    _send(state)
    write_kept(ANCHOR, HEADS, {state.writer: msgspec.json.encode(state.head)})


def append(writer: str, action: str, subject: str, user: str, detail: dict[str, Any],
           success: bool) -> None:
    """Append a record to a writer's chain and anchor its head.

    The record is on this disk before it is sent. Raise ComponentError when the broker did not
    confirm it: it is kept, and sent again with the next.
    """
    entry = Entry(time.time_ns() // 1_000_000, action, subject, user, _plain(detail), success)
    with _alone(writer):
        path = head_file(writer)
        state = _load(path) if path.exists() else State(writer)
        waited = bool(state.pending)
        state.pending = [*state.pending, entry]
        _save(state)
        try:
            _deliver(state, waited)
        except (ComponentError, KafkaException) as error:
            raise ComponentError(f"the audit trail is not complete: {error}; what is missing waits"
                                 f" in {path} and is sent with the next record") from error
        finally:
            _save(state)


def _plain(detail: dict[str, Any]) -> dict[str, Any]:
    """Make a detail what JSON gives back as it is; text that is no Unicode is replaced."""
    try:
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(detail, enc_hook=str))
    except UnicodeEncodeError:
        return {key: str(value).encode(errors="replace").decode()
                for key, value in detail.items()}
    return plain


def read_heads() -> list[Head]:
    """Read the heads from both anchors."""
    kept = [msgspec.json.decode(value, type=Head)
            for value in read_kept(AUDITOR, HEADS).values()]
    files = (_load(path).head for path in sorted(directory().glob("head-*.json")))
    return kept + [head for head in files if head is not None]


def verify(now: int) -> tuple[Break | None, dict[str, int]]:
    """Walk the topic as the auditor; give the first break, and records by writer.

    The heads are read first: what is appended meanwhile lies beyond them and is no break.
    """
    heads = read_heads()
    values = (message.value() or b"" for message in read_log())
    return count_chain(values, heads, get_key(KEY), now - KEPT_MS + CLOCK_MS)
