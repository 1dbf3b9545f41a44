"""Fill a table with the records of its topic: as they are where the store can read them itself.

Where one of them does not fit, its batch is taken apart here, to find it and to set it aside.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from confluent_kafka import Message

from streams.store import BadRowError, RefusedError, Store
from streams.tables import APPENDED_AT, TableRows

Record = dict[str, Any]
SetAside = Callable[[Message, str], None]
NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
log = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(Record).decode


def read_record(message: Message) -> Record:
    """Read what becomes a row; raise one of NO_JSON on what does not."""
    record: Record = _decode(message.value() or b"")
    record[APPENDED_AT] = message.timestamp()[1]
    return record


def fill(store: Store, rows: TableRows, messages: Sequence[Message], set_aside: SetAside) -> int:
    """Insert records; give how many fit, and tell of each other one why it does not.

    Raise ComponentError where the store is away.
    """
    if rows.reading:
        try:
            return store.insert_json(rows.reading.insert(rows.table),
                                     [one.value() or b"" for one in messages],
                                     [one.timestamp()[1] for one in messages])
        except RefusedError as error:
            log.info("%s: %d records were not taken at once: %s", rows.table, len(messages), error)
    read = []
    for message in messages:
        try:
            read.append((message, read_record(message)))
        except NO_JSON as error:
            set_aside(message, str(error))
    return _insert_fitting(store, rows, read, set_aside) if read else 0


def _insert_fitting(store: Store, rows: TableRows, read: Sequence[tuple[Message, Record]],
                    set_aside: SetAside) -> int:
    """Insert records, halving the batch around each that does not fit; give how many do."""
    try:
        store.insert(rows.table, rows.lay_out([record for _, record in read]))
    except (BadRowError, KeyError, TypeError) as error:
        if len(read) == 1:
            set_aside(read[0][0], str(error))
            return 0
        middle = len(read) // 2
        return (_insert_fitting(store, rows, read[:middle], set_aside)
                + _insert_fitting(store, rows, read[middle:], set_aside))
    return len(read)
