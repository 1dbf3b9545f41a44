"""Test how verdicts are laid out for Flink, by position and type, and that no batch is kept."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from pyflink.table.utils import arrow_to_pandas

from jobs import gate
from jobs.gate import INPUT, judge_batch, to_frame
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


class Bytes(bytearray):
    """Be told apart from the batch that is read out of it."""


def write_batch(rows: int) -> Bytes:
    """Write a batch of raw records as Flink hands it over."""
    columns = [pa.array(["t"] * rows), pa.array([0] * rows, pa.int32()), pa.array(range(rows)),
               pa.array([1_000] * rows, pa.timestamp("ms")),
               *[pa.array([b"{}"] * rows)] * (len(INPUT) - 4)]
    batch = pa.record_batch(columns, [f"f{i}" for i in range(len(columns))])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return Bytes(sink.getvalue().to_pybytes())


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Switch garbage collection off, as it is in the worker."""
    gc.disable()
    yield
    gc.enable()


def test_a_batch_is_let_go_when_the_next_one_comes(
        no_collection: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "open_gate", lambda: SimpleNamespace(
        judge=lambda records: [UNKNOWN] * len(records)))
    kept = []
    for _ in range(3):
        body = write_batch(100)
        kept.append(weakref.ref(body))
        given = arrow_to_pandas("UTC", INPUT, [pa.ipc.open_stream(pa.py_buffer(body))
                                               .read_next_batch()])
        assert len(judge_batch(*given)) == 100
        del given, body
    assert [one() is None for one in kept[:2]] == [True, True]
