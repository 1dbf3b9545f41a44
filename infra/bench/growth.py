"""Measure how the cost of an event grows with the size of a city: one factor at a time.

Each variation is a drain by our road of the same number of records, in a city of its own, whose
table must be right. The figure is processor time an event in all parts, and its ratio to the
baseline's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from infra.bench.start import OURS, Wanted, start
from infra.bench.variation import Variation

# what a city has at first, and what each factor is raised to
BASELINE = Variation(areas=100, corners=50, vehicles=1_000, disorder_ms=10_000, partitions=4)
FACTORS: dict[str, tuple[int, ...]] = {
    "areas": (10_000,), "corners": (500,), "vehicles": (1_000_000,), "disorder_ms": (60_000,),
    "partitions": (2, 8)}
# the shortest that shows all factors but the largest city
QUICK = {"areas": (1_000,), "corners": (200,), "vehicles": (100_000,)}
Report = Callable[[str], None]


def plan(factors: dict[str, tuple[int, ...]]) -> Iterator[tuple[str, Variation]]:
    """Give the baseline and then each variation, named by what differs."""
    yield "baseline", BASELINE
    for name, values in factors.items():
        for value in values:
            yield f"{name}={value}", msgspec.structs.replace(BASELINE, **{name: value})


def compare(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add each variation's ratio to the first one; None where either table was wrong."""
    first = found[0]["cpu_microseconds"]
    return [{**one, "ratio": one["cpu_microseconds"] / first
             if first and one["cpu_microseconds"] else None} for one in found]


def measure(factors: dict[str, tuple[int, ...]], events: int, seed: int, out: Path,
            report: Report) -> list[dict[str, Any]]:
    """Drain under each variation; give cost by part (CPU µs an event), rates, and failures."""
    found = []
    for name, variation in plan(factors):
        report(f"{name}: draining {events:,} records")
        code, pages = start(Wanted((OURS,), events, 1, seed, True, out, variation))
        told = next((json.loads(page.read_text(encoding="utf-8")) for page in pages
                     if page.suffix == ".json"), None)
        found.append(read_figures(name, variation, told, code))
    return compare(found)


def read_figures(name: str, variation: Variation, told: dict[str, Any] | None, code: int
                 ) -> dict[str, Any]:
    """Read one drain's report; a figure is None where the drain failed or its table was wrong."""
    row: dict[str, Any] = {"name": name, "variation": msgspec.to_builtins(variation),
                           "cpu_microseconds": None, "parts": {}, "rate": None}
    if told is None:
        return row | {"failures": [f"the drain ended with {code}"]}
    summary = told["summary"][OURS]
    failures = [text for run in told["runs"] for text in run["failures"]]
    if failures:
        return row | {"failures": failures}
    return row | {
        "failures": [], "cpu_microseconds": summary["cpu_microseconds_all"]["median"],
        "parts": {part: value["median"] for part, value in summary["cpu_microseconds"].items()},
        "rate": summary["rate"]["median"]}
