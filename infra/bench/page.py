"""Write `infra/sizing.md`: what a city, a province and a nation need, with formula and source."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from infra.bench.sizing import MAIN_FAMILY, SINGLE, Figures, Need, city_needs
from schemas import registry

PAGE = Path(__file__).resolve().parent.parent / "sizing.md"
# a process of one thread counts as full here: the rest is for peaks and for catching up
FULL = 0.7

HEAD = """# Sizing

Written by `citybrain bench sizing` from `infra/bench/figures.toml`: change figures there, not here.

**How far to trust it.** The figures were taken on one machine ({machine})
at {loads} events a second of the living city, nearly all of them vehicle positions on
the roads of central Jinan, and are carried on in proportion to {rate:,.0f}. Nothing here was
measured on a cluster or near that load. Take magnitudes, and before you buy measure on your
machines: `citybrain bench cost --json` at two loads, put into the figures.
"""


def _number(value: float) -> str:
    """Render a number with the digits that it deserves."""
    if math.isinf(value):
        return "–"
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2g}" if value < 10 else f"{value:.0f}"


def _table(titles: list[str], rows: list[list[str]]) -> Iterator[str]:
    """Render a table of Markdown."""
    yield f"| {' | '.join(titles)} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cost_rows(figures: Figures, rate: float) -> list[list[str]]:
    """Say of each component what it costs, and what it would at a city's rate."""
    rows = []
    for name in figures.components():
        line, cost = figures.line_of(name), figures.cores(name)
        at = [f"{one['cores'].get(name, 0) * 100:.1f}" for one in figures.loads]
        limit = _number(cost.reaches(FULL)) if name in SINGLE else ""
        adds = f"{line.each * 1e6:.1f}" if line.each else "not seen to grow"
        rows.append([name, *at, f"{line.fixed * 100:.1f}", adds, f"{cost.each * 1e6:.1f}",
                     f"{cost.at(rate):.2f}", limit])
    return rows


def _need_rows(needs: list[Need], cities: list[float]) -> list[list[str]]:
    """Say each need for one city and for several."""
    return [[need.name, *(f"{_number(need.amount * count)} {need.unit}" for count in cities),
             need.formula] for need in needs]


def _limits(figures: Figures, rate: float) -> Iterator[str]:
    """Say what gives out first, and which declarations a city of this size must change."""
    family = registry.families()[MAIN_FAMILY]
    ends = sorted((figures.cores(name).reaches(FULL), name) for name in SINGLE)
    full = [f"{name} at {_number(max(0.0, limit))}" for limit, name in ends if limit < rate]
    yield ("- **Single processes.** " + (
        f"At {FULL:.0%} of a core end: {', '.join(full)} events/s. Beyond that a city needs them"
        " split by work that is not done." if full else
        f"None of {', '.join(SINGLE)} reaches {FULL:.0%} of a core at {rate:,.0f} events/s by"
        " these figures."))
    yield (f"- **Partitions.** `{family.name}` is declared with {family.partitions}; a slot beyond"
           " the partitions of a topic gets none of it, and the number is never changed in place"
           " (decision 2): declare it before the first start, at least as many as slots.")
    yield ("- **Declared sizes.** Topics and tables end at their declared size before their age"
           " under this load: raise `partition_megabytes` and `store_megabytes` to the lines"
           " above.")
    yield ("- **A province or nation is a sum.** An installation is of one city"
           " (`CITYBRAIN_CITY`): each has its own engines, and fails alone. Results over all cities"
           " in one place are not built; their topics are where to read them.")


def render(figures: Figures | None = None) -> str:
    """Render the page."""
    known = figures or Figures.read()
    given, rate = known.given, known.given["events_per_second_of_a_city"]
    cities = [1.0, given["cities_of_a_province"], given["cities_of_the_nation"]]
    loads = [f"{float(one['events_per_second']):,.0f}" for one in known.loads]
    parts = [HEAD.format(machine=known.machine, loads=" and ".join(loads), rate=rate)]
    parts += ["## Cost of an event", "", "Measured by `citybrain bench cost`, in per cent of a"
              " core: what stands and what each event adds, by the line through the loads; an"
              f" event's whole cost at the greatest; cores at {rate:,.0f} events/s in proportion to"
              " that; and where a single process ends.", ""]
    parts += _table(["component", *(f"at {one}/s, %" for one in loads), "fixed, %",
                     "µs an event adds", "µs an event",
                     f"cores at {rate:,.0f}/s", f"full ({FULL:.0%}) at, events/s"],
                    _cost_rows(known, rate))
    parts += ["", "## What is needed", "", f"A city of {rate:,.0f} events/s; a province of"
              f" {cities[1]:.0f} such cities; the nation, {cities[2]:.0f} cities"
              " (`citybrain areas count`), each taken for as large, which is an upper bound.", ""]
    parts += _table(["", "a city", "a province", "the nation", "formula, of a city"],
                    _need_rows(city_needs(known, rate), cities))
    parts += ["", "## What gives out first", "", *_limits(known, rate), "", "## Assumptions", ""]
    parts += _table(["assumption", "value"], [
        [name.replace("_", " "), _number(value)] for name, value in given.items()])
    return "\n".join(parts) + "\n"
