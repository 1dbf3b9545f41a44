"""Run the gate inside Flink: one vectorised Python function over Arrow batches.

Garbage collection is frozen and switched off in the worker: its long-lived heap (declarations, the
area raster, recent ids) made every collection dear, and what the gate makes is freed by counting.
What Flink and pandas make is not: `Series.dt`, by which each batch's times are told in UTC, makes a
cycle that holds all bytes of the batch. So each batch begins with a look at what is new.
"""

from __future__ import annotations

import gc
import time
from functools import cache
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
from pyflink.table import DataTypes
from pyflink.table.udf import udf

from schemas.declare import NUMBER_SLOTS, TEXT_SLOTS
from schemas.errors import ComponentError
from schemas.render.flink import GATE_COLUMNS
from streams.broker import open_consumer
from streams.gate import Gate, Judged
from streams.privacy import Pseudonyms
from streams.record import Record
from streams.secrets import get_day_key
from streams.settings import read_settings

REGISTRATIONS_SECONDS = 30.0
_TYPES = {"STRING": DataTypes.STRING(), "BIGINT": DataTypes.BIGINT(), "BYTES": DataTypes.BYTES()}
RESULT = DataTypes.ROW([DataTypes.FIELD(name, _TYPES[kind]) for name, kind in GATE_COLUMNS])
# columns of whole numbers without a gap, which need no look at each value
WHOLE = {"raw_partition", "raw_offset", "received_at", "verdict", "replayed"}
# of so many looks one goes through all that was made since the start, ids and all
FULL_EVERY = 1_000
_looks = count(1)
INPUT = [DataTypes.STRING(), DataTypes.INT(), DataTypes.BIGINT(), DataTypes.TIMESTAMP_LTZ(3),
         *[DataTypes.BYTES()] * 6]


@cache
def open_gate() -> Gate:
    """Open this worker's gate: areas, registrations, keys; then freeze the heap."""
    from geo.datum import to_wgs84
    from geo.tree import AreaTree
    from streams.publishers import Registrations
    settings = read_settings()
    registrations = Registrations("gate")
    if not registrations.wait(REGISTRATIONS_SECONDS):
        raise ComponentError(
            f"the registrations in Kafka were not read within {REGISTRATIONS_SECONDS:g} s")
    gate = Gate(
        locate=AreaTree.load(settings.areas).locate_codes, to_wgs84=to_wgs84,
        datum_of=registrations.datum, may_replay=registrations.may_replay,
        pseudonyms=Pseudonyms(get_day_key),
        clock=lambda: time.time_ns() // 1_000_000,
        open_consumer=lambda: open_consumer("gate", "gate-read-back"))
    gc.collect()
    gc.freeze()
    gc.disable()
    return gate


def to_frame(records: list[Record], judged: list[Judged]) -> pd.DataFrame:
    """Lay verdicts out as the gate's columns, in order (Flink takes them by position)."""
    no_numbers, no_texts = (None,) * NUMBER_SLOTS, (None,) * TEXT_SLOTS
    routes = [j.route for j in judged]
    columns: list[list[Any]] = [
        [r.topic for r in records], [r.partition for r in records], [r.offset for r in records],
        [r.received_at for r in records], [int(j.verdict) for j in judged],
        ["" if one is None else one.publisher for one in routes],
        ["" if one is None else one.family.name for one in routes],
        [j.key for j in judged], [j.event_id for j in judged], [j.observed_at for j in judged],
        [j.area for j in judged], [j.replayed for j in judged], [j.body for j in judged],
        [j.vault for j in judged],
        *_across([j.numbers or no_numbers for j in judged], NUMBER_SLOTS),
        *_across([j.texts or no_texts for j in judged], TEXT_SLOTS)]
    # not copied: laid side by side in one block they would be taken apart again at once
    return pd.DataFrame({
        name: np.array(column, np.int64 if name in WHOLE else object)
        for (name, _), column in zip(GATE_COLUMNS, columns, strict=True)}, copy=False)


def _across(rows: list[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Turn rows of slots into columns."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * width


def judge_batch(topic: pd.Series[Any], partition: pd.Series[Any], offset: pd.Series[Any],
                received: pd.Series[Any], body: pd.Series[Any],
                *headers: pd.Series[Any]) -> pd.DataFrame:
    """Judge one Arrow batch of raw records."""
    gc.collect(1 if next(_looks) % FULL_EVERY else 2)
    moments = received.to_numpy(dtype="datetime64[ms]").astype(np.int64).tolist()
    records = [
        Record(*one) for one in zip(topic.tolist(), partition.tolist(), offset.tolist(), moments,
                                    body.tolist(), *(h.tolist() for h in headers), strict=True)]
    return to_frame(records, open_gate().judge(records))


# Called non-deterministic so that the planner never inlines a second call of it.
gate = udf(judge_batch, input_types=INPUT, result_type=RESULT, func_type="pandas",
           deterministic=False)
