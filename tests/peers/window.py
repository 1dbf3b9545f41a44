"""Keep a window as JSON can hold it: one speed after the other is added to it."""

from __future__ import annotations

from typing import TypedDict

PERCENTILE = 85


class Window(TypedDict):
    """Hold the number of speeds, sum, least and most (hundredths of km/h), and how many by km/h."""

    events: int
    sum: int
    min: int
    max: int
    bins: dict[str, int]



def begin(speed: int) -> Window:
    """Begin a window with its first speed."""
    return {"events": 1, "sum": speed, "min": speed, "max": speed, "bins": {str(speed // 100): 1}}


def add(window: Window, speed: int) -> Window:
    """Give the window with one speed more; the former is left as it was."""
    name = str(speed // 100)
    bins = window["bins"]
    return {"events": window["events"] + 1, "sum": window["sum"] + speed,
            "min": min(window["min"], speed), "max": max(window["max"], speed),
            "bins": {**bins, name: bins.get(name, 0) + 1}}


def measures(window: Window) -> tuple[int, int, int, int, int]:
    """Give the count, the sum, the 85th percentile, the least and the most."""
    return (window["events"], window["sum"], _percentile(window), window["min"], window["max"])


def _percentile(window: Window) -> int:
    """Give the percentile in hundredths, between the two nearest ranks."""
    rank, part = divmod((window["events"] - 1) * PERCENTILE, 100)
    bins = sorted((int(name), number) for name, number in window["bins"].items())
    low, high = _at(bins, rank), _at(bins, min(rank + 1, window["events"] - 1))
    return low * 100 + (high - low) * part


def _at(bins: list[tuple[int, int]], rank: int) -> int:
    """Give the bin in which the speed of a rank lies."""
    for one, number in bins:
        if rank < number:
            return one
        rank -= number
    raise IndexError(rank)
