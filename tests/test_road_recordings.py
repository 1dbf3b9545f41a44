"""Replay every recording over the running road and compare results with a direct computation.

Runs after `test_road.py`: what follows results from their topics would first read millions of rows.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

from infra.commands.replay import command
from streams.settings import read_settings
from streams.store import Store, connect
from tests.streams.recordings import RECORDINGS, Recorded

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(1200)]
SETTLE_SECONDS = 240.0


def replay(one: Recorded, shared: Path) -> dict[str, Any]:
    """Replay a recording as fast as it goes and give what the closing line tells."""
    done = CliRunner().invoke(command, [
        str(one.path(shared)), "--map", one.map, "--speed", "max", "--timeout", "180", "--json"])
    assert done.exit_code == 0, f"{done.output}{done.exception}"
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def expected_rows(one: Recorded, shared: Path) -> tuple[str, list[str], pd.DataFrame]:
    """Give the view, the key columns and the rows that the oracle computes."""
    oracle = importlib.import_module(f"tests.streams.oracles.{one.oracle}")
    more = [read_settings().areas] if one.oracle == "shenzhen_taxi" else []
    keys = ["window_seconds", "window_start", *oracle.KEYS]
    wanted = oracle.expected(one.path(shared), *more)
    return oracle.RESULT, keys, wanted.astype({"window_seconds": int, "window_start": int})


def slices(wanted: pd.DataFrame) -> list[pd.DataFrame]:
    """Cut the rows by window length and by whole days, to some fifty thousand at a time."""
    seconds = int(wanted["window_start"].max() - wanted["window_start"].min())
    span = max(1, int(seconds * 50_000 / len(wanted)) // 86_400) * 86_400
    return [rows for _, rows in
            wanted.groupby([wanted["window_seconds"], wanted["window_start"] // span])]


def stored_rows(store: Store, view: str, keys: list[str], wanted: pd.DataFrame) -> pd.DataFrame:
    """Read from the store's view the rows of the windows and keys that the oracle speaks of."""
    columns = [name for name in wanted.columns if name not in keys]
    chosen = " AND ".join(f"{name} IN %({name})s" for name in keys[2:])
    names = ", ".join(["toUnixTimestamp(window_start) AS window_at", *keys[2:], *columns])
    first, last = (moment(wanted["window_start"].agg(which)) for which in ("min", "max"))
    rows = store.query(
        f"SELECT window_seconds, {names} FROM city.{view}"
        f" WHERE window_seconds = %(length)s AND window_start BETWEEN %(first)s AND %(last)s"
        f" AND {chosen}",
        {"length": int(wanted["window_seconds"].iloc[0]), "first": first, "last": last,
         **{name: tuple(sorted(set(wanted[name]))) for name in keys[2:]}})
    found = pd.DataFrame(rows, columns=["window_seconds", "window_at", *keys[2:], *columns])
    return found.rename(columns={"window_at": "window_start"})[list(wanted.columns)]


def moment(seconds: int) -> dt.datetime:
    """Give an instant of epoch seconds as the store's driver takes it."""
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)


def plain(rows: pd.DataFrame, keys: list[str]) -> list[tuple[Any, ...]]:
    """Lay rows out for an exact comparison: whole numbers, texts and None."""
    def value(cell: Any) -> Any:
        return None if pd.isna(cell) else cell if isinstance(cell, str) else int(cell)

    ordered = rows.sort_values(keys)
    return [tuple(map(value, row)) for row in ordered.itertuples(index=False)]


def wait_for(store: Store, view: str, keys: list[str], wanted: pd.DataFrame) -> None:
    """Compare one slice exactly, giving the sink time to bring the last versions."""
    until = time.monotonic() + SETTLE_SECONDS
    target = plain(wanted, keys)
    while (found := plain(stored_rows(store, view, keys, wanted), keys)) != target:
        if time.monotonic() > until:
            differing = [pair for pair in zip(found, target, strict=False) if pair[0] != pair[1]]
            assert len(found) == len(target), (view, len(found), len(target), differing[:2])
            assert found == target, differing[:3]
        time.sleep(2.0)


@pytest.mark.parametrize("one", RECORDINGS, ids=lambda one: one.map)
def test_a_recording_gives_exactly_the_results_of_a_direct_computation(
        one: Recorded, shared: Path, road: object) -> None:
    outcome = replay(one, shared)
    assert (outcome["rows"], outcome["events"]) == (one.rows, one.events)
    assert outcome["accepted"] == one.events - one.refused
    assert outcome["refused"] == one.refused and outcome["duplicates"] == 0
    assert {(row["reason"], row["field"]): row["events"]
            for row in outcome["reasons"]} == one.refusals
    store = connect("reader")
    view, keys, wanted = expected_rows(one, shared)
    for rows in slices(wanted):
        wait_for(store, view, keys, rows)
    store.close()


def test_a_second_replay_is_all_duplicates(shared: Path, road: object) -> None:
    one = next(one for one in RECORDINGS if one.map == "nyc-311-one-day")
    replay(one, shared)
    outcome = replay(one, shared)
    assert (outcome["accepted"], outcome["refused"]) == (0, one.refused)
    assert outcome["duplicates"] == one.events - one.refused
