"""Test that queries give exactly what results declare, and how they are rendered."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from jobs import plan
from jobs.plan import gate_inserts, list_queries, spread, statements
from jobs.query import GENERATION_STEP, Query, union_rows
from schemas import registry
from schemas.errors import DeclarationError
from schemas.traffic import SensorState
from streams.settings import read_settings


def test_every_result_has_a_query_and_every_query_a_result() -> None:
    assert set(list_queries()) == set(registry.results())


def test_a_query_that_misses_a_measure_is_refused() -> None:
    with pytest.raises(DeclarationError, match="sensor-state"):
        Query(SensorState.result, rows="", measures={"speed_samples": "COUNT(speed)"})


def test_a_query_reads_only_the_families_it_declares() -> None:
    for query in list_queries().values():
        for name, family in registry.families().items():
            reads = f"FROM {family.table}" in " ".join(query.rows.split())
            assert reads == (name in query.result.inputs), (query.result.name, name)


def test_the_version_carries_generation_and_events() -> None:
    sql = list_queries()["sensor-state"].insert(3, 1_000)
    assert f"CAST({3 * GENERATION_STEP} AS BIGINT) + events AS version" in sql
    assert "window_start >= 1000" in sql


def test_missing_columns_of_a_union_are_typed_nulls() -> None:
    rows = union_rows({"a": "BIGINT", "b": "STRING"}, {"x": {"a": "n"}, "y WHERE z": {"b": "s"}})
    assert "n AS `a`, CAST(NULL AS STRING) AS `b` FROM x" in rows
    assert rows.count("UNION ALL") == 1


def test_results_are_spread_over_statement_sets_without_loss() -> None:
    names = list(list_queries())
    for sets in (1, 2, 3, 100):
        assert sorted(chain.from_iterable(spread(names, sets))) == sorted(names)


def test_a_replayed_recording_is_no_laggard() -> None:
    [progress] = [one for one in gate_inserts(1) if "INSERT INTO publisher_progress" in one]
    assert "WHERE verdict = 0 AND replayed = 0" in progress


def test_windows_hear_of_recordings_always_and_of_late_repairs_never() -> None:
    for query in list_queries().values():
        sql = query.insert(1, 1_000)
        assert "WHERE replayed = 1 OR (replayed = 0 AND window_start >= 1000)" in sql


def test_only_the_first_part_carries_the_gates_own_outputs() -> None:
    first = statements(read_settings(), 1, 0, 0)
    assert sum("INSERT INTO events_out" in one for one in first) == 1


def test_a_query_that_a_city_added_is_listed_beside_ours(
        stack_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "ADDED", "queries-of-a-test")
    folder = stack_home / plan.ADDED
    folder.mkdir()
    ours = (Path(plan.__file__).parent / "sensor_state.py").read_text()
    monkeypatch.setattr(plan, "HERE", folder / "none")
    (folder / "sensor_state.py").write_text(ours)
    assert list(list_queries()) == ["sensor-state"]
    (folder / "other.py").write_text(ours)
    with pytest.raises(DeclarationError, match="name it so"):
        list_queries()
