"""Compare what is guessed of each recording with the mapping file made for it by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from geo.tree import AreaTree
from schemas import registry
from streams.mapping.declare import UNSET, FieldRule, MapFile, When
from streams.mapping.guess.propose import propose
from streams.mapping.guess.write import write_map
from streams.mapping.read import find_map, parse_map, read_map
from tests.streams.recordings import RECORDINGS, Recorded

# a bounded sample: no file is read to its end
ROWS = 500
# what the guess has otherwise than the hand, for each recording; everything else must be right.
# Stations, constants and zones that no file tells are no faults of a guess, but must be told.
OTHERWISE: dict[str, set[str]] = {
    # stations and positions stand in a second file, times nowhere, and mph is not told
    "los-angeles-loops": {"time", "time.zone", "fields.longitude", "fields.latitude",
                          "fields.interval_seconds", "fields.speed"},
    # Dublin's clocks are London's; the operator was put before the number by hand
    "liverpool-bus": {"time.zone", "fields.vehicle_id", "fields.vehicle_type"},
    # the clocks of Hong Kong are Shanghai's; that they are taxis stands nowhere
    "shenzhen-taxi": {"events.start.zone", "events.end.zone", "fields.vehicle_type"},
    "nyc-311-animals": {"fields.category", "fields.reported_by"},
    "nyc-311-one-day": {"fields.category", "fields.reported_by"},
    # no header, one car park, its capacity and position in a second file
    "dresden-altmarkt": {"time.zone", "fields.car_park_id", "fields.name", "fields.longitude",
                         "fields.latitude", "fields.capacity", "fields.occupied"},
    "dresden-centrumgalerie": {"time.zone", "fields.car_park_id", "fields.name",
                               "fields.longitude", "fields.latitude", "fields.capacity",
                               "fields.occupied"},
    "beijing-dongsi": {"fields.station_id", "fields.longitude", "fields.latitude"},
}
# of these the guess says nothing, though it has them otherwise than the hand
UNTOLD = {"fields.vehicle_id", "fields.vehicle_type", "fields.category", "fields.name",
          "fields.occupied", "fields.station_id"}


def _rule(rule: FieldRule, names: dict[str, str]) -> tuple[Any, ...]:
    """Say where a field comes from, whatever the columns of a wide table are called."""
    constant = None if rule.constant is UNSET else rule.constant
    return (names.get(rule.column, rule.column), constant, str(rule.template), rule.unit, rule.of,
            rule.values)


def _when(key: str, when: When) -> dict[str, Any]:
    """Say where a time comes from, and in which zone."""
    # iso reads what this format reads
    formats = ["iso" if one == "%Y-%m-%d %H:%M:%S" else one for one in when.formats]
    return {key: (when.column, when.template, formats, when.start),
            f"{key}.zone" if key == "time" else key.replace(".time", ".zone"): when.zone}


def described(declared: MapFile, columns: list[str]) -> dict[str, Any]:
    """Lay a mapping file out as one table of what has to be right."""
    unpivot = declared.unpivot
    names = {unpivot.name: "$name", unpivot.value: "$value"} if unpivot else {}
    # numbered by us, named by hand
    header = declared.source.header
    names |= dict(zip(header, columns, strict=False)) if isinstance(header, list) else {}
    found: dict[str, Any] = {"datum": declared.datum, "decimal": declared.source.decimal,
                             "delimiter": declared.source.delimiter}
    if unpivot:
        found["unpivot"] = sorted(unpivot.columns or []) or unpivot.pattern
    if declared.time:
        found |= _when("time", declared.time)
        column = declared.time.column
        found["time"] = (names.get(column, column), *found["time"][1:])
    found |= {f"fields.{name}": _rule(rule, names) for name, rule in declared.fields.items()}
    for step in declared.events:
        if step.time:
            found |= _when(f"events.{step.name}.time", step.time)
        found |= {f"events.{step.name}.{name}": _rule(rule, names)
                  for name, rule in step.fields.items()}
    return found


@pytest.mark.parametrize("one", RECORDINGS, ids=lambda one: one.map)
def test_the_guess_agrees_with_the_hand_or_tells_where_it_may_not(
        one: Recorded, shared: Path) -> None:
    by_hand = read_map(find_map(one.map))
    family = registry.get_family(by_hand.family)
    proposal = propose(one.path(shared), family, rows=ROWS)
    guessed = parse_map(write_map(proposal, family, one.path(shared).name))
    columns = [f"#{i}" for i in range(9)]
    wanted, found = described(by_hand, columns), described(guessed, columns)
    wrong = {key for key, value in wanted.items() if found.get(key) != value}
    print(f"{one.map}: {len(wanted) - len(wrong)} of {len(wanted)} right")
    assert wrong == OTHERWISE[one.map], {
        key: (wanted[key], found.get(key)) for key in wrong ^ OTHERWISE[one.map] if key in wanted}
    told = {doubt.key for doubt in proposal.doubts}
    silent = {key for key in wrong if key.replace(".zone", "") not in told}
    assert silent <= UNTOLD


def test_the_area_tree_tells_the_clocks_of_china(shared: Path, areas: Path) -> None:
    one = next(one for one in RECORDINGS if one.map == "shenzhen-taxi")
    family = registry.get_family("vehicle-position")
    proposal = propose(one.path(shared), family, rows=ROWS, tree=AreaTree.load(areas))
    assert [event["time"]["zone"] for event in proposal.events] == ["Asia/Shanghai"] * 2
    assert any("0% of the points" in note for note in proposal.notes)
