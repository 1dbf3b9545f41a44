"""Test how verdicts are laid out for Flink, which takes columns by position and type."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from jobs.gate import to_frame
from schemas import registry
from schemas.declare import NUMBER_SLOTS, TEXT_SLOTS
from schemas.render.flink import GATE_COLUMNS
from streams.gate import Judged, Verdict
from streams.privacy import Pseudonyms
from streams.record import Record
from streams.routes import Route

ARROW = {"STRING": pa.string(), "BIGINT": pa.int64(), "BYTES": pa.binary()}
ROUTE = Route("city-traffic", registry.get_family("vehicle-position"), Pseudonyms(b"key"))
ACCEPTED = Judged(
    Verdict.ACCEPTED, ROUTE, None, "e1", 7, "v1", "370102", b"{}",
    (3850, *(None,) * (NUMBER_SLOTS - 1)), ("v1", *(None,) * (TEXT_SLOTS - 1)), 1, b"vault")
UNKNOWN = Judged(Verdict.REFUSED, body=b"letter")


def test_columns_stand_in_order_and_fit_their_types() -> None:
    frame = to_frame([Record("t", 3, 40, 1_000, b""), Record("u", 0, 41, 2_000, b"")],
                     [ACCEPTED, UNKNOWN])
    assert list(frame.columns) == [name for name, _ in GATE_COLUMNS]
    for name, kind in GATE_COLUMNS:
        column = pa.Array.from_pandas(frame[name], mask=frame[name].isnull(), type=ARROW[kind])
        assert len(column) == 2
    first, second = frame.to_dict("records")
    assert (first["raw_topic"], first["raw_partition"], first["raw_offset"]) == ("t", 3, 40)
    assert (first["received_at"], first["verdict"], first["replayed"]) == (1_000, 0, 1)
    assert (first["publisher"], first["family"]) == ("city-traffic", "vehicle-position")
    assert (first["event_key"], first["event_id"], first["observed_at"]) == ("v1", "e1", 7)
    assert (first["body"], first["vault"]) == (b"{}", b"vault")
    assert (first["n0"], first["s0"]) == (3850, "v1")
    assert first["n1"] is None and first["s1"] is None
    assert (second["verdict"], second["publisher"], second["family"]) == (1, "", "")
    assert second["observed_at"] is None and second["n0"] is None and second["vault"] is None


def test_an_empty_batch_has_every_column() -> None:
    frame = to_frame([], [])
    assert list(frame.columns) == [name for name, _ in GATE_COLUMNS] and len(frame) == 0
    assert frame["raw_offset"].dtype == np.int64
