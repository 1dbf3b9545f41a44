"""Test what the status tells of components that are down, starting, ready, or known in part."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from infra import status
from infra.processes import Process
from infra.status import ComponentStatus, list_status
from schemas.errors import ComponentError
from streams.settings import read_settings

States = dict[str, dict[str, Any]]


@pytest.fixture
def city(monkeypatch: pytest.MonkeyPatch, own_home: Path) -> Callable[..., None]:
    """Give what sets the process table and what the supervisor says of it."""
    def told(states: States, ready: bool = True) -> None:
        class Told:
            """Play the supervisor."""

            def states(self) -> States:
                """Give the states."""
                return states

        monkeypatch.setattr(status, "Supervisor", Told)
        monkeypatch.setattr(status, "list_processes", lambda: tuple(
            Process(name, name, (), lambda: ready) for name in ("sink", "feed")))
    return told


@pytest.fixture
def metrics(own_home: Path) -> Iterator[CollectorRegistry]:
    """Serve metrics where the sink would."""
    collected = CollectorRegistry()
    server, thread = start_http_server(
        read_settings().port("metrics_sink"), "127.0.0.1", registry=collected)
    yield collected
    server.shutdown()
    thread.join()
    server.server_close()


def row(pid: int = 0, state: str = "RUNNING") -> dict[str, Any]:
    """Describe a process as the supervisor does."""
    return {"pid": pid, "statename": state, "start": int(time.time()) - 50}


def test_what_was_never_started_is_down(city: Callable[..., None]) -> None:
    city({})
    assert list_status() == [ComponentStatus("sink", "DOWN"), ComponentStatus("feed", "DOWN")]


def test_what_does_not_run_is_told_as_the_supervisor_does(city: Callable[..., None]) -> None:
    city({"sink": row(state="BACKOFF"), "feed": row(state="STOPPED")})
    assert [one.state for one in list_status()] == ["BACKOFF", "STOPPED"]


@pytest.mark.parametrize(("ready", "state"), [(True, "READY"), (False, "STARTING")])
def test_what_runs_is_ready_when_it_answers(
        city: Callable[..., None], ready: bool, state: str) -> None:
    city({"sink": row(os.getpid()), "feed": row()}, ready)
    one = list_status()[0]
    assert (one.name, one.state, one.pid) == ("sink", state, os.getpid())
    assert one.memory_bytes is not None
    assert one.memory_bytes > 10_000_000
    assert one.uptime_seconds is not None
    assert one.uptime_seconds >= 50
    assert (one.lag_records, one.data_age_seconds) == (None, None)


def test_lag_is_summed_and_the_oldest_age_is_told(
        city: Callable[..., None], metrics: CollectorRegistry) -> None:
    lag = Gauge("citybrain_lag_records", "lag", ["topic"], registry=metrics)
    age = Gauge("citybrain_data_age_seconds", "age", ["topic"], registry=metrics)
    for topic, records, seconds in [("a", 3, 0.5), ("b", 4, 7.25)]:
        lag.labels(topic).set(records)
        age.labels(topic).set(seconds)
    city({"sink": row(os.getpid())})
    one = list_status()[0]
    assert (one.lag_records, one.data_age_seconds) == (7, 7.25)


def test_a_process_that_is_gone_has_no_memory_and_breaks_nothing(
        city: Callable[..., None]) -> None:
    city({"sink": row(2**22 + 1)})
    assert list_status()[0].memory_bytes is None


def test_the_age_of_the_store_is_unknown_while_it_is_away_or_empty(
        monkeypatch: pytest.MonkeyPatch) -> None:
    class Store:
        """Play the store."""

        def __init__(self, *ages: float) -> None:
            """Hold the ages that it answers with."""
            self.ages = ages

        def query(self, _: str) -> list[dict[str, float]]:
            """Answer, or be away."""
            if not self.ages:
                raise ComponentError("away")
            return [{"age": age} for age in self.ages]

    for store, age in [(Store(3.5), 3.5), (Store(), None), (Store(1.8e9), None)]:
        monkeypatch.setattr(status, "connect", lambda _, store=store: store)
        assert status._store_age() == age


def test_the_gates_lag_is_unknown_while_the_broker_is_away(
        own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status, "SECONDS", 0.5)
    assert status._gate_lag() is None
