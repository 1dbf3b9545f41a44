"""Give tests a board over a real store whose reach and clock they control."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
import uvicorn

from schemas.errors import ComponentError
from streams.feeds.app import build
from streams.feeds.board import Board
from streams.feeds.renewal import Renewal
from streams.queries.reader import Store
from streams.settings import read_settings
from tests.streams.queries.rows import columns, event, minute, result


def make_rows() -> dict[str, list[dict[str, Any]]]:
    """Make rows by table, of the minute in which a test asks: a suite lasts longer than that."""
    return {
        "road_state": [
            result("road-state", minute(1), road_id="jingshi-road", vehicles=12, speed_samples=40,
                   speed_sum=120_000, speed_min=100, speed_max=6_000, events=40),
            result("road-state", minute(1), road_id="quiet-lane", vehicles=4, speed_samples=9,
                   speed_sum=27_000, speed_min=100, speed_max=6_000, events=9, late=1)],
        "area_traffic": [
            result("area-traffic", minute(1), area=code, vehicles=number, speed_samples=number,
                   speed_sum=number * 3_000, events=number)
            for code, number in {"": 9, "37": 37, "3701": 37, "370102": 37, "370102001": 33,
                                 "370102002": 4}.items()],
        "parking_occupancy": [
            event("parking-occupancy", i, minute(1), car_park_id=name, capacity=100,
                  occupied=occupied, status=status)
            for i, (name, occupied, status) in enumerate([
                ("some", 60, "open"), ("full", 100, "open"), ("closed", 100, "closed"),
                ("unknown", None, "unknown"), ("uncounted", None, "open")])],
        "air_quality": [
            result("air-quality", minute(1), station_id="s1", quantity=quantity, window_seconds=60,
                   value_sum=30_000, events=3)
            for quantity in ("pm2_5", "noise")],
        "environment_reading": [event("environment-reading", 1, minute(1), station_id="s1")],
    }


class Reach:
    """Reach the store, or not, as a test says; hold the time."""

    def __init__(self, reader: Store) -> None:
        """Start within reach."""
        self.reader, self.away, self.now = reader, False, 1_800_000_000.0

    def open(self) -> Store:
        """Open the store, as the feed does."""
        if self.away:
            raise ComponentError("ClickHouse does not answer")
        return self

    def close(self) -> None:
        """Keep the store open for the next test."""

    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Ask the real store."""
        if self.away:
            raise ComponentError("ClickHouse does not answer")
        return self.reader.query(sql, params)

    def clock(self) -> float:
        """Tell the time."""
        return self.now


@pytest.fixture
def reach(reader: Store, sink: Any, emptied: None) -> Reach:
    """Give a store that holds the rows above."""
    for table, rows in make_rows().items():
        sink.insert(table, columns(rows))
    return Reach(reader)


class Ticking(Board):
    """Be a board that is renewed when a test says so."""

    def __init__(self, reach: Reach) -> None:
        """Renew over that store, by that clock."""
        super().__init__(reach.clock)
        self._renewal = Renewal(reach.open, reach.clock)

    def tick(self) -> None:
        """Renew what is due."""
        self.take(self._renewal.tick())


@pytest.fixture
def board(reach: Reach) -> Ticking:
    """Give a board that has ticked once."""
    board = Ticking(reach)
    board.tick()
    return board


@pytest.fixture
def client(board: Ticking) -> Iterator[httpx.Client]:
    """Give a client of the service over that board, served as in the city."""
    settings = read_settings()
    server = uvicorn.Server(uvicorn.Config(
        build(board), host=settings.host, port=settings.port("feed"),
        log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    address = f"http://{settings.host}:{settings.port('feed')}"
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client
    server.should_exit = True
    thread.join()
